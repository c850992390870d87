"""A person's calls for their own calendar program: a secret address that it asks again and again, until it is closed.

What is told of a call is its kind, the client's name, the ticket's number and where it is held: whoever sees that
calendar reads nothing that a client wrote.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from adapters.message import Invite
from bot.store import audit
from bot.store.calls import calls
from bot.store.calls.call_list import Listed, listed
from bot.store.driver.connection import Connection
from bot.store.people import tokens
from bot.store.people.tokens import Token
from bot.store.revisions import Revisions
from bot.tickets.calls.call import CallState
from bot.tickets.calls.invite import invite_of
from bot.tickets.calls.texts import zone_of
from bot.tickets.outcome import person_texts
from bot.tickets.revision import Revision
from bot.tickets.ticket import number
from routing.people import PersonId
from sla.duration import Instant, later

#: What the address is made for, and for how long: until it is closed, as far as anybody cares.
FEED: Final = "calls"
OPEN_FOR: Final = timedelta(days=3650)
_USES: Final = 2**31 - 1
BACK: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=366)
_SHOWN: Final = frozenset({CallState.REQUESTED, CallState.CONFIRMED, CallState.RESCHEDULED, CallState.DONE})


def is_open(conn: Connection, person: PersonId, *, now: Instant) -> bool:
    """Whether there is an address that shows this person's calls."""
    return tokens.has_link(conn, purpose=FEED, subject=person, now=now)


def open_feed(conn: Connection, person: PersonId, *, now: Instant) -> Token:
    """A new address for a person; the one they had before is closed."""
    tokens.close_links(conn, purpose=FEED, subject=person)
    audit.append(conn, [audit.Deed(now, person, "calls_feed_opened", f"person:{person}")])
    ends_at = later(now, OPEN_FOR)
    return tokens.make_link(conn, purpose=FEED, subject=person, now=now, expires_at=ends_at, uses=_USES)


def close_feed(conn: Connection, person: PersonId, *, now: Instant) -> bool:
    """Nobody reads this person's calls by an address any more; False where there was none."""
    if not tokens.close_links(conn, purpose=FEED, subject=person):
        return False
    audit.append(conn, [audit.Deed(now, person, "calls_feed_closed", f"person:{person}")])
    return True


def invites(conn: Connection, revisions: Revisions, token: str, *, now: Instant) -> Sequence[Invite] | None:
    """The calls behind an address; None for one that is closed, or whose person may not work here any more.

    Whoever has left the desk has none: a calendar forgets what is listed no more, and keeps what it cannot read.
    """
    revision = revisions.current
    person = PersonId(tokens.subject_of(conn, token, purpose=FEED, now=now) or "")
    known = revision.person(person)
    if person and known is None:
        return ()
    if known is None or not known.roles or person in revision.shut_out:
        return None
    found = calls.between(conn, since=later(now, -BACK), until=later(now, AHEAD), person=person)
    shown = [one for one in found if one.state in _SHOWN]
    return [_invite(revision, person, one) for one in listed(conn, revisions, shown, now=now)]


def _invite(revision: Revision, person: PersonId, one: Listed) -> Invite:
    call, speak = one.call, person_texts(revision, person)
    plan = revision.clients[call.client].plan if call.client in revision.clients else revision.public_plan
    rules = revision.calls.of(call.client, plan)
    told = invite_of(
        revision,
        call,
        rules,
        speak,
        zone=zone_of(revision, person),
        attendee=("", ""),
        other=one.client_name,
        number=number(call.ticket),
    )
    waits = f" · {speak('call_state_requested')}" if call.state is CallState.REQUESTED else ""
    return replace(told, summary=f"{told.summary}{waits}", description="", method="REQUEST")
