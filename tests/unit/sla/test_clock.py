"""One promise: every way from state to state, and what it costs. Monday 2 February 2026; the office is open 9 to 17."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sla import clock as clocks_of
from sla.calendar import ALWAYS
from sla.clock import Clock, PauseReason, State, clock_from_json, clock_to_json, left_ms, overdue_ms, used_ms
from sla.duration import BusinessDays
from sla.policy import Metric, Target, Unit
from tests.unit.sla.made import HOUR, MINUTE, OFFICE, at, compiled, hours, spec, wall

TEN = at("2026-02-02T10:00Z")
ELEVEN = at("2026-02-02T11:00Z")
NOON = at("2026-02-02T12:00Z")
TWO = at("2026-02-02T14:00Z")
TUESDAY = at("2026-02-03T10:00Z")
FLOOR = timedelta(minutes=15)


def started(target: Target | None = None, start: str = "2026-02-02T10:00Z") -> Clock:
    return clocks_of.start(Metric.FIRST_RESPONSE, target or hours(2), OFFICE, at=at(start))


def paused(clock: Clock, moment: int) -> Clock:
    return clocks_of.pause(clock, OFFICE, at=clock.started_at + moment, reason=PauseReason.THIRD_PARTY)  # type: ignore[arg-type]


def test_a_clock_is_due_after_so_many_open_hours() -> None:
    assert started().due_at == NOON
    assert started(hours(2), "2026-02-06T16:00Z").due_at == at("2026-02-09T10:00Z")


def test_a_wall_clock_runs_through_the_night() -> None:
    assert started(wall(12), "2026-02-06T20:00Z").due_at == at("2026-02-07T08:00Z")


def test_business_days_are_resolved_once_at_the_start() -> None:
    clock = started(Target(BusinessDays(1), Unit.BUSINESS, "office"))

    assert (clock.due_at, clock.target_ms) == (TUESDAY, 8 * HOUR)
    resumed = clocks_of.resume(paused(clock, HOUR), OFFICE, at=NOON)
    assert resumed.due_at == at("2026-02-03T11:00Z")


def test_the_due_moment_itself_is_in_time() -> None:
    assert clocks_of.check(started(), at=NOON).state is State.RUNNING
    assert clocks_of.satisfy(started(), OFFICE, at=NOON).state is State.MET


def test_a_breach_bears_the_due_moment_and_not_the_moment_it_was_noticed() -> None:
    breached = clocks_of.check(started(), at=TUESDAY)

    assert (breached.state, breached.breached_at, breached.due_at) == (State.BREACHED, NOON, NOON)
    assert used_ms(breached, OFFICE, at=TUESDAY) == 2 * HOUR
    assert overdue_ms(breached, OFFICE, at=TUESDAY) == 6 * HOUR


def test_an_answer_after_the_breach_is_met_late_and_says_how_late() -> None:
    late = clocks_of.satisfy(started(), OFFICE, at=TUESDAY)

    assert (late.state, late.breached_at, late.satisfied_at) == (State.MET_LATE, NOON, TUESDAY)
    assert overdue_ms(late, OFFICE, at=at("2026-02-10T10:00Z")) == 6 * HOUR


def test_evidence_of_a_timely_answer_retracts_the_breach() -> None:
    breached = clocks_of.check(started(), at=TUESDAY)
    retracted = clocks_of.satisfy(breached, OFFICE, at=ELEVEN)

    assert (retracted.state, retracted.breached_at, retracted.satisfied_at) == (State.RETRACTED, NOON, ELEVEN)
    assert (
        clocks_of.satisfy(clocks_of.satisfy(breached, OFFICE, at=TUESDAY), OFFICE, at=ELEVEN).state is State.RETRACTED
    )


def test_the_first_of_two_answers_counts() -> None:
    met = clocks_of.satisfy(started(), OFFICE, at=ELEVEN)

    assert clocks_of.satisfy(met, OFFICE, at=TUESDAY) == met
    assert clocks_of.satisfy(met, OFFICE, at=at("2026-02-02T10:30Z")).satisfied_at == at("2026-02-02T10:30Z")


def test_what_was_said_before_the_clock_started_answers_nothing() -> None:
    clock = started()

    assert clocks_of.satisfy(clock, OFFICE, at=at("2026-02-02T09:59Z")) == clock


def test_a_paused_clock_keeps_what_it_has_left() -> None:
    waiting = paused(started(), HOUR)
    assert (waiting.state, waiting.due_at, waiting.pause_reason) == (State.PAUSED, None, PauseReason.THIRD_PARTY)
    assert left_ms(waiting, OFFICE, at=TUESDAY) == HOUR

    running = clocks_of.resume(waiting, OFFICE, at=TUESDAY)
    assert (running.state, running.due_at, running.pause_reason) == (State.RUNNING, at("2026-02-03T11:00Z"), None)


def test_a_paused_clock_cannot_breach_and_is_met_by_an_answer() -> None:
    waiting = paused(started(), HOUR)

    assert clocks_of.check(waiting, at=TUESDAY) == waiting
    met = clocks_of.satisfy(waiting, OFFICE, at=TUESDAY)
    assert (met.state, met.due_at, used_ms(met, OFFICE, at=TUESDAY)) == (State.MET, None, HOUR)


def test_a_pause_at_the_due_moment_wins() -> None:
    waiting = paused(started(), 2 * HOUR)

    assert waiting.state is State.PAUSED
    assert clocks_of.resume(waiting, OFFICE, at=TUESDAY).due_at == TUESDAY


def test_a_second_pause_and_a_second_resumption_change_nothing() -> None:
    waiting = paused(started(), HOUR)
    assert clocks_of.pause(waiting, OFFICE, at=NOON, reason=PauseReason.DETAILS_MISSING) == waiting

    running = clocks_of.resume(waiting, OFFICE, at=NOON)
    assert clocks_of.resume(running, OFFICE, at=TWO) == running


def test_an_old_pause_told_again_after_the_resumption_changes_nothing() -> None:
    running = clocks_of.resume(paused(started(), HOUR), OFFICE, at=TUESDAY)

    assert clocks_of.pause(running, OFFICE, at=ELEVEN, reason=PauseReason.THIRD_PARTY) == running


def test_an_old_resumption_told_again_after_the_pause_changes_nothing() -> None:
    waiting = paused(started(), HOUR)

    assert clocks_of.resume(waiting, OFFICE, at=TEN) == waiting


def test_a_timely_pause_that_is_told_late_takes_the_breach_back() -> None:
    breached, _ = clocks_of.fire(started(), OFFICE, at=TUESDAY)
    waiting = clocks_of.pause(breached, OFFICE, at=ELEVEN, reason=PauseReason.DETAILS_MISSING)

    assert (waiting.state, waiting.breached_at, left_ms(waiting, OFFICE, at=TUESDAY)) == (State.PAUSED, None, HOUR)
    assert clocks_of.BREACH not in waiting.fired


def test_a_pause_after_the_breach_changes_nothing() -> None:
    breached = clocks_of.check(started(), at=TWO)

    assert clocks_of.pause(breached, OFFICE, at=TWO, reason=PauseReason.THIRD_PARTY) == breached


def test_the_time_between_resolution_and_reopening_is_not_counted() -> None:
    stopped = clocks_of.stop(started(), OFFICE, at=ELEVEN)
    assert (stopped.state, stopped.due_at) == (State.STOPPED, None)

    assert clocks_of.reopen(stopped, OFFICE, at=TUESDAY).due_at == at("2026-02-03T11:00Z")
    assert clocks_of.resume(stopped, OFFICE, at=TUESDAY) == stopped


def test_a_ticket_resolved_while_waiting_reopens_with_what_was_left() -> None:
    stopped = clocks_of.stop(paused(started(), HOUR), OFFICE, at=TWO)

    assert stopped.pause_reason is PauseReason.RESOLVED
    assert clocks_of.reopen(stopped, OFFICE, at=TUESDAY).due_at == at("2026-02-03T11:00Z")


def test_a_cancelled_clock_stays_cancelled() -> None:
    cancelled = clocks_of.cancel(started(), at=ELEVEN, reason="merged into T-7")

    assert (cancelled.state, cancelled.ended_at, cancelled.end_reason) == (State.CANCELLED, ELEVEN, "merged into T-7")
    assert clocks_of.satisfy(cancelled, OFFICE, at=ELEVEN) == cancelled
    assert clocks_of.check(cancelled, at=TUESDAY) == cancelled
    assert used_ms(cancelled, OFFICE, at=TUESDAY) == HOUR


def test_what_is_met_cannot_be_cancelled() -> None:
    met = clocks_of.satisfy(started(), OFFICE, at=ELEVEN)

    assert clocks_of.cancel(met, at=TWO, reason="spam") == met


def test_a_broken_promise_stays_broken_when_nobody_waits_any_more() -> None:
    ended = clocks_of.end(started(), at=TWO, reason="resolved")
    assert (ended.state, ended.breached_at, clocks_of.is_owing(ended)) == (State.BREACHED, NOON, False)

    assert clocks_of.end(started(), at=NOON, reason="resolved").state is State.CANCELLED


def test_an_answer_after_nobody_waits_any_more_does_not_rewrite_the_record() -> None:
    ended = clocks_of.end(started(), at=TWO, reason="resolved")

    assert clocks_of.satisfy(ended, OFFICE, at=TUESDAY) == ended
    assert clocks_of.satisfy(ended, OFFICE, at=ELEVEN).state is State.RETRACTED


def test_an_eta_is_a_moment_that_nothing_pauses() -> None:
    eta = clocks_of.start_eta(at("2026-02-07T15:00Z"), at=TEN)

    assert eta.due_at == at("2026-02-07T15:00Z")
    assert clocks_of.pause(eta, ALWAYS, at=NOON, reason=PauseReason.THIRD_PARTY) == eta
    assert clocks_of.retarget(eta, hours(1), OFFICE, at=NOON, floor=FLOOR) == eta


def test_an_eta_in_the_past_is_refused() -> None:
    with pytest.raises(ValueError, match="must lie ahead"):
        clocks_of.start_eta(TEN, at=TEN)


def test_a_goal_is_late_but_never_breached() -> None:
    goal = started(hours(2, goal=True))
    assert clocks_of.check(goal, at=TUESDAY) == goal

    late = clocks_of.satisfy(goal, OFFICE, at=TUESDAY)
    assert (late.state, late.breached_at) == (State.MET_LATE, None)


def test_the_off_hours_cap_bounds_the_wait_in_real_time() -> None:
    friday_night = started(hours(1, cap=timedelta(hours=24)), "2026-02-06T22:00Z")
    assert friday_night.due_at == at("2026-02-07T23:00Z")
    assert left_ms(friday_night, OFFICE, at=at("2026-02-07T22:00Z")) == HOUR

    monday_night = started(hours(1, cap=timedelta(hours=24)), "2026-02-02T22:00Z")
    assert monday_night.due_at == at("2026-02-03T10:00Z")


@pytest.mark.parametrize(
    ("target", "changed_at", "due_at"),
    [
        pytest.param(hours(1), "2026-02-02T10:30Z", "2026-02-02T11:00Z", id="tightened in time: from the start"),
        pytest.param(hours(1), "2026-02-02T13:00Z", "2026-02-02T13:15Z", id="tightened too late: the floor"),
        pytest.param(hours(0.1), "2026-02-02T13:00Z", "2026-02-02T13:06Z", id="a target shorter than the floor"),
        pytest.param(hours(1), "2026-02-02T13:55Z", "2026-02-02T14:00Z", id="less than the floor was left before"),
        pytest.param(hours(6), "2026-02-02T13:00Z", "2026-02-02T16:00Z", id="loosened"),
        pytest.param(hours(4), "2026-02-02T13:00Z", "2026-02-02T14:00Z", id="the same again"),
        pytest.param(wall(5), "2026-02-02T13:00Z", "2026-02-02T15:00Z", id="real hours instead of office hours"),
        pytest.param(wall(1), "2026-02-02T13:55Z", "2026-02-02T14:00Z", id="real hours, less than the floor left"),
    ],
)
def test_a_change_of_target_counts_from_the_start(target: Target, changed_at: str, due_at: str) -> None:
    changed = clocks_of.retarget(started(hours(4)), target, OFFICE, at=at(changed_at), floor=FLOOR)

    assert changed.due_at == at(due_at)
    again = clocks_of.retarget(changed, target, OFFICE, at=at(changed_at) + 60_000, floor=FLOOR)  # type: ignore[arg-type]
    assert again.due_at == at(due_at)


def test_a_strict_contract_leaves_no_floor() -> None:
    changed = clocks_of.retarget(started(hours(4)), hours(1), OFFICE, at=at("2026-02-02T13:00Z"), floor=timedelta(0))

    assert changed.due_at == at("2026-02-02T13:00Z")


def test_another_calendar_counts_the_same_stretches_anew() -> None:
    late_desk = compiled(spec(week={"mon-fri": ["11:00-20:00"]}))
    waited = clocks_of.resume(paused(started(hours(4)), 2 * HOUR), OFFICE, at=at("2026-02-02T13:00Z"))
    target = Target(timedelta(hours=4), Unit.BUSINESS, "late desk")

    changed = clocks_of.retarget(waited, target, late_desk, at=TWO, floor=FLOOR)

    assert used_ms(changed, late_desk, at=TWO) == 2 * HOUR  # 11 to 12 and 13 to 14
    assert changed.due_at == at("2026-02-02T16:00Z")


def test_a_change_while_paused_shows_on_resumption() -> None:
    changed = clocks_of.retarget(paused(started(hours(4)), HOUR), hours(2), OFFICE, at=NOON, floor=FLOOR)
    assert (changed.state, changed.due_at) == (State.PAUSED, None)

    assert clocks_of.resume(changed, OFFICE, at=TWO).due_at == at("2026-02-02T15:00Z")


def test_a_change_after_the_breach_is_only_recorded() -> None:
    changed = clocks_of.retarget(started(), hours(8), OFFICE, at=TWO, floor=FLOOR)

    assert (changed.state, changed.due_at, changed.target_ms) == (State.BREACHED, NOON, 8 * HOUR)


def test_a_floor_left_by_a_change_survives_a_pause() -> None:
    changed = clocks_of.retarget(started(hours(4)), hours(1), OFFICE, at=at("2026-02-02T13:00Z"), floor=FLOOR)
    waiting = clocks_of.pause(changed, OFFICE, at=at("2026-02-02T13:05Z"), reason=PauseReason.THIRD_PARTY)

    assert clocks_of.resume(waiting, OFFICE, at=TUESDAY).due_at == at("2026-02-03T10:10Z")


def test_longer_opening_hours_bring_the_due_moment_nearer_from_the_edit_on() -> None:
    clock = started(hours(4), "2026-02-02T15:00Z")
    edited = compiled(spec(), spec(week={"mon-fri": ["09:00-21:00"]}, effective_from="2026-02-02T16:00Z"))

    assert clocks_of.rebase(clock, edited, at=at("2026-02-02T16:00Z")).due_at == at("2026-02-02T19:00Z")
    assert clocks_of.rebase(clock, OFFICE, at=at("2026-02-02T16:00Z")) == clock


@pytest.mark.parametrize(
    ("hours_now", "due_at", "state"),
    [
        pytest.param(["13:00-17:00"], "2026-02-02T15:00Z", State.RUNNING, id="put off beyond now"),
        pytest.param(["10:30-17:00"], "2026-02-02T12:30Z", State.BREACHED, id="put off, and passed as well"),
        pytest.param(["08:00-17:00"], "2026-02-02T12:00Z", State.BREACHED, id="brought forward"),
    ],
)
def test_a_moment_that_passed_before_anybody_looked_is_asked_of_the_hours_as_they_turned_out(
    hours_now: list[str], due_at: str, state: State
) -> None:
    found = clocks_of.rebase(started(), compiled(spec(week={"mon-fri": hours_now})), at=at("2026-02-02T13:00Z"))

    assert (found.due_at, found.state) == (at(due_at), state)
    assert found.breached_at == (found.due_at if state is State.BREACHED else None)


def test_a_goal_that_is_late_stays_so() -> None:
    """No pause, no resolution and no other target makes it in time again."""
    goal = started(hours(2, goal=True))
    paused = clocks_of.pause(goal, OFFICE, at=TWO, reason=PauseReason.THIRD_PARTY)
    stopped = clocks_of.stop(goal, OFFICE, at=TWO)
    reopened = clocks_of.reopen(stopped, OFFICE, at=TUESDAY)
    changed = clocks_of.retarget(goal, hours(100, goal=True), OFFICE, at=TWO, floor=timedelta(0))

    assert stopped.state is State.STOPPED
    for clock in (paused, reopened, changed):
        assert clock.due_at == goal.due_at
        assert clocks_of.satisfy(clock, OFFICE, at=TUESDAY).state is State.MET_LATE


def test_a_goal_that_passed_does_not_wander_with_the_hours() -> None:
    aim = started(replace(hours(2), goal=True))

    assert clocks_of.rebase(aim, compiled(spec(week={"mon-fri": ["08:00-17:00"]})), at=TUESDAY) == aim


@pytest.mark.parametrize(
    "clock",
    [
        pytest.param(started(hours(2, cap=timedelta(hours=24))), id="running under a cap"),
        pytest.param(paused(started(), HOUR), id="paused"),
        pytest.param(clocks_of.resume(paused(started(), HOUR), OFFICE, at=TUESDAY), id="resumed"),
        pytest.param(clocks_of.fire(started(), OFFICE, at=TUESDAY)[0], id="breached and told"),
        pytest.param(clocks_of.satisfy(started(), OFFICE, at=TUESDAY), id="met late"),
        pytest.param(clocks_of.cancel(started(), at=ELEVEN, reason="spam"), id="cancelled"),
        pytest.param(started(Target(BusinessDays(2, "end_of_day"), Unit.BUSINESS, "office")), id="in business days"),
    ],
)
def test_a_clock_is_kept_and_read_back_as_it_was(clock: Clock) -> None:
    assert clock_from_json(clock_to_json(clock)) == clock


def test_a_clock_is_kept_without_what_it_does_not_have() -> None:
    stored = clock_to_json(started())

    assert not stored.keys() & {"cap_ms", "breached_at", "business_ms", "end_reason", "fired", "pauses", "due_by"}
    assert not stored["target"].keys() & {"goal", "off_hours_cap", "high_load", "replaces"}
    # As it was kept before.
    whole = {
        **stored,
        "cap_ms": None,
        "breached_at": None,
        "business_ms": 0,
        "end_reason": "",
        "fired": [],
        "pauses": [],
    }
    whole["target"] = {**stored["target"], "goal": False, "off_hours_cap": None, "high_load": None, "replaces": False}
    assert clock_from_json(whole) == started()


def test_time_left_is_counted_in_the_clocks_own_time() -> None:
    clock = started(hours(2), "2026-02-06T16:00Z")

    assert left_ms(clock, OFFICE, at=at("2026-02-07T12:00Z")) == HOUR
    assert left_ms(clock, OFFICE, at=at("2026-02-09T09:30Z")) == 30 * MINUTE
    assert left_ms(clock, OFFICE, at=at("2026-02-09T11:00Z")) == 0
    assert overdue_ms(clock, OFFICE, at=at("2026-02-09T09:30Z")) == 0
