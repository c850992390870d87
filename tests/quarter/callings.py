"""Judges whether our own people were called when they should be, and never when they should not.

By the rules as they are written for people, and by code that shares nothing with the desk: whoever gets a ticket, and
whoever has one whose client speaks, hears of it at once while they work, and as they come where they do not.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Final

from tests.quarter.book import COURTESY, MINUTE, SETTLES, Book, State, Ticket, read_moment
from tests.quarter.reckoning import advanced, dues, hours_of, length_from_text

#: Words within so long of each other are one matter, and call once.
BURST: Final = timedelta(minutes=2)
#: So long somebody may have a ticket, in the hours they work, before it goes on to somebody else.
PICK_UP: Final = timedelta(minutes=15)
#: So long nobody further up is told after somebody has said that they look after it.
HEEDED: Final = timedelta(hours=1)
#: What those read who are paged.
_PAGE: Final = re.compile(r"outside working hours|is not on shift|has not answered")


class Callings:
    """What is wrong with how our people were called in one transcript."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._pages = _pages(book)

    def faults(self) -> Iterator[str]:
        """What is wrong, in sentences."""
        yield from self.not_given()
        yield from self.not_called()
        yield from self.not_relieved()
        yield from self.not_welcomed()
        yield from self.not_picked_up()
        yield from self.not_reminded()
        yield from self.not_climbed()
        yield from self.not_paged()
        yield from self.called_at_night()

    def not_given(self) -> Iterator[str]:
        """Somebody got a ticket and did not hear of it, by the time at which they work."""
        for number, ticket, person, begun, ended in self._holdings():
            came = self._there(person, begun, ended)
            if came is None or ticket.acted(begun - SETTLES, came + SETTLES, who=person):
                continue
            if not self._called(person, number, begun - SETTLES, came + SETTLES):
                yield f"{person} got T-{number} at {begun:%Y-%m-%d %H:%M}, works at {came:%d %H:%M}, and was not called"

    def not_called(self) -> Iterator[str]:
        """A client said something, and whoever has the ticket did not hear of it."""
        for number, ticket, person, begun, ended in self._holdings():
            for at, words in ticket.said:
                if not begun <= at < ended or COURTESY.fullmatch(words):
                    continue
                came = self._there(person, at, ended)
                if came is None or ticket.acted(at, came + SETTLES, who=person) or not _waits(ticket, came):
                    continue
                if not self._called(person, number, at - BURST, came + SETTLES):
                    yield f"{person} has T-{number} and was not told by {came:%Y-%m-%d %H:%M} of {words!r}"

    def not_relieved(self) -> Iterator[str]:
        """Somebody had a ticket, somebody else has it now, and they were not told."""
        for number, ticket, person, _, ended in self._holdings():
            after = ticket.at(ended)
            if after is None or not after.is_open or after.person in {"", person} or ended == self._book.ends:
                continue
            if ticket.acted(ended - SETTLES, ended, who=person) or self._comes_home(ticket, after.person, ended):
                continue
            came = self._there(person, ended, self._book.ends)
            if came is not None and not self._called(person, number, ended - SETTLES, came + SETTLES):
                yield f"T-{number} went from {person} to {after.person} at {ended:%Y-%m-%d %H:%M}, who was not told"

    def _comes_home(self, ticket: Ticket, person: str, at: datetime) -> bool:
        """The client's own manager has come, and has what others kept for them: that is read on its card."""
        client = self._book.desk.clients.get(ticket.conv, {})
        return client.get("manager") == person and not self._book.is_there(person, at - SETTLES)

    def not_welcomed(self) -> Iterator[str]:
        """Somebody is back from leave, and was not told of what they had and what became of it."""
        for person, leaves in self._book.away.items():
            for since, until in leaves:
                came = self._there(person, until, self._book.ends) if until is not None else None
                if came is None or since >= came:
                    continue
                for number, ticket in sorted(self._book.tickets.items()):
                    had, has = ticket.at(since), ticket.at(came + SETTLES)
                    if had is None or has is None or had.person != person or not had.is_open:
                        continue
                    since_then = [one for one in ticket.states if since < one.since <= came]
                    changed = any(one.person != person or not one.is_open for one in since_then)
                    if changed and not self._called(person, number, came - SETTLES, came + SETTLES):
                        yield f"{person} is back at {came:%Y-%m-%d %H:%M} and was not told of T-{number}"

    def not_picked_up(self) -> Iterator[str]:
        """Whoever got a ticket did nothing about it, and neither went it on nor did anybody hear of that."""
        for number, ticket, person, begun, ended in self._holdings():
            if ticket.acted(begun - SETTLES, begun, who=person):
                continue
            over = self._worked(person, number, begun, ended)
            if over is None or over + SETTLES >= ended or ticket.acted(begun, over + SETTLES):
                continue
            if ticket.is_left_out(begun) or not self._book.is_there(person, over):
                continue
            if not (_waits(ticket, begun) and _waits(ticket, over + SETTLES)):
                continue
            if not any(begun <= one <= over + SETTLES for one in self._book.shown[number]):
                yield f"{person} got T-{number} at {begun:%Y-%m-%d %H:%M} and did nothing until {over:%H:%M}"

    def not_reminded(self) -> Iterator[str]:
        """The time is nearly over, or over, and whoever has it, or leads, did not hear of it in time."""
        for due in dues(self._book):
            marks = [
                ("reminded", due.reminded_at, False),
                ("called", due.last_call_at, True),
                ("told it broke", due.due_at, True),
            ]
            for place, (what, at, is_led) in enumerate(marks):
                if (
                    due.kept_at <= at + SETTLES
                    or any(other <= at for _, other, _ in marks[place + 1 :])
                    or at <= due.begun
                ):
                    continue
                state = self._book.tickets[due.number].at(at)
                if state is None:
                    continue
                hearers = [state.person] if state.person else []
                hearers += self._book.desk.on_step("lead") if is_led else []
                for person in hearers:
                    if (
                        self._book.is_there(person, at)
                        and self._book.is_there(person, at + SETTLES)
                        and not self._called(person, due.number, at - SETTLES, at + SETTLES)
                    ):
                        yield f"{person} was not {what} about T-{due.number} at {at:%Y-%m-%d %H:%M}"

    def not_climbed(self) -> Iterator[str]:
        """A promise is broken, nobody sees to it, and whoever stands on the next step was not told."""
        for due in dues(self._book):
            ticket = self._book.tickets[due.number]
            steps = self._book.desk.ladders[self._book.desk.plan_of(ticket.conv)["ladder"]]["steps"]
            for place, step in enumerate(steps):
                at = advanced(due.due_at, length_from_text(step["after"]), due.hours)
                for heeded in (
                    one.at for one in ticket.acts if due.begun <= one.at <= at and one.what == "Acknowledge"
                ):
                    at = max(at, advanced(heeded, HEEDED, due.hours))
                # Of steps that come together only the highest is told.
                higher = [one for other in steps[place + 1 :] for one in self._book.desk.on_step(other["tell"])]
                for person in self._book.desk.on_step(step["tell"]):
                    # Nobody is woken for a moment that one of ours named.
                    came = (
                        at
                        if due.hours is not None
                        and self._book.is_loud(due.number, at)
                        and not self._book.is_away(person, at)
                        else self._there(person, at, due.kept_at)
                    )
                    if came is None or due.kept_at <= came + SETTLES or ticket.acted(at, came + SETTLES):
                        continue
                    if any(self._called(one, due.number, came - SETTLES, came + SETTLES) for one in higher):
                        continue
                    if not self._called(person, due.number, due.due_at - SETTLES, came + SETTLES):
                        yield f"{person} was not told by {came:%Y-%m-%d %H:%M} that T-{due.number} is overdue"

    def not_paged(self) -> Iterator[str]:
        """Something urgent waits, whoever has it does not work, and nobody was paged."""
        for number, ticket in sorted(self._book.tickets.items()):
            if self._book.desk.pages(ticket.conv) is None:
                continue
            spoken = [at for at, words in ticket.said if not COURTESY.fullmatch(words)]
            for at in sorted({*spoken, *self._left(ticket)}):
                if self._is_vacant(ticket, number, at + SETTLES) and not self._is_seen_to(ticket, number, at):
                    yield f"nobody was paged for T-{number} at {at:%Y-%m-%d %H:%M}"

    def _is_vacant(self, ticket: Ticket, number: int, at: datetime) -> bool:
        state = ticket.at(at)
        if state is None or not state.waits or not self._book.is_loud(number, at) or not self._book.is_running(at):
            return False
        if ticket.is_left_out(at):
            return False
        return not (state.person and self._book.is_there(state.person, at))

    def _is_seen_to(self, ticket: Ticket, number: int, at: datetime) -> bool:
        """Whether a page stands, somebody says that they look after it, or whoever took it on at night was called."""
        until, state = at + SETTLES, ticket.at(at + SETTLES)
        paged = max((one for one in self._pages[number] if one <= until), default=None)
        if paged is not None and (paged >= at - SETTLES or not self._ended(ticket, paged, at)):
            return True
        if ticket.heeded(at - HEEDED, until):
            return True
        return state is not None and bool(state.person) and self._called(state.person, number, at - BURST, until)

    def _ended(self, ticket: Ticket, paged: datetime, until: datetime) -> bool:
        """Whether somebody did something since a page, or somebody who works had the ticket."""
        if any(paged <= one.at < until and one.what != "Acknowledge" for one in ticket.acts):
            return True
        states = ((ticket.at(moment), moment) for moment in _minutes(paged, until))
        return any(one is not None and bool(one.person) and self._book.is_there(one.person, at) for one, at in states)

    def _left(self, ticket: Ticket) -> Iterator[datetime]:
        """Moments at which whoever has it goes home."""
        for since, until, state in self._book.stretches(ticket):
            if state.waits and state.person:
                works = [(at, self._book.is_there(state.person, at)) for at in _minutes(since, until)]
                yield from (
                    at.replace(second=0) for (_, was), (at, is_there) in pairwise(works) if was and not is_there
                )

    def _worked(self, person: str, number: int, at: datetime, before: datetime) -> datetime | None:
        """When they have worked on it for as long as it may lie, in hours that count for it."""
        hours, left = hours_of(self._book, number, at), PICK_UP
        for moment in _minutes(at, before):
            if self._book.is_there(person, moment) and hours.is_open(moment) and self._book.is_running(moment):
                left -= MINUTE
                if left <= timedelta(0):
                    return moment + MINUTE
        return None

    def called_at_night(self) -> Iterator[str]:
        """Somebody was called outside their hours for what is not urgent, and nobody had asked for them."""
        for line in self._book.lines:
            if line.kind != "told" or line.what not in {"ping", "alert", "card"}:
                continue
            at = read_moment(line.at)
            for person in filter(None, line.who.split(",")):
                if line.ticket and line.what == "alert" and self._book.is_loud(line.ticket, at):
                    continue
                if line.ticket and line.what == "alert" and self._book.is_asked_for(line.ticket, at):
                    continue
                if not self._book.is_there(person, at) and not self._book.is_there(person, at - SETTLES):
                    yield f"{person} does not work and was called at {line.at}: {line.what} {line.text!r}"

    def _holdings(self) -> Iterator[tuple[int, Ticket, str, datetime, datetime]]:
        """Who had which ticket from when until when, while it was open."""
        for number, ticket in sorted(self._book.tickets.items()):
            found = [(state.person, list(states)) for state, states in _together(ticket.states)]
            for place, (person, states) in enumerate(found):
                if not person or not states[0].is_open:
                    continue
                ended = found[place + 1][1][0].since if place + 1 < len(found) else self._book.ends
                yield number, ticket, person, states[0].since, ended

    def _there(self, person: str, at: datetime, before: datetime) -> datetime | None:
        """When they work next and the bot runs."""
        moment: datetime | None = at
        while moment is not None:
            moment = self._book.comes_at(person, moment, before=before)
            down = [until for since, until in self._book.down if moment is not None and since <= moment < until]
            if not down:
                return moment
            moment = down[0]
        return None

    def _called(self, person: str, number: int, since: datetime, until: datetime) -> bool:
        return any(since <= one <= until for one in self._book.calls[person, number])


def _together(states: list[State]) -> Iterator[tuple[State, list[State]]]:
    for _, found in groupby(states, key=lambda one: (one.person, one.is_open)):
        kept = list(found)
        yield kept[0], kept


def _waits(ticket: Ticket, at: datetime) -> bool:
    state = ticket.at(at)
    return state is not None and state.waits


def _minutes(since: datetime, until: datetime) -> Iterator[datetime]:
    while since < until:
        yield since
        since += MINUTE


def _pages(book: Book) -> Mapping[int, Sequence[datetime]]:
    found: dict[int, list[datetime]] = defaultdict(list)
    for line in book.lines:
        if line.kind == "told" and line.what == "alert" and line.ticket is not None and _PAGE.search(line.text):
            found[line.ticket].append(read_moment(line.at))
    return found
