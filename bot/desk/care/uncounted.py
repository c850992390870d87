"""What cannot be computed is never no promise: an admin hears of it, once for each ticket and revision of the desk.

The message names no ticket as its own: a card of that ticket could not be drawn either.
"""

from bot.desk.directory import Directory
from bot.store.driver.connection import Connection
from bot.store.revisions import Revisions
from bot.store.unit import write_ping
from bot.tickets.facts import Ping
from bot.tickets.outcome import person_texts
from bot.tickets.ticket import TicketId, number
from routing.people import PersonId
from sla.duration import Instant

LONGEST_REASON = 300


class Uncounted:
    """Tells the admins of what could not be decided."""

    def __init__(self, revisions: Revisions, directory: Directory) -> None:
        self._revisions = revisions
        self._directory = directory

    def tell(self, conn: Connection, subject: TicketId | str, error: Exception, *, at: Instant) -> None:
        """`subject` is the ticket that cannot be counted, or an alarm that is nobody's own."""
        reason = describe(error)[:LONGEST_REASON]
        for person in self._directory.admins():
            key = f"uncounted:{subject}:{self._revisions.number}:{person}"
            ping = Ping(person, key, self._said(person, subject, reason), is_alert=True)
            write_ping(conn, ping, at=at, whereto=self._directory.whereto)

    def _said(self, person: PersonId, subject: TicketId | str, reason: str) -> str:
        speak = person_texts(self._revisions.current, person)
        if isinstance(subject, str):
            return speak("ping_undecided", alarm=subject, reason=reason)
        return speak("ping_uncounted", number=number(subject), reason=reason)


def describe(error: Exception) -> str:
    """Why, in words: a ValueError of the rules names its mend; of anything else only the kind leaves the log."""
    return str(error) if isinstance(error, ValueError) else type(error).__name__
