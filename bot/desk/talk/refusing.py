"""Answers to what one of our own people was sent, by whoever is not surely that person: kept in, and told once.

Mails are passed on, boxes are shared and senders are forged, so a token alone speaks for nobody. Nothing of such an
answer reaches a client or opens a ticket; it stays in the journal, and the audit trail says whose it claims to be. One
mail in fixed words says so for each mail that was answered, however many answer it, so nobody can make us write more.
"""

from typing import Final

from adapters.message import InboundMessage
from bot.store import audit
from bot.store.delivery.told import refusal_row
from bot.store.driver.connection import Connection
from bot.store.revisions import Revisions
from bot.store.unit import write_outbox
from bot.tickets.texts import Texts
from sla.duration import Instant

ACTION: Final = "answer refused"


class Refusing:
    """Refuses answers; holds nothing. Runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions

    def refuse(self, conn: Connection, message: InboundMessage, *, now: Instant) -> None:
        """Keep an answer in. `reply_to` names what was answered."""
        where, revision = message.conversation, self._revisions.current
        answered = message.reply_to or message.external_id
        particulars = {"answers": answered, "why": message.doubt}
        audit.append(conn, [audit.Deed(now, str(where.channel), ACTION, message.sender.key, particulars)])
        speak = Texts(revision.language, revision.zone, revision.texts)
        write_outbox(conn, [refusal_row(answered, speak("answer_refused", desk=revision.name), where, now)])
