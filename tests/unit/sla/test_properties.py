"""What holds for every calendar and every clock (semantics, section 9; the numbers are its)."""

import random
from datetime import timedelta
from functools import cache

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sla import clock as clocks_of
from sla.calendar import ALWAYS, Calendar, CalendarSpec, compile_calendar
from sla.clock import BREACH, Clock, PauseReason, State, next_wake, used_ms
from sla.duration import DAY_MODES, BusinessDays, Instant
from sla.policy import Metric, Target, Unit
from tests.unit.sla.made import HOUR, MINUTE, at

QUARTER = 900
MIDNIGHT = 86_400
#: Around the changes of clocks in spring 2026, which fall on different days in these zones.
FIRST, LAST = at("2026-03-01T00:00Z"), at("2026-04-20T00:00Z")
ZONES = ("UTC", "fixed:+03:00", "Europe/Prague", "America/Chicago", "Australia/Lord_Howe", "Asia/Kathmandu")

moments = st.integers(FIRST, LAST).map(Instant)
lengths = st.integers(0, 60 * HOUR)


def windows(chance: random.Random) -> tuple[tuple[int, int], ...]:
    """One window, two, or a night shift."""
    a, b, c, d = (cut * QUARTER for cut in sorted(chance.sample(range(97), 4)))
    return chance.choice((((a, d),), ((a, b), (c, d)), ((c, a),)))


@cache
def calendar_number(number: int) -> Calendar:
    """Compiling takes longer than asking, so the calendars are drawn from a fixed hundred and a half."""
    chance = random.Random(number)
    week = (*(windows(chance) if chance.random() < 0.7 else () for _ in range(6)), windows(chance))
    spec = CalendarSpec("any", chance.choice(ZONES), week, day_length=timedelta(hours=8))
    return compile_calendar(spec, start=FIRST, end=LAST)


calendars = st.integers(0, 149).map(calendar_number)


@cache
def day_and_its_parts(zone: str, cut: int) -> tuple[Calendar, Calendar]:
    one, other = (((QUARTER, MIDNIGHT),), ((QUARTER, cut * QUARTER), (cut * QUARTER, MIDNIGHT)))
    whole, parts = (CalendarSpec("any", zone, (windows,) * 7) for windows in (one, other))
    return compile_calendar(whole, start=FIRST, end=LAST), compile_calendar(parts, start=FIRST, end=LAST)


@st.composite
def targets(draw: st.DrawFn) -> Target:
    unit = draw(st.sampled_from(Unit))
    within = timedelta(minutes=draw(st.integers(1, 40 * 60)))
    cap = draw(st.none() | st.integers(0, 48)) if unit is Unit.BUSINESS else None
    return Target(within, unit, "any", off_hours_cap=None if cap is None else timedelta(hours=cap))


def started(calendar: Calendar, target: Target, moment: Instant) -> Clock:
    return clocks_of.start(Metric.FIRST_RESPONSE, target, calendar, at=moment)


@given(calendars, moments, moments, moments)
def test_1_open_time_adds_up(calendar: Calendar, one: Instant, two: Instant, three: Instant) -> None:
    a, b, c = sorted((one, two, three))

    assert calendar.open_between(a, b) + calendar.open_between(b, c) == calendar.open_between(a, c)
    assert 0 <= calendar.open_between(a, b) <= b - a


@given(calendars, moments, lengths)
def test_2_advance_is_the_earliest_moment_with_so_much_open_time(calendar: Calendar, moment: Instant, ms: int) -> None:
    due = calendar.advance(moment, ms)

    assert calendar.open_between(moment, due) == ms
    assert ms == 0 or calendar.open_between(moment, Instant(due - 1)) < ms


@given(calendars, moments, moments, lengths, lengths)
def test_3_later_arrivals_and_longer_promises_are_never_due_earlier(
    calendar: Calendar, one: Instant, two: Instant, short: int, long: int
) -> None:
    earlier, later = sorted((one, two))
    short, long = sorted((short, long))

    assert calendar.advance(earlier, short) <= calendar.advance(later, short)
    assert calendar.advance(earlier, short) <= calendar.advance(earlier, long)


