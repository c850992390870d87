"""Promises that are allowed and yet look wrong: holes, contradictions, and promises that nobody is there to keep.

What a policy says is compared within its own layers, and once more for each channel that has cells of its own. Lengths
that are counted alike are compared as they are written; others by when they are due, and one is longer than the other
only if it is due later whenever the clock starts.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product

from bot.deskfile.days_off import frozen_years
from bot.deskfile.document import calendar_document
from bot.deskfile.layers import ADDENDA, all_policies, chain_of
from bot.deskfile.places import KeyPath
from bot.deskfile.promise_tables import URGENCIES, Addendum, Cell, Cells, ChannelCells, Policy
from bot.deskfile.reading import dotted
from bot.deskfile.revise import compiled
from bot.deskfile.tables import DeskDirectory
from sla.calendar import ALWAYS
from sla.duration import (
    BusinessDays,
    Instant,
    Within,
    format_duration,
    instant,
    later,
    length,
    millis,
    parse_duration,
    parse_within,
)

Advice = Iterator[tuple[KeyPath, str]]
Span = tuple[Instant, Instant]

RESPONSES = ("first_response", "next_response")
CHANNELS = tuple(ChannelCells.model_fields)
#: What comes after the first answer, and how that is said beside it.
LATER = (
    ("next_response", "a next response", "a first one"),
    ("resolution", "a resolution", "the first response"),
)
WEEKS = 4
LOOK_AHEAD = timedelta(weeks=WEEKS)
#: How often lengths that are counted otherwise are tried: no window of hours is worth less.
EVERY = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Stated:
    """One cell with the layer that states it, the place it stands at, and the calendar it counts in."""

    layer: str
    cell: Cell
    path: KeyPath
    calendar: str | None

    @property
    def within(self) -> Within:
        return parse_within(self.cell.within, self.cell.mode)

    @property
    def is_of_channel(self) -> bool:
        return "channels" in self.path

    def is_like(self, other: "Stated") -> bool:
        """Whether both are so many hours, or so many business days, of the same time."""
        ours, theirs = ((one.calendar, getattr(one.within, "mode", None)) for one in (self, other))
        return ours == theirs

    def number(self) -> int:
        """How long, to be compared with what is like it."""
        within = self.within
        return within.count if isinstance(within, BusinessDays) else millis(within)


class Promises:
    """All that a desk promises, cell by cell, gathered once for all questions."""

    def __init__(self, tables: DeskDirectory, today: date) -> None:
        self.tables = tables
        self.policies = all_policies(tables)
        years = frozen_years(today)
        self.calendars = {key: compiled(key, calendar_document(one, years)) for key, one in tables.calendars.items()}
        self.start = instant(datetime(today.year, today.month, today.day, tzinfo=UTC))
        self.end = later(self.start, LOOK_AHEAD)
        self.starts = [Instant(self.start + n * millis(EVERY)) for n in range(LOOK_AHEAD // EVERY)]

    def urgencies(self, policy: str) -> list[str]:
        chain = chain_of(policy, self.policies)
        return next((layer.urgencies for _, layer in reversed(chain) if layer.urgencies is not None), list(URGENCIES))

    def ways(self, policy: str) -> tuple[str, ...]:
        """In which channels it is to be asked about: in any (an empty name), and in those with cells of its own."""
        own = [cells.channels for cells in self.policies[policy].targets.values() if cells.channels is not None]
        return "", *(channel for channel in CHANNELS if any(getattr(one, channel) is not None for one in own))

    def cells(self, policy: str, urgency: str, metric: str, channel: str = "") -> list[Stated]:
        """The cells that may count, the most general layer first; of a channel's only the policy's own do."""
        found: list[Stated] = []
        calendar: str | None = None
        for key, layer in chain_of(policy, self.policies):
            calendar = layer.calendar or calendar
            cells = layer.targets.get(urgency)
            cell: Cell | None = getattr(cells, metric) if cells is not None else None
            path: KeyPath = (*self._place(key), "targets", urgency)
            channels = cells.channels if cells is not None and channel and key == policy else None
            instead: Cells | None = getattr(channels, channel) if channels is not None else None
            own: Cell | None = getattr(instead, metric) if instead is not None else None
            if own is not None:
                cell, path = own, (*path, "channels", channel)
            if cell is None:
                continue
            counted = None if cell.unit == "wall" else cell.calendar or calendar
            stated = Stated(key, cell, (*path, metric), counted)
            found = [stated] if cell.rule == "replace" else [*found, stated]
        return found

    def asked(self) -> Iterator[tuple[str, str, str]]:
        """Every policy, each way to it and each of its urgencies."""
        for key in self.policies:
            yield from product((key,), self.ways(key), self.urgencies(key))

    def is_longer(self, one: Stated, other: Stated) -> bool:
        """Whether the first promises later than the second, whenever the client writes."""
        if one.is_like(other):
            return one.number() > other.number()
        return all(self._due(one, at) > self._due(other, at) for at in self.starts)

    def _due(self, stated: Stated, at: Instant) -> Instant:
        within = stated.within
        hours = ALWAYS if stated.calendar is None else self.calendars[stated.calendar]
        return hours.advance(
            at, hours.business_days(at, within) if isinstance(within, BusinessDays) else millis(within)
        )

    def own(self, policy: str, urgency: str, metric: str, channel: str = "") -> Stated | None:
        """The most specific cell; of a client's addendum only what it says itself."""
        found = self.cells(policy, urgency, metric, channel)
        return found[-1] if found and (found[-1].layer == policy or policy in self.tables.policies) else None

    def there(self, line: str) -> list[Span]:
        """When anybody of a line works, absences apart."""
        hours = {self.tables.people[person].calendar for person in self.tables.lines[line].people}
        return _merged(span for hour in hours for span in self.calendars[hour].intervals(self.start, self.end))

    def _place(self, key: str) -> KeyPath:
        """Where a layer is written: policies of clients stand under the client."""
        return ("policies", key) if key in self.tables.policies else ("clients", *key.split("."))


