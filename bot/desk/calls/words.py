"""`/desk calls` and `/desk call T-12 …`: what our people ask and do about calls in words.

calls · call T-12 tomorrow 15:00 [education] · call T-12 move fri 11:00 · confirm · decline · cancel · done · noshow
"""

from collections.abc import Callable

from adapters.port import Answer
from bot.desk.calls.door import Calls, call_asked
from bot.desk.calls.presses import call_words
from bot.store.calls.call_list import Listed, ahead_of
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, lock_tickets
from bot.store.people.asking import going_on
from bot.store.revisions import Revisions
from bot.tickets.calls.texts import name_of_kind, staff_time
from bot.tickets.outcome import person_texts
from bot.tickets.revision import Revision
from bot.tickets.ticket import number
from routing.people import PersonId
from sla.duration import Instant

#: As many calls as one answer lists.
LISTED = 20


class Calling:
    """Answers in the transaction of whoever heard it; one per process."""

    def __init__(self, calls: Calls, revisions: Revisions, now: Callable[[], Instant]) -> None:
        self._calls = calls
        self._revisions = revisions
        self._now = now

    def answered(self, conn: Connection, by: PersonId, question: str) -> Answer | None:
        """The answer to words about calls; None for any others. A ValueError refuses them."""
        if question.strip().casefold() in {"calls", "call"}:
            return Answer("\n".join(self.ahead(conn, by)))
        if not (about := call_asked(question)):
            return None
        now, revision = self._now(), self._revisions.current
        ticket, command = call_words(about, by, revision, now=now)
        lock_tickets(conn, sorted({ticket, *going_on(conn, [ticket]).values()}))
        if not facts_of_tickets(conn, self._revisions, [ticket], now=now):
            raise ValueError(person_texts(revision, by)("refused_no_ticket", number=number(ticket)))
        return self._calls.staff.perform(conn, by, ticket, command, now=now)

    def ahead(self, conn: Connection, by: PersonId) -> list[str]:
        """Their own calls that are still to be held, one a line."""
        revision, now = self._revisions.current, self._now()
        found = ahead_of(conn, self._revisions, by, now=now)[:LISTED]
        return [call_line(one, by, revision, now=now) for one in found] or [
            person_texts(revision, by)("desk_calls_none")
        ]


def call_line(one: Listed, by: PersonId, revision: Revision, *, now: Instant) -> str:
    """A call in one line, as one of our people reads it."""
    speak, call = person_texts(revision, by), one.call
    return speak(
        "desk_calls_line",
        number=number(call.ticket),
        client=one.client_name,
        kind=name_of_kind(call.kind, revision.calls, speak),
        time=staff_time(revision, by, call, one.contact_name, now=now),
        state=speak(f"call_state_{call.state}"),
    )
