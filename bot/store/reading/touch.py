"""Making a change of a line visible: live pages read what has a higher `rev` than they have seen.

So a line that was sent, failed or was taken back moves to the end of its conversation's count, wherever it stands in
the transcript.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from bot.store.driver.among import among
from bot.store.driver.bulk import update_many
from bot.store.driver.plain import rows_of_built
from bot.store.facts import lock_conversations
from bot.store.tables.schema import conversation, message

_LINES = (
    select(message.c.id, conversation.c.id, conversation.c.key, message.c.external_id)
    .join(conversation, conversation.c.id == message.c.conversation_id)
    .where(among(message.c.id, "ids"))
    .order_by(message.c.id)
)
_REVS = select(conversation.c.id, conversation.c.rev).where(among(conversation.c.id, "ids"))


class Touched(NamedTuple):
    """A line, its conversation, the conversation's key, and its name on the channel."""

    id: int
    conversation: int
    key: str
    external_id: str | None


def touch_messages(conn: Connection, message_ids: Iterable[int], state: str) -> None:
    """Set the state of lines; each gets its conversation's next rev."""
    wanted = sorted(set(message_ids))
    if wanted:
        touch_lines(conn, [Touched(*row) for row in rows_of_built(conn, _LINES, {"ids": wanted})], state)


def touch_lines(conn: Connection, lines: Iterable[Touched], state: str) -> None:
    """The same for lines that the caller has looked up; they get the conversations and names that stand there."""
    if not (by_id := {line.id: line for line in lines}):
        return
    # Before the count is read: two replicas never give the same.
    lock_conversations(conn, [line.key for line in by_id.values()])
    talks = {line.conversation for line in by_id.values()}
    revs = {row.id: row.rev for row in rows_of_built(conn, _REVS, {"ids": talks})}
    changed: list[dict[str, Any]] = []
    for line in sorted(by_id.values()):
        revs[line.conversation] += 1
        changed.append(
            {
                "id": line.id,
                "conversation_id": line.conversation,
                "rev": revs[line.conversation],
                "state": state,
                "external_id": line.external_id,
            }
        )
    update_many(conn, message, changed)
    update_many(conn, conversation, [{"id": number, "rev": rev} for number, rev in sorted(revs.items())])
