"""The auditor's own arithmetic agrees with the engine on every clock there can be, and not with a tampered one."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from sla import clock as clocks_of
from sla import promise
from sla.clock import Clock, State
from sla.duration import Instant
from sla.promise import calendar_of
from sla.refold import mismatch
from tests.unit.sla.made import CALENDARS
from tests.unit.sla.test_refolded import HAPPENINGS, MONDAY, logs


@settings(max_examples=300)
@given(logs)
def test_whatever_happens_an_open_clock_adds_up(log: list[tuple[str, int, bool, float]]) -> None:
    now, clocks = MONDAY, HAPPENINGS["client"]((), MONDAY)
    for name, after, _, _ in log:
        now = Instant(now + after)
        clocks, _ = promise.fired(HAPPENINGS[name](clocks, now), CALENDARS, now)
        for clock in clocks:
            if clock.ended_at is None:
                assert mismatch(clock, calendar_of(clock, CALENDARS)) == ""


def _running() -> Clock:
    (clock, *_) = HAPPENINGS["client"]((), MONDAY)
    return clock


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"due_at": Instant(MONDAY + 1)}, "away from when it is", id="another moment"),
        pytest.param({"due_at": None}, "never due", id="no moment"),
        pytest.param({"wall_ms": 7}, "another time than its pauses leave", id="time out of nowhere"),
        pytest.param({"state": State.PAUSED}, "paused and due", id="paused and due"),
        pytest.param({"state": State.BREACHED, "breached_at": MONDAY}, "broke at another moment", id="too early"),
    ],
)
def test_what_was_tampered_with_is_said(change: dict[str, object], words: str) -> None:
    clock = _running()
    assert words in mismatch(replace(clock, **change), calendar_of(clock, CALENDARS))  # type: ignore[arg-type]


def test_a_clock_that_runs_in_the_middle_of_a_pause_is_said() -> None:
    (paused, *_) = HAPPENINGS["wait"]((_running(),), Instant(MONDAY + 60_000))
    running = replace(paused, state=State.RUNNING, due_at=Instant(MONDAY + 1), running_since=Instant(MONDAY + 60_000))
    assert mismatch(running, calendar_of(running, CALENDARS)) == "it runs in the middle of a pause"


def test_a_goal_that_is_over_may_pause_and_go_on() -> None:
    goal = replace(_running(), target=replace(_running().target, goal=True))
    calendar = calendar_of(goal, CALENDARS)
    over = Instant((goal.due_at or MONDAY) + 600_000)
    paused = clocks_of.pause(goal, calendar, at=over, reason=clocks_of.PauseReason.DETAILS_MISSING)
    again = clocks_of.resume(paused, calendar, at=Instant(over + 600_000))

    assert again.state is State.RUNNING
    assert mismatch(again, calendar) == ""
