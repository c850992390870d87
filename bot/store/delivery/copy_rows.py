"""Copies of a reply that a mail server would not take for now: a row for each, the same mail for that address alone.

    reply:  taken for the client, not for Max ──> sent, and a row "copy" for Max in the same transaction
    copy:   tried again as any mail ──> sent      Max has it too
                                    ──> failed    lost: whoever wrote the reply is told, the address is flagged

It has a lane of its own, so nothing to the client waits for it. It is no line of the transcript, and its receipt has a
name of its own: whoever answers the mail answers the reply.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.message import Conversation, Identity, Invite, conversation_from_key
from bot.store.calls.invites import invite_of, kept_invite
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.told import COPY, Row, aside, outbox_row
from bot.tickets.ticket import MessageId
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that is still owed to somebody. `reply` is the key of the reply it is of, said in `lane` as `line`.

    `beside` are all whom the reply names as having a copy.
    """

    to: Identity
    reply: str
    lane: str
    line: MessageId
    beside: tuple[Identity, ...]
    invite: Invite | None = None


def copy_row(
    reply: Outgoing, to: Identity, beside: Sequence[Identity], reason: str, *, at: Instant, not_before: Instant
) -> Row:
    """A row for one address; it has been tried once, with the reply. Its key makes it go out once."""
    where = conversation_from_key(reply.lane)
    kept = {
        "line": reply.message_id,
        "reply": reply.key,
        "lane": reply.lane,
        "to": to.address,
        "beside": [one.address for one in beside],
        **kept_invite(invite_of(json.loads(reply.payload) if reply.payload else {})),
    }
    there = Conversation(where.channel, where.account, to.address)
    key, payload = f"{COPY}:{reply.key}:{to.address}", json.dumps(kept, ensure_ascii=False)
    row = aside(outbox_row(key, COPY, there, reply.ticket_id, reply.person, at, payload=payload))
    return {**row, "state": "postponed", "not_before": not_before, "attempts": 1, "error": reason}


def copy_of(row: Outgoing) -> Copy:
    """Undo `copy_row`."""
    kept = json.loads(row.payload)
    channel = conversation_from_key(row.lane).channel
    return Copy(
        Identity(channel, kept["to"]),
        kept["reply"],
        kept["lane"],
        MessageId(kept["line"]),
        tuple(Identity(channel, one) for one in kept["beside"]),
        invite_of(kept),
    )


def name_of_copy(row: Outgoing, external_id: str) -> str:
    """What the receipt of a row says that a channel calls it: a copy is called what its reply is, and is not that."""
    return f"{external_id} {copy_of(row).to.address}" if row.what == COPY else external_id
