"""Reminders: which stand, when they fall, and that each is told once."""

from datetime import timedelta

import pytest

from sla import clock as clocks_of
from sla.clock import BREACH, Clock, PauseReason, next_wake
from sla.duration import Instant
from sla.marks import last_call_ms, mark_points, parse_mark
from sla.policy import Metric
from tests.unit.sla.made import HOUR, MINUTE, OFFICE, at, hours, wall


def started(number: float, *marks: str) -> Clock:
    chosen = marks or clocks_of.DEFAULT_MARKS
    return clocks_of.start(Metric.FIRST_RESPONSE, hours(number), OFFICE, at=at("2026-02-02T10:00Z"), marks=chosen)


def told(clock: Clock, *, until: str = "2026-02-28T00:00Z") -> list[tuple[str, Instant]]:
    """Everything a clock tells when it is woken just when it asks to be."""
    heard: list[tuple[str, Instant]] = []
    now = clock.started_at
    while (wake := next_wake(clock, OFFICE, at=now)) is not None and wake <= at(until):
        now = wake
        clock, marks = clocks_of.fire(clock, OFFICE, at=now)
        heard += [(mark, now) for mark in marks]
    return heard


def test_a_promise_reminds_three_times_and_then_breaks() -> None:
    assert told(started(5)) == [
        ("50%", at("2026-02-02T12:30Z")),
        ("80%", at("2026-02-02T14:00Z")),
        ("last_call", at("2026-02-02T14:45Z")),
        ("breach", at("2026-02-02T15:00Z") + 1),
    ]


def test_reminders_keep_office_hours() -> None:
    clock = clocks_of.start(Metric.FIRST_RESPONSE, hours(2), OFFICE, at=at("2026-02-06T16:30Z"))

    assert told(clock)[0] == ("50%", at("2026-02-09T09:30Z"))


@pytest.mark.parametrize(
    ("target_ms", "before_due"),
    [
        pytest.param(10 * MINUTE, 2 * MINUTE, id="two minutes at least"),
        pytest.param(HOUR, 3 * MINUTE, id="a twentieth"),
        pytest.param(40 * HOUR, 30 * MINUTE, id="half an hour at most"),
    ],
)
def test_the_last_call_suits_the_length_of_the_promise(target_ms: int, before_due: int) -> None:
    assert last_call_ms(target_ms) == before_due


@pytest.mark.parametrize(
    ("marks", "target_ms", "standing"),
    [
        pytest.param(("50%", "T-30m"), 10 * MINUTE, ["50%"], id="thirty minutes before a promise of ten"),
        pytest.param(("50%", "80%", "last_call"), 10 * MINUTE, ["50%", "last_call"], id="80 % falls on the last call"),
        pytest.param(("50%", "80%", "last_call"), 2 * MINUTE, ["50%", "80%"], id="no time for a last call"),
        pytest.param(("90%", "50%"), HOUR, ["50%"], id="a mild mark after a more urgent one"),
        pytest.param((), HOUR, [], id="none wanted"),
    ],
)
def test_marks_that_mean_nothing_on_a_short_promise_are_left_out(
    marks: tuple[str, ...], target_ms: int, standing: list[str]
) -> None:
    assert [mark for mark, _ in mark_points(marks, target_ms, target_ms)] == standing


def test_marks_overdue_together_are_told_by_the_most_urgent() -> None:
    clock, marks = clocks_of.fire(started(5), OFFICE, at=at("2026-02-02T14:10Z"))

    assert marks == ("80%",)
    assert clocks_of.fire(clock, OFFICE, at=at("2026-02-02T14:10Z")) == (clock, ())
    assert [mark for mark, _ in told(clock)] == ["last_call", "breach"]


def test_after_downtime_only_the_breach_is_told() -> None:
    clock, marks = clocks_of.fire(started(5), OFFICE, at=at("2026-02-03T10:00Z"))

    assert marks == (BREACH,)
    assert clock.breached_at == at("2026-02-02T15:00Z")
    assert next_wake(clock, OFFICE, at=at("2026-02-03T10:00Z")) is None


def test_a_breach_noticed_by_another_event_is_still_told() -> None:
    breached = clocks_of.check(started(5), at=at("2026-02-02T16:00Z"))

    assert next_wake(breached, OFFICE, at=at("2026-02-02T16:00Z")) == at("2026-02-02T16:00Z")
    assert clocks_of.fire(breached, OFFICE, at=at("2026-02-02T16:00Z"))[1] == (BREACH,)


def test_nothing_is_told_while_paused_or_after_an_answer() -> None:
    waiting = clocks_of.pause(started(5), OFFICE, at=at("2026-02-02T11:00Z"), reason=PauseReason.DETAILS_MISSING)
    assert told(waiting) == []

    assert told(clocks_of.satisfy(started(5), OFFICE, at=at("2026-02-02T11:00Z"))) == []


def test_a_pause_moves_the_reminders() -> None:
    waiting = clocks_of.pause(started(5), OFFICE, at=at("2026-02-02T12:00Z"), reason=PauseReason.DETAILS_MISSING)
    running = clocks_of.resume(waiting, OFFICE, at=at("2026-02-03T09:00Z"))

    assert told(running)[0] == ("50%", at("2026-02-03T09:30Z"))


def test_a_loosened_promise_repeats_no_reminder() -> None:
    clock, _ = clocks_of.fire(started(1), OFFICE, at=at("2026-02-02T10:50Z"))
    loosened = clocks_of.retarget(clock, hours(5), OFFICE, at=at("2026-02-02T10:50Z"), floor=timedelta(minutes=15))

    assert [mark for mark, _ in told(loosened)] == ["last_call", "breach"]


def test_a_goal_reminds_quietly_and_never_breaks() -> None:
    goal = clocks_of.start(Metric.FIRST_RESPONSE, hours(2, goal=True), OFFICE, at=at("2026-02-02T10:00Z"))

    assert told(goal) == [("50%", at("2026-02-02T11:00Z"))]


def test_the_last_call_comes_before_the_off_hours_cap_too() -> None:
    capped = hours(1, cap=timedelta(hours=24))
    friday_night = clocks_of.start(Metric.FIRST_RESPONSE, capped, OFFICE, at=at("2026-02-06T22:00Z"))

    assert told(friday_night) == [
        ("last_call", at("2026-02-07T22:57Z")),
        ("breach", at("2026-02-07T23:00Z") + 1),
    ]


def test_a_floor_keeps_a_last_call_before_it_breaks() -> None:
    tightened = clocks_of.retarget(
        started(8), hours(1), OFFICE, at=at("2026-02-02T13:00Z"), floor=timedelta(minutes=15)
    )

    assert told(tightened) == [
        ("80%", at("2026-02-02T13:00Z")),
        ("last_call", at("2026-02-02T13:12Z")),
        ("breach", at("2026-02-02T13:15Z") + 1),
    ]


def test_real_time_reminds_at_night() -> None:
    clock = clocks_of.start(Metric.FIRST_RESPONSE, wall(4), OFFICE, at=at("2026-02-06T22:00Z"))

    assert told(clock)[0] == ("50%", at("2026-02-07T00:00Z"))


@pytest.mark.parametrize("text", ["50%", "last_call", "T-30m", "1%", "99%"])
def test_a_mark_is_read(text: str) -> None:
    assert parse_mark(text) == text


@pytest.mark.parametrize("text", ["", "100%", "0%", "T-0m", "T-soon", "breach", "half"])
def test_a_mark_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write"):
        parse_mark(text)
