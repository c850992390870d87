"""Judges what must follow a deed of one of ours, or a client's word of command, by the transcript alone.

What is put off comes back, what is merged or left out is told to its client, who is asked for hears of it, of two who
reach for a ticket one has it, and what is said among us stays among us.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final

from tests.quarter.book import SETTLES, Act, Book, Ticket, read_moment
from tests.quarter.transcript import Line

#: How our people begin what no client may read.
OURS: Final = "Ours alone"
_PRESSING: Final = re.compile(r"is overdue since|Last call|left for the")
#: How far up a client is told that it went: the level, of how many, and who stands there.
_LEVEL: Final = re.compile(r"(?:Level|Рівень|Nivel|Stufe) (\d+) \w+ (\d+): (.+?)\.(?:\s|$)")
#: Before anything of it.
EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
#: What a client is told after this is about another climb.
_ANEW: Final = frozenset({"Reply", "GiveEta", "Resolve", "Acknowledge", "Split", "Merge", "Unmerge"})
#: So soon nobody is called again who was asked for.
SOON: Final = timedelta(minutes=30)
#: What ends the time for which a ticket was put off.
_ENDS: Final = frozenset({"Reply", "AskDetails", "GiveEta", "Resolve", "Merge", "Snooze", "WaitThirdParty", "Unmerge"})


class Sequels:
    """What did not follow, in one transcript."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._clients = {line.where for line in book.lines if line.kind in {"said", "asks"}}
        self._told: dict[str, list[tuple[datetime, Line]]] = defaultdict(list)
        for line in book.lines:
            if line.kind == "told":
                self._told[line.where].append((read_moment(line.at), line))

    def faults(self) -> Iterator[str]:
        """What is wrong, in sentences."""
        yield from self.not_back()
        yield from self.not_said()
        yield from self.not_escalated()
        yield from self.not_that_level()
        yield from self.not_answered()
        yield from self.taken_by_two()
        yield from self.given_away()
        yield from self.pressed_for_what_is_left_out()

    def not_back(self) -> Iterator[str]:
        """Somebody put a ticket off until a moment, nothing happened to it, and it did not come back to them then."""
        for number, ticket, act in self._acts("Snooze"):
            until = read_moment(act.words)
            ends = [at for at, _ in ticket.heard(until)] + ticket.turned
            ends += [one.at for one in ticket.acts if one.what in _ENDS]
            is_over = any(act.at < at <= until for at in ends)
            state = ticket.at(until)
            if is_over or state is None or not state.is_open or not self._book.is_running(until):
                continue
            came = self._book.comes_at(state.person, until, before=self._book.ends)
            if came is None or ticket.acted(until, came + SETTLES):
                continue
            if not any(until <= one <= came + SETTLES for one in self._book.calls[state.person, number]):
                yield f"T-{number} was put off until {until:%Y-%m-%d %H:%M}, and {state.person} was not called then"

    def not_said(self) -> Iterator[str]:
        """A ticket went on as another, or is not covered, and its client was not told."""
        for number, ticket, act in chain(self._acts("Merge"), self._acts("NotCovered")):
            kept = [one for one in self._book.tickets.values() if any(other is ticket for _, other in one.others)]
            told = [line.what for one in (ticket, *kept) for at, line in one.told if act.at <= at <= act.at + SETTLES]
            if "auto" not in told:
                yield f"T-{number}: {act.what} at {act.at:%Y-%m-%d %H:%M}, and its client was not told"

    def not_escalated(self) -> Iterator[str]:
        """Somebody higher up was asked for, by one of ours or by the client, and nobody there heard of it.

        A client who asks again soon is told who has heard already.
        """
        asked = [
            (number, at)
            for number, ticket in self._book.tickets.items()
            for at in ticket.asked
            if not any(at - SOON <= one < at for one in ticket.asked)
        ]
        for number, at in [*asked, *((number, act.at) for number, _, act in self._acts("Escalate"))]:
            if not any(at <= one <= at + SETTLES for one in self._book.shown[number]):
                yield f"T-{number} was escalated at {at:%Y-%m-%d %H:%M}, and nobody higher up heard of it"

    def not_that_level(self) -> Iterator[str]:
        """A client was told a level that is not that of whoever heard of it, or that is none further up."""
        last: dict[int, tuple[datetime, int]] = {}
        for line in self._book.lines:
            said = _LEVEL.search(line.text) if line.kind == "told" and line.where in self._clients else None
            if said is None or line.ticket is None:
                continue
            at, step, steps, names = read_moment(line.at), int(said[1]), int(said[2]), said[3].split(", ")
            told = f"T-{line.ticket} at {line.at}: {said[0].strip()!r}"
            people = [key for key, one in self._book.desk.people.items() if one["name"] in names]
            if not any(self._stand_on(people, ladder, step) for ladder in self._ladders(steps)):
                yield f"{told}, and others stand there"
            elif not all(self._heard(one, line.ticket, at - SOON, at) for one in people):
                yield f"{told}, and they did not hear of it"
            elif not any(self._heard_below(line.ticket, ladder, step, at) for ladder in self._ladders(steps)):
                yield f"{told}, and a level below was passed over"
            elif step < steps and self._heard_long_ago(people, line.ticket, at):
                yield f"{told}, and they had heard of it long before"
            before, was = last.get(line.ticket, (at, 0))
            is_one_climb = not any(
                before < one.at <= at for one in self._book.tickets[line.ticket].acts if one.what in _ANEW
            )
            if is_one_climb and (step < was or (step == was < steps and at - before > SOON)):
                yield f"{told}, and they were told level {was} at {before:%Y-%m-%d %H:%M}"
            last[line.ticket] = at, step

    def _ladders(self, steps: int) -> list[Sequence[Mapping[str, str]]]:
        found = [one["steps"] for one in self._book.desk.ladders.values()]
        return [one for one in found if len(one) == steps]

    def _stand_on(self, people: Sequence[str], ladder: Sequence[Mapping[str, str]], step: int) -> bool:
        """Whether these, and there are any, are among those behind that step's word."""
        there = self._book.desk.on_step(ladder[step - 1]["tell"]) if step <= len(ladder) else ()
        return bool(people) and set(people) <= set(there)

    def _heard_long_ago(self, people: Sequence[str], number: int, at: datetime) -> bool:
        """Whether they heard of it before, and it was not done since."""
        done = [one.at for one in self._book.tickets[number].acts if one.what == "Resolve" and one.at < at]
        since = max(done, default=EVER)
        return any(self._heard(one, number, since, at - SOON) for one in people)

    def _heard_below(self, number: int, ladder: Sequence[Mapping[str, str]], step: int, at: datetime) -> bool:
        """Whether on each level below somebody has heard of it before, but for those on which nobody is there."""
        for one in ladder[: step - 1]:
            people = [who for who in self._book.desk.on_step(one["tell"]) if not self._book.is_away(who, at)]
            if people and not any(self._heard(who, number, EVER, at) for who in people):
                return False
        return True

    def _heard(self, person: str, number: int, since: datetime, at: datetime) -> bool:
        return any(
            line.what == "alert" and line.ticket == number and person in line.who.split(",")
            for told in self._told.values()
            for moment, line in told
            if since <= moment <= at + SETTLES
        )

    def not_answered(self) -> Iterator[str]:
        """A client asked the desk by a word of command, and was not answered."""
        for line in self._book.lines:
            if line.kind == "asks" and not self._hears(line.where, read_moment(line.at)):
                yield f"{line.who} asked {line.text!r} at {line.at} and was not answered"

    def taken_by_two(self) -> Iterator[str]:
        """Two of ours reached for a ticket at once, and both have it, or neither."""
        reached: dict[tuple[str, int | None], list[str]] = defaultdict(list)
        for line in self._book.lines:
            if line.kind == "act" and line.what.partition(" ")[0] == "Take":
                reached[line.at, line.ticket].append(line.what)
        for (at, number), found in reached.items():
            if len(found) > 1 and found.count("Take") != 1:
                yield f"T-{number} was taken by {found.count('Take')} of {len(found)} at {at}"

    def given_away(self) -> Iterator[str]:
        """A client reads what was said among us."""
        for line in self._book.lines:
            if line.kind == "told" and line.where in self._clients and OURS in line.text:
                yield f"{line.where} was told at {line.at}: {line.text!r}"

    def pressed_for_what_is_left_out(self) -> Iterator[str]:
        """The agreement does not cover it, and we are called for what it promises: no time that one of us named."""
        for line in self._book.lines:
            if line.kind != "told" or line.ticket is None or line.where in self._clients:
                continue
            is_pressing = _PRESSING.search(line.text) is not None and "promised time" not in line.text
            at = read_moment(line.at)
            ticket = self._book.tickets[line.ticket]
            if is_pressing and ticket.is_left_out(at) and ticket.is_left_out(at - SETTLES):
                yield f"T-{line.ticket} is not covered, and somebody was called at {line.at}: {line.text!r}"

    def _acts(self, what: str) -> Iterator[tuple[int, Ticket, Act]]:
        """Each deed of a kind with its ticket; a deed that concerns two is of the first."""
        for line in self._book.lines:
            if line.kind == "act" and line.what == what and line.ticket is not None:
                ticket, at = self._book.tickets[line.ticket], read_moment(line.at)
                yield line.ticket, ticket, next(one for one in ticket.acts if one.at == at and one.what == what)

    def _hears(self, where: str, at: datetime) -> bool:
        return any(at <= moment <= at + SETTLES and line.what == "auto" for moment, line in self._told[where])
