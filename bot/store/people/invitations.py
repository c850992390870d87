"""Messages that carry a one-time code: the code is made in the transaction that takes the message to be sent.

So neither an outbox row nor a transcript ever holds one, only its digest is kept, and its time runs from when it
leaves. Tried again, a message carries a code of its own.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from adapters.message import Conversation
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.told import Row, outbox_row
from bot.store.people.tokens import Token, make_link
from bot.store.remembered import recall
from sla.duration import Instant, millis

#: Where the bot's own name on Telegram is remembered, once Telegram has told it.
BOT_NAME = "telegram:username"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a code is for (`purpose`, `subject`, as `tokens` has them), whose it is, and how whoever gets it reads.

    `channel` is where it is good, empty for any; `asked_on` where somebody asked for it who is not known there yet.
    """

    purpose: str
    subject: str
    client: str
    language: str
    channel: str = ""
    asked_on: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was just made, and the name our bot has on Telegram, if it is known."""

    token: Token
    bot: str


def invitation_row(key: str, asked: Invitation, where: Conversation, good_for: timedelta, at: Instant) -> Row:
    """The row of such a message; its code is good for so long."""
    payload = json.dumps({"asked": asdict(asked), "good_for_ms": millis(good_for)}, ensure_ascii=False)
    return outbox_row(f"link:{key}", "link", where, None, None, at, payload=payload)


def invitation_from_row(row: Outgoing) -> Invitation:
    """Undo `invitation_row`."""
    kept: dict[str, Any] = json.loads(row.payload)
    return Invitation(**kept["asked"])


def codes(conn: Connection, rows: Sequence[Outgoing], *, now: Instant) -> dict[int, Code]:
    """A fresh code for each such row among these, by the row's id."""
    wanted = [row for row in rows if row.what == "link"]
    if not wanted:
        return {}
    bot = recall(conn, BOT_NAME) or ""
    found = {}
    for row in wanted:
        asked = invitation_from_row(row)
        until = Instant(now + json.loads(row.payload)["good_for_ms"])
        token = make_link(conn, purpose=asked.purpose, subject=asked.subject, now=now, expires_at=until)
        found[row.id] = Code(token, bot)
    return found
