"""Words in a place of our own people by somebody who hides behind its name: they do nothing, and that is said.

An administrator who stays anonymous writes as the group itself, so nobody can tell whether it is one of ours. What
stands among people's own talk is left alone; where words of ours would have gone to a client or been noted, whoever
wrote them must not believe that they did.
"""

from adapters.message import InboundMessage
from bot.store.channels import topics
from bot.store.delivery.told import nameless_row
from bot.store.driver.connection import Connection
from bot.store.reading.references import stood
from bot.store.revisions import Revisions
from bot.store.unit import write_outbox
from bot.tickets.cards import CLIENTS_TOPIC
from bot.tickets.texts import Texts
from sla.duration import Instant


class Nameless:
    """Answers them; holds nothing. Runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions

    def hear(self, conn: Connection, message: InboundMessage, key: str, *, now: Instant) -> None:
        """Say so below the message, once. `key` is its own."""
        if not message.doubt or not self._would_count(conn, message):
            return
        revision = self._revisions.current
        speak = Texts(revision.language, revision.zone, revision.texts)
        where = message.conversation
        write_outbox(conn, [nameless_row(key, speak("word_nameless"), where, now, message.external_id)])

    def _would_count(self, conn: Connection, message: InboundMessage) -> bool:
        where = message.conversation
        if stood(conn, where.lane, message.reply_to) is not None:
            return True
        _, _, thread = where.address.partition("#")
        return bool(thread) and (topics.key_of(conn, where.place, thread) or "").startswith(CLIENTS_TOPIC)