def lint(tables: DeskDirectory, today: date) -> Advice:
    """All advice on promises of a desk without errors."""
    promises = Promises(tables, today)
    for ask in CHECKS:
        yield from ask(promises)
    yield from _reviews_passed(tables, today)


def _holes(promises: Promises) -> Advice:
    """Urgencies of a policy in use for which nothing is promised, or only the beginning."""
    for key in sorted({plan.policy for plan in promises.tables.plans.values()}):
        missing: dict[tuple[str, ...], list[str]] = {}
        for urgency in promises.urgencies(key):
            lacks = tuple(metric for metric in RESPONSES if not promises.cells(key, urgency, metric))
            if promises.cells(key, urgency, "follow_up"):  # it also says when the client hears from us again
                lacks = tuple(metric for metric in lacks if metric != "next_response")
            missing.setdefault(lacks, []).append(urgency)
        for lacks, urgencies in missing.items():
            if lacks:
                words = f"[policies.{key}] promises no {' and no '.join(lacks)} for {', '.join(urgencies)}"
                add = f"add {' and '.join(lacks)} to [policies.{key}.targets.{urgencies[0]}]"
                yield ("policies", key), f"{words}: {add}, or name fewer urgencies"


def _sooner_than_first(promises: Promises) -> Advice:
    """A further answer, or the end of it all, that is promised sooner than the first answer is often a slip."""
    for key, channel, urgency in promises.asked():
        first = promises.own(key, urgency, "first_response", channel)
        for metric, what, than in LATER:
            later = promises.own(key, urgency, metric, channel)
            if first is None or later is None:
                continue
            stating = next((one for one in (later, first) if one.is_of_channel), None) if channel else later
            if stating is None or stating.layer != key or not promises.is_longer(first, later):
                continue
            sooner = f"{later.cell.within}, sooner than {than} ({first.cell.within})"
            yield stating.path, f"{urgency!r} is promised {what}{_in(channel)} within {sooner}"


def _urgencies_out_of_order(promises: Promises) -> Advice:
    """What is more urgent is promised later."""
    for key in promises.policies:
        for channel, metric in product(promises.ways(key), Cells.model_fields):
            told = [(urgency, promises.own(key, urgency, metric, channel)) for urgency in promises.urgencies(key)]
            known = [(urgency, stated) for urgency, stated in told if stated is not None and stated.layer == key]
            for (more, one), (less, other) in pairwise(known):
                is_asked = not channel or one.is_of_channel or other.is_of_channel
                if is_asked and promises.is_longer(one, other):
                    later_one = f"{metric}{_in(channel)} within {one.cell.within} against {other.cell.within}"
                    path = other.path if channel and not one.is_of_channel else one.path
                    yield path, f"{more!r} is more urgent than {less!r} and is promised later: {later_one}"


def _layers_without_effect(promises: Promises) -> Advice:
    """A cell that is looser than the one it extends never counts: the tightest wins."""
    for key, channel, urgency in promises.asked():
        for metric in Cells.model_fields:
            found = promises.cells(key, urgency, metric, channel)
            if not found or found[-1].layer != key or (channel and not found[-1].is_of_channel):
                continue
            *below, top = found
            if sooner := next((one for one in below if promises.is_longer(top, one)), None):
                words = f"{sooner.layer} promises {sooner.cell.within}, which is sooner than {top.cell.within}"
                yield top.path, f'this never counts: {words}. If it is meant to loosen that, write rule = "replace"'


def _longer_than_a_week(promises: Promises) -> Advice:
    """A target of more hours than its calendar opens in a week is seldom what was agreed."""
    for key, channel, urgency in promises.asked():
        for metric in Cells.model_fields:
            stated = promises.own(key, urgency, metric, channel)
            if stated is None or stated.layer != key or stated.calendar is None:
                continue
            if channel and not stated.is_of_channel:
                continue
            within = stated.within
            week = length(promises.calendars[stated.calendar].open_between(promises.start, promises.end)) / WEEKS
            if isinstance(within, timedelta) and within > week:
                opens = f"calendar {stated.calendar!r}, which is open for {format_duration(week)}"
                mend = "business days (1bd) say more plainly what is meant"
                yield stated.path, f"{stated.cell.within} is longer than a week of {opens}: {mend}"


