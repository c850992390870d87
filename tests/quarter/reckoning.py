"""When answers were due, reckoned second by second from what was said and done: another way than the desk's.

A promise is counted from the oldest words that wait for an answer, in the hours of the client's agreement, by the
urgency that these words and those before them show. Only what is plain is reckoned: where the urgency changes while a
promise runs, where business days are promised, where the bot did not run meanwhile, or where words came from another
ticket or went to one, there is none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from tests.quarter.book import COURTESY, MINUTE, Book, Hours, Ticket

_LENGTH: Final = re.compile(r"(\d+)(m|h)")
#: What answers a client.
ANSWERS: Final = frozenset({"Reply", "AskDetails", "GiveEta", "Resolve"})
TURNED: Final = "Turned"
_BLURS: Final = frozenset({TURNED, "WaitThirdParty", "Resume", "NotCovered", "Covered"})
_SHORTEST_CALL: Final = timedelta(minutes=2)
_LONGEST_CALL: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Due:
    """One promise of an answer: what it is, from when, by when, and when it was kept, if it was by the end.

    `hours` are those it counts in; None for a moment that somebody promised, which is one of real time.
    """

    number: int
    begun: datetime
    due_at: datetime
    kept_at: datetime
    within: timedelta
    hours: Hours | None

    @property
    def last_call_at(self) -> datetime:
        """So long before it is due those concerned are called a last time."""
        short = min(_LONGEST_CALL, max(_SHORTEST_CALL, self.within / 20))
        return advanced(self.begun, self.within - short, self.hours)

    @property
    def reminded_at(self) -> datetime:
        """Four fifths of the time are over."""
        return advanced(self.begun, self.within * 0.8, self.hours)


def length_from_text(written: str) -> timedelta:
    """A length as the desk file writes it."""
    found = _LENGTH.fullmatch(written)
    if found is None:
        raise ValueError(f"how long is {written!r}?")
    return timedelta(minutes=int(found[1]) * (60 if found[2] == "h" else 1))


@cache  # many transcripts are nearly the same
def advanced(at: datetime, within: timedelta, hours: Hours | None) -> datetime:
    """So much later, in these hours."""
    if hours is None:
        return at + within
    while within > timedelta(0):
        until = at.replace(second=0, microsecond=0) + MINUTE
        if hours.is_open(at):
            if until - at >= within:
                return at + within
            within -= until - at
        at = until
    return at


def hours_of(book: Book, number: int, at: datetime) -> Hours:
    """The hours in which the next answer on a ticket is promised."""
    policy = book.desk.policy_of(book.tickets[number].conv)
    return book.desk.hours[_target(book.desk.policies, policy, book.urgency(number, at), "next_response")[1]]


def dues(book: Book) -> Iterator[Due]:
    """All that were promised in a transcript, kept or not, as far as it is plain."""
    for number, ticket in sorted(book.tickets.items()):
        for due in (*_responses(book, number, ticket), *_etas(book, number, ticket)):
            if due.due_at < book.ends and not any(
                since <= due.due_at and due.begun <= until for since, until in book.down
            ):
                yield due


def _responses(book: Book, number: int, ticket: Ticket) -> Iterator[Due]:
    since: datetime | None = None
    metric, is_plain = "first_response", True
    happened = sorted(
        [(at, 0, words) for at, words in ticket.said]
        + [(at, 1, TURNED) for at in ticket.turned]
        + [(one.at, 2, one.what) for one in ticket.acts]
    )
    waiting: list[datetime] = []
    for at, kind, what in [*happened, (book.ends, 2, "Reply")]:
        if kind == 0 and not COURTESY.fullmatch(what):
            since = since or at
            waiting.append(at)
        elif what in _BLURS:
            # What runs on now began elsewhere, or pauses, or is owed no more: until the next answer.
            is_plain = False
        elif what in ANSWERS:
            if since is not None and is_plain and len({book.urgency(number, one) for one in waiting}) == 1:
                found = _promise(book, number, ticket, metric, since, at)
                if found is not None:
                    yield found
            is_plain = not ticket.is_left_out(at)
            if since is not None or not is_plain:
                metric = "next_response"
            since, waiting = None, []


def _promise(book: Book, number: int, ticket: Ticket, metric: str, since: datetime, kept: datetime) -> Due | None:
    policy = book.desk.policy_of(ticket.conv)
    written, calendar = _target(book.desk.policies, policy, book.urgency(number, since), metric)
    if not _LENGTH.fullmatch(written):
        return None
    within, hours = length_from_text(written), book.desk.hours[calendar]
    return Due(number, since, advanced(since, within, hours), kept, within, hours)


def _target(policies: Mapping[str, Any], policy: str, urgency: str, metric: str) -> tuple[str, str]:
    """What is written there, or in the agreement that it extends, and the hours of the agreement that says so."""
    own = policies[policy].get("targets", {}).get(urgency, {}).get(metric)
    if own is not None:
        return str(own["within"]), str(policies[policy]["calendar"])
    return _target(policies, policies[policy]["extends"], urgency, metric)


def _etas(book: Book, number: int, ticket: Ticket) -> Iterator[Due]:
    for place, one in enumerate(ticket.acts):
        if one.due_at is None:
            continue
        ends = [act.at for act in ticket.acts[place + 1 :] if act.what in {"GiveEta", "Resolve", *_BLURS}]
        ends += [at for at in ticket.turned if at >= one.at]
        over = (state.since for state in ticket.states if state.since > one.at and not state.is_open)
        kept = min([*ends, *over], default=book.ends)
        yield Due(number, one.at, one.due_at, kept, one.due_at - one.at, None)
