"""A payload that could not be read has a line in its place, and a ticket. Decided again, its words take that place.

So whoever mends what could not be read and has it read again (`maitred inbox retry`) makes no second ticket and no
second line, whatever became of the ticket meanwhile.
"""

from collections.abc import Mapping, Sequence

from adapters.message import Inbound, InboundMessage
from adapters.text import clean
from bot.desk.directory import Directory
from bot.store.channels import stubs
from bot.store.channels.stubs import Stub
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.reading import lines
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.decide_reading import read_after_all
from sla.duration import Instant


class Stubs:
    """Puts words in the place of their stub; runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, directory: Directory) -> None:
        self._revisions = revisions
        self._directory = directory

    def settle(self, conn: Connection, read: Mapping[int, Sequence[Inbound]], *, now: Instant) -> set[int]:
        """Mend the lines of payloads that were read at last; gives those payloads, of which nothing is left to decide.

        One whose words came in by another payload meanwhile is decided as usual, which knows them.
        """
        said = {number: one for number, found in read.items() for one in found[:1] if isinstance(one, InboundMessage)}
        known = stubs.of_payloads(conn, sorted(said))
        if not known:
            return set()
        keys = {number: f"{said[number].conversation.key}:{said[number].external_id}" for number in known}
        elsewhere = lines.known_keys(conn, sorted(set(keys.values()) - {stub.key for stub in known.values()}))
        settled = {number for number in known if keys[number] not in elsewhere}
        for number in sorted(settled):
            self._mend(conn, number, known[number], said[number], keys[number], now)
        return settled

    def _mend(self, conn: Connection, number: int, stub: Stub, message: InboundMessage, key: str, now: Instant) -> None:
        words = clean(message.text)
        if stub.ticket is not None:
            facts_of_tickets(conn, self._revisions, [stub.ticket], now=now, is_locked=True)
        lines.reword(conn, stub.key, words, at=now)
        stubs.replaced(conn, number, stub, key, message.attachments)
        if stub.ticket is None:
            return
        found = facts_of_tickets(conn, self._revisions, [stub.ticket], now=now, is_whole=True)
        for facts in found.values():
            decision = read_after_all(facts, key, words, message.attachments)
            write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)