def _nobody_behind(promises: Promises) -> Advice:
    """Hours that a plan's promises count, or a client's addendum, and in which nobody of its line works."""
    tables = promises.tables
    for name, plan in tables.plans.items():
        yield from _unkept(promises, ("plans", name), plan.policy, plan.line)
    for name, client in tables.clients.items():
        for part in ADDENDA:
            if getattr(client, part) is not None:
                yield from _unkept(promises, ("clients", name, part), f"{name}.{part}", tables.plans[client.plan].line)


def _unkept(promises: Promises, path: KeyPath, policy: str, line_name: str) -> Advice:
    start, end, line = promises.start, promises.end, f"nobody of line {line_name!r} is there"
    there = promises.there(line_name)
    asked = product(promises.urgencies(policy), RESPONSES, promises.ways(policy))
    cells = [promises.own(policy, urgency, metric, channel) for urgency, metric, channel in asked]
    guaranteed = [stated for stated in cells if stated is not None and not stated.cell.goal]
    for counted in sorted({stated.calendar for stated in guaranteed if stated.calendar is not None}):
        if missing := _uncovered(promises.calendars[counted].intervals(start, end), there):
            for_long = format_duration(length(missing))
            yield path, f"[{dotted(path)}] counts calendar {counted!r}, and {line} for {for_long} of it in four weeks"
    gap = length(_longest_gap(start, end, there))
    shortest = min((parse_duration(one.cell.within) for one in guaranteed if one.cell.unit == "wall"), default=gap)
    if shortest < gap:
        real = f"{format_duration(shortest)} of real time, day and night"
        yield path, f"[{dotted(path)}] promises {real}, and {line} for up to {format_duration(gap)}"


def _ladders_unused(promises: Promises) -> Advice:
    """A ladder that neither a plan nor a policy names is climbed by nobody."""
    named = {plan.ladder for plan in promises.tables.plans.values()}
    named |= {policy.off_hours_ladder for policy in promises.tables.policies.values() if policy.off_hours_ladder}
    for key in promises.tables.ladders:
        if key not in named:
            yield ("ladders", key), f"no plan names [ladders.{key}]: none of its steps is ever told"


def _paged_by_no_ladder(promises: Promises) -> Advice:
    """Urgencies that are said to page people at once, of a plan whose line goes home and that names nobody to page."""
    told: set[str] = set()
    for name, plan in promises.tables.plans.items():
        chain = chain_of(plan.policy, promises.policies)
        stating = next((key for key, layer in reversed(chain) if layer.immediate), None)
        if stating is None or stating in told or any(layer.off_hours_ladder for _, layer in chain):
            continue
        if _longest_gap(promises.start, promises.end, promises.there(plan.line)):
            told.add(stating)
            words = f"these page nobody while line {plan.line!r} of [plans.{name}] is not there"
            yield ("policies", stating, "immediate"), f"{words}: name whom in off_hours_ladder"


def _reviews_passed(tables: DeskDirectory, today: date) -> Advice:
    """Documents that were to be read again, and those that count no more."""
    written: list[tuple[KeyPath, Policy | Addendum]] = [
        (("policies", key), one) for key, one in tables.policies.items()
    ]
    for key, client in tables.clients.items():
        addenda = ((part, getattr(client, part)) for part in ADDENDA)
        written += [(("clients", key, part), one) for part, one in addenda if one is not None]
    for path, one in written:
        if one.review is not None and one.review < today:
            words = f"the review date of [{dotted(path)}] ({one.review}) has passed: read the document again"
            yield (*path, "review"), words
        if one.until is not None and one.until <= today:
            words = f"[{dotted(path)}] counts no more since {one.until}: take it out, or write when it ends now"
            yield (*path, "until"), words


CHECKS: tuple[Callable[[Promises], Advice], ...] = (
    _holes,
    _sooner_than_first,
    _urgencies_out_of_order,
    _layers_without_effect,
    _longer_than_a_week,
    _nobody_behind,
    _ladders_unused,
    _paged_by_no_ladder,
)


def _in(channel: str) -> str:
    return f" in channel {channel}" if channel else ""


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for since, until in sorted(spans):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def _uncovered(wanted: Iterable[Span], there: list[Span]) -> int:
    """How much of the wanted time nobody is there."""
    total = 0
    for since, until in wanted:
        present = sum(max(0, min(until, end) - max(since, start)) for start, end in there)
        total += until - since - present
    return total


def _longest_gap(start: Instant, end: Instant, there: list[Span]) -> int:
    edges = [start, *(moment for span in there for moment in span), end]
    return max(later_one - earlier for earlier, later_one in zip(edges[::2], edges[1::2], strict=True))
