"""Calls with what their reader wants to know beside them: the client, the contact, the ticket they are about."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.store.calls import calls
from bot.store.facts import facts_of_tickets
from bot.store.people.asking import going_on
from bot.store.revisions import Revisions
from bot.tickets.calls.call import Call
from bot.tickets.outcome import client_name
from routing.people import PersonId
from sla.duration import Instant

#: Nobody books farther ahead.
EVER = Instant(2**62)


@dataclass(frozen=True, slots=True)
class Listed:
    """A call with what its reader wants to know beside it."""

    call: Call
    client_name: str
    contact_name: str
    subject: str


def listed(conn: Connection, revisions: Revisions, found: Sequence[Call], *, now: Instant) -> list[Listed]:
    """The same calls, told so; those whose ticket is gone are left out."""
    ends = going_on(conn, sorted({one.ticket for one in found}))
    facts = facts_of_tickets(conn, revisions, sorted(set(ends.values())), now=now)
    rows = []
    for one in found:
        about = facts.get(ends[one.ticket])
        if about is not None and about.ticket is not None:
            rows.append(Listed(one, client_name(about), about.speaker.name, about.ticket.subject))
    return rows


def ahead_of(conn: Connection, revisions: Revisions, person: PersonId, *, now: Instant) -> list[Listed]:
    """A person's calls that are still to be held, the soonest first."""
    found = calls.between(conn, since=now, until=EVER, person=person)
    return listed(conn, revisions, [one for one in found if one.state.is_live], now=now)
