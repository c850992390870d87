"""Making a change of a line visible: live pages read what has a higher `rev` than they have seen.

So a line that was sent, failed or was taken back moves to the end of its conversation's count, wherever it stands in
the transcript.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from bot.store.driver.among import among
from bot.store.driver.bulk import update_many
from bot.store.driver.plain import rows_of_built
from bot.store.facts import lock_conversations
from bot.store.tables.schema import conversation, message

_LINES = (
    select(message.c.id, message.c.conversation_id, message.c.external_id, conversation.c.key)
    .join(conversation, conversation.c.id == message.c.conversation_id)
    .where(among(message.c.id, "ids"))
    .order_by(message.c.id)
)
_REVS = select(conversation.c.id, conversation.c.rev).where(among(conversation.c.id, "ids"))


def touch_messages(
    conn: Connection, message_ids: Iterable[int], state: str, *, external_ids: Mapping[int, str] | None = None
) -> None:
    """Set the state of lines, and their names on the channel where given; each gets its conversation's next rev."""
    wanted = sorted(set(message_ids))
    if not wanted:
        return
    lines = rows_of_built(conn, _LINES, {"ids": wanted})
    lock_conversations(conn, [line.key for line in lines])  # before the count is read: two replicas never give the same
    talks = {line.conversation_id for line in lines}
    revs = {row.id: row.rev for row in rows_of_built(conn, _REVS, {"ids": talks})}
    changed: list[dict[str, Any]] = []
    for line in lines:
        revs[line.conversation_id] += 1
        name = (external_ids or {}).get(line.id, line.external_id)
        changed.append({"id": line.id, "rev": revs[line.conversation_id], "state": state, "external_id": name})
    update_many(conn, message, changed)
    update_many(conn, conversation, [{"id": number, "rev": rev} for number, rev in sorted(revs.items())])