@given(calendars, moments, moments, st.integers(1, 4), st.sampled_from(DAY_MODES))
def test_3_and_13_so_it_is_with_business_days_of_every_mode(
    calendar: Calendar, one: Instant, two: Instant, count: int, mode: str
) -> None:
    earlier, later = sorted((one, two))
    days = BusinessDays(count, next(known for known in DAY_MODES if known == mode))

    assert calendar.advance(earlier, calendar.business_days(earlier, days)) <= calendar.advance(
        later, calendar.business_days(later, days)
    )
    more = BusinessDays(count + 1, days.mode)
    assert calendar.business_days(earlier, days) <= calendar.business_days(earlier, more)


@given(st.sampled_from(ZONES), moments, lengths)
def test_4_day_and_night_is_real_time_in_every_zone(zone: str, moment: Instant, ms: int) -> None:
    whole = compile_calendar(CalendarSpec("any", zone, (((0, MIDNIGHT),),) * 7), start=FIRST, end=LAST)

    assert whole.advance(moment, ms) == ALWAYS.advance(moment, ms)


@given(st.sampled_from(ZONES), st.integers(2, 95), moments, lengths)
def test_5_splitting_a_window_changes_nothing(zone: str, cut: int, moment: Instant, ms: int) -> None:
    whole, parts = day_and_its_parts(zone, cut)

    assert whole.advance(moment, ms) == parts.advance(moment, ms)
    assert whole.intervals(FIRST, LAST) == parts.intervals(FIRST, LAST)


@given(calendars, targets(), moments, st.integers(0, 50 * HOUR))
def test_6_a_pause_of_no_length_changes_nothing(
    calendar: Calendar, target: Target, moment: Instant, after: int
) -> None:
    clock = started(calendar, target, moment)
    then = Instant(moment + after)
    waiting = clocks_of.pause(clock, calendar, at=then, reason=PauseReason.THIRD_PARTY)
    resumed = clocks_of.resume(waiting, calendar, at=then)

    assert (resumed.state, resumed.pauses) == (clocks_of.check(clock, at=then).state, ())
    assert resumed.due_at == clock.due_at
    assert used_ms(resumed, calendar, at=then) == used_ms(clock, calendar, at=then)


@given(calendars, st.integers(1, 40 * 60), moments, st.integers(0, 50 * HOUR), st.floats(0, 1))
def test_6_a_pause_in_closed_hours_costs_nothing(
    calendar: Calendar, minutes: int, moment: Instant, after: int, share: float
) -> None:
    clock = started(calendar, Target(timedelta(minutes=minutes), Unit.BUSINESS, "any"), moment)
    begins = Instant(moment + after)
    assume(not calendar.is_open(begins))
    assume(clock.due_at is not None and begins < clock.due_at)
    ends = Instant(begins + int((calendar.next_open(begins) - begins) * share))
    waiting = clocks_of.pause(clock, calendar, at=begins, reason=PauseReason.THIRD_PARTY)

    assert clocks_of.resume(waiting, calendar, at=ends).due_at == clock.due_at


HAPPENINGS = st.lists(st.tuples(st.sampled_from(("pause", "resume", "satisfy")), st.integers(1, 8 * HOUR)), max_size=8)


@given(calendars, targets(), moments, HAPPENINGS, st.data())
def test_7_a_happening_told_again_at_any_later_time_changes_nothing(
    calendar: Calendar, target: Target, moment: Instant, happenings: list[tuple[str, int]], data: st.DataObject
) -> None:
    clock, now, heard = started(calendar, target, moment), moment, list[tuple[str, Instant]]()
    for name, after in happenings:
        now = Instant(now + after)
        heard.append((name, now))
        clock = happened(clock, calendar, name, now)
        again, then = data.draw(st.sampled_from(heard))

        assert happened(clock, calendar, again, then) == clock


def happened(clock: Clock, calendar: Calendar, name: str, moment: Instant) -> Clock:
    if name == "pause":
        return clocks_of.pause(clock, calendar, at=moment, reason=PauseReason.THIRD_PARTY)
    return (clocks_of.resume if name == "resume" else clocks_of.satisfy)(clock, calendar, at=moment)


@given(calendars, targets(), targets(), moments, st.tuples(st.integers(0, 30 * HOUR), st.integers(0, 60)))
def test_9_and_12_a_change_of_target_gains_nothing_by_repetition_and_leaves_the_floor(
    calendar: Calendar, old: Target, new: Target, moment: Instant, waits: tuple[int, int]
) -> None:
    clock, now, floor = started(calendar, old, moment), Instant(moment + waits[0]), timedelta(minutes=waits[1])
    assume(clock.due_at is not None and now <= clock.due_at)
    changed = clocks_of.retarget(clock, new, calendar, at=now, floor=floor)
    again = clocks_of.retarget(changed, new, calendar, at=now, floor=floor)
    fresh = started(calendar, new, moment)
    assert clock.due_at is not None
    assert changed.due_at is not None
    assert fresh.due_at is not None

    assert again.due_at == changed.due_at
    assert changed.due_at >= now
    assert changed.due_at >= fresh.due_at or changed.due_at == now
    assert changed.due_at <= max(fresh.due_at, clock.due_at)
    assert clocks_of.retarget(clock, old, calendar, at=now, floor=floor).due_at == clock.due_at


@given(
    calendars,
    st.tuples(*[st.integers(1, 2_400)] * 2),
    moments,
    st.tuples(st.integers(0, 30 * HOUR), st.integers(0, 60)),
)
def test_12_tightening_never_moves_the_due_moment_later_and_loosening_never_earlier(
    calendar: Calendar, lengths_of: tuple[int, int], moment: Instant, waits: tuple[int, int]
) -> None:
    short, long = (Target(timedelta(minutes=one), Unit.BUSINESS, "any") for one in sorted(lengths_of))
    now, floor = Instant(moment + waits[0]), timedelta(minutes=waits[1])
    for old, new in ((short, long), (long, short)):
        clock = started(calendar, old, moment)
        assume(clock.due_at is not None and now <= clock.due_at)
        changed = clocks_of.retarget(clock, new, calendar, at=now, floor=floor)
        assert clock.due_at is not None
        assert changed.due_at is not None

        assert changed.due_at >= clock.due_at if new is long else changed.due_at <= clock.due_at


@settings(max_examples=200)
@given(calendars, targets(), moments, st.lists(st.integers(0, 30 * HOUR), max_size=4))
def test_10_and_11_reminders_come_in_order_before_due_and_the_breach_once(
    calendar: Calendar, target: Target, moment: Instant, gaps: list[int]
) -> None:
    clock, now, heard = started(calendar, target, moment), moment, list[tuple[str, Instant]]()
    # Woken late now and then: a process sleeps, a machine is down.
    lateness = [*gaps, *[0] * 20]
    while (wake := next_wake(clock, calendar, at=now)) is not None:
        now = Instant(wake + lateness.pop(0))
        clock, marks = clocks_of.fire(clock, calendar, at=now)
        heard += [(mark, now) for mark in marks]

    told = [mark for mark, _ in heard]
    assert told.count(BREACH) == 1
    assert told[-1] == BREACH
    assert len(set(told)) == len(told)
    assert (clock.state, clock.breached_at) == (State.BREACHED, clock.due_at)
    assert clock.due_at is not None
    assert all(when < clock.due_at for mark, when in heard if mark != BREACH)
    order = [("50%", "80%", "last_call", BREACH).index(mark) for mark in told]
    assert order == sorted(order)


@given(calendars, targets(), moments, st.integers(0, 20 * HOUR))
def test_time_left_and_time_used_make_the_whole(
    calendar: Calendar, target: Target, moment: Instant, after: int
) -> None:
    clock, now = started(calendar, target, moment), Instant(moment + after)
    assume(target.off_hours_cap is None and clock.due_at is not None and now <= clock.due_at)

    assert used_ms(clock, calendar, at=now) + clocks_of.left_ms(clock, calendar, at=now) == clock.target_ms
    assert clock.target_ms >= MINUTE
