"""Follow-ups, resolution and pick-up: promises that not every policy makes. The office is open 9 to 17."""

from dataclasses import replace

import pytest

from sla import pick_up, promise
from sla.clock import PauseReason, State, overdue_ms
from sla.duration import Instant
from sla.policy import Metric, Policy, SatisfiedBy
from sla.promise import Promises, ReplyKind
from tests.unit.sla.made import CALENDARS, HOUR, OFFICE, at, compiled, hours, policy, spec

CELLS = {
    Metric.FIRST_RESPONSE: hours(1),
    Metric.NEXT_RESPONSE: hours(1),
    Metric.FOLLOW_UP: hours(4),
    Metric.RESOLUTION: hours(16),
}
TERMS = replace(policy(), targets={"medium": CELLS})
ANSWER = replace(TERMS, satisfied_by=SatisfiedBy.ANSWER)
MONDAY, ELEVEN, NOON, TWO, TUESDAY = (
    at(f"2026-02-0{day}T{hour}:00Z") for day, hour in ((2, 10), (2, 11), (2, 12), (2, 14), (3, 10))
)


def spoke(clocks: Promises, moment: Instant, terms: Policy = TERMS) -> Promises:
    return promise.client_spoke(clocks, terms, "medium", "email", CALENDARS, moment)


def replied(clocks: Promises, moment: Instant, kind: ReplyKind = ReplyKind.ANSWER, terms: Policy = TERMS) -> Promises:
    return promise.staff_replied(clocks, terms, kind, CALENDARS, moment, urgency="medium")


def follow_ups(clocks: Promises) -> list[tuple[State, Instant | None]]:
    return [(clock.state, clock.due_at) for clock in clocks if clock.metric is Metric.FOLLOW_UP]


def resolution(clocks: Promises) -> tuple[State, Instant | None]:
    (found,) = (clock for clock in clocks if clock.metric is Metric.RESOLUTION)
    return found.state, found.due_at


def test_each_reply_meets_the_follow_up_of_the_one_before_and_begins_its_own() -> None:
    clocks = replied(spoke((), MONDAY), ELEVEN)
    assert follow_ups(clocks) == [(State.RUNNING, at("2026-02-02T15:00Z"))]

    clocks = replied(clocks, TWO)
    assert follow_ups(clocks) == [(State.MET, at("2026-02-02T15:00Z")), (State.RUNNING, at("2026-02-03T10:00Z"))]


def test_without_its_cell_named_no_follow_up_begins() -> None:
    clocks = promise.staff_replied(spoke((), MONDAY), TERMS, ReplyKind.ANSWER, CALENDARS, ELEVEN)

    assert follow_ups(clocks) == []


def test_a_reply_told_twice_or_late_begins_no_second_follow_up() -> None:
    clocks = replied(spoke((), MONDAY), ELEVEN)

    assert replied(clocks, ELEVEN) == clocks
    assert len(follow_ups(replied(clocks, at("2026-02-02T10:30Z")))) == 1


def test_a_follow_up_waits_while_we_wait_for_the_client_or_a_third_party() -> None:
    clocks = promise.waiting(replied(spoke((), MONDAY), ELEVEN), CALENDARS, NOON, reason=PauseReason.THIRD_PARTY)
    assert follow_ups(clocks) == [(State.PAUSED, None)]

    clocks = promise.resumed(clocks, CALENDARS, TUESDAY)
    assert follow_ups(clocks) == [(State.RUNNING, at("2026-02-03T13:00Z"))]


@pytest.mark.parametrize("terms", [pytest.param(TERMS, id="human reply"), pytest.param(ANSWER, id="answer")])
def test_a_question_to_the_client_begins_a_follow_up_that_waits_for_them(terms: Policy) -> None:
    clocks = replied(spoke((), MONDAY, terms), ELEVEN, ReplyKind.CLARIFY, terms)

    assert follow_ups(clocks) == [(State.PAUSED, None)]
    assert follow_ups(spoke(clocks, TUESDAY, terms)) == [(State.RUNNING, at("2026-02-03T14:00Z"))]


def test_a_fix_and_a_resolution_end_the_follow_up() -> None:
    clocks = replied(spoke((), MONDAY), ELEVEN)

    assert follow_ups(promise.resolved(clocks, CALENDARS, NOON)) == [(State.CANCELLED, at("2026-02-02T15:00Z"))]
    assert follow_ups(replied(clocks, NOON, ReplyKind.FIX)) == [(State.MET, at("2026-02-02T15:00Z"))]


def test_a_reply_that_never_arrives_followed_up_nothing() -> None:
    before = replied(spoke((), MONDAY), ELEVEN)
    failed = promise.reply_failed(replied(before, NOON), CALENDARS, NOON)

    assert follow_ups(failed) == [(State.RUNNING, at("2026-02-02T15:00Z")), (State.CANCELLED, at("2026-02-02T16:00Z"))]


def test_a_question_that_never_arrives_stops_no_resolution() -> None:
    clocks = replied(spoke((), MONDAY), ELEVEN, ReplyKind.CLARIFY)
    assert resolution(clocks) == (State.PAUSED, None)

    assert resolution(promise.reply_failed(clocks, CALENDARS, ELEVEN)) == (State.RUNNING, at("2026-02-04T10:00Z"))


def test_a_resolution_runs_from_the_first_message_to_the_fix_whatever_is_answered_between() -> None:
    clocks = replied(spoke((), MONDAY), ELEVEN)
    assert resolution(clocks) == (State.RUNNING, at("2026-02-04T10:00Z"))
    assert resolution(spoke(clocks, TUESDAY)) == (State.RUNNING, at("2026-02-04T10:00Z"))

    stopped = promise.resolved(clocks, CALENDARS, TUESDAY)
    assert resolution(stopped) == (State.STOPPED, None)
    reopened = promise.reopened(stopped, CALENDARS, at("2026-02-05T10:00Z"))
    assert resolution(reopened) == (State.RUNNING, at("2026-02-06T10:00Z"))


def test_what_became_more_urgent_while_it_was_resolved_comes_back_under_its_new_promise() -> None:
    urgent = {**CELLS, Metric.RESOLUTION: hours(10)}
    terms = replace(TERMS, targets={"medium": CELLS, "high": urgent})
    stopped = promise.resolved(replied(spoke((), MONDAY), ELEVEN), CALENDARS, TUESDAY)
    louder = promise.retargeted(stopped, terms, "high", "email", CALENDARS, at("2026-02-05T10:00Z"))
    assert resolution(louder) == (State.STOPPED, None)

    reopened = promise.reopened(louder, CALENDARS, at("2026-02-05T10:00Z"))
    assert resolution(reopened) == (State.RUNNING, at("2026-02-05T12:00Z"))


def test_a_resolution_that_came_late_stays_late() -> None:
    late = at("2026-02-04T12:00Z")
    clocks = promise.resolved(replied(spoke((), MONDAY), ELEVEN), CALENDARS, late)
    clock = next(one for one in clocks if one.metric is Metric.RESOLUTION)

    assert (clock.state, clock.breached_at) == (State.STOPPED, at("2026-02-04T10:00Z"))
    assert overdue_ms(clock, OFFICE, at=at("2026-02-05T12:00Z")) == 2 * HOUR
    reopened = promise.reopened(clocks, CALENDARS, at("2026-02-05T10:00Z"))
    assert resolution(reopened) == (State.BREACHED, at("2026-02-04T10:00Z"))
    assert promise.fired(promise.fired(clocks, CALENDARS, late)[0], CALENDARS, late)[1] == ()


def test_new_opening_hours_keep_what_was_used() -> None:
    shorter = {"office": compiled(spec(week={"mon-fri": ["09:00-12:00"]}))}
    clocks = spoke((), MONDAY, replace(TERMS, targets={"medium": {Metric.FIRST_RESPONSE: hours(4)}}))

    assert [one.due_at for one in promise.rebased(clocks, shorter, ELEVEN)] == [at("2026-02-03T11:00Z")]


class TestPickUp:
    """An assigned person answers, acknowledges or hands over in time, or is passed over."""

    def test_half_of_a_short_response_or_a_quarter_of_an_hour(self) -> None:
        clocks = self.assigned(spoke((), MONDAY), MONDAY)
        assert clocks[-1].due_at == at("2026-02-02T10:15Z")

        short = replace(TERMS, targets={"medium": {Metric.FIRST_RESPONSE: hours(1 / 6)}})
        clocks = self.assigned(spoke((), MONDAY, short), MONDAY, short)
        assert clocks[-1].due_at == at("2026-02-02T10:05Z")

    def test_the_policy_may_say_how_long(self) -> None:
        terms = replace(TERMS, targets={"medium": {**CELLS, Metric.PICK_UP: hours(0.5)}})

        assert self.assigned(spoke((), MONDAY, terms), MONDAY, terms)[-1].due_at == at("2026-02-02T10:30Z")

    def test_where_nothing_is_owed_nothing_is_picked_up(self) -> None:
        assert self.assigned((), MONDAY) == ()

    def test_it_ends_with_what_the_person_does(self) -> None:
        clocks = self.assigned(spoke((), MONDAY), MONDAY)
        minute = Instant(MONDAY + 60_000)

        assert pick_up.picked_up(clocks, CALENDARS, minute)[-1].state is State.MET
        assert [one.state for one in replied(clocks, minute) if one.metric is Metric.PICK_UP] == [State.MET]
        assert pick_up.passed_over(clocks, minute)[-1].state is State.CANCELLED
        assert self.assigned(clocks, MONDAY) == clocks
        assert [one.state for one in self.assigned(clocks, minute)[-2:]] == [State.CANCELLED, State.RUNNING]

    def test_no_change_of_urgency_takes_it_away(self) -> None:
        clocks = self.assigned(spoke((), MONDAY), MONDAY)

        assert promise.retargeted(clocks, TERMS, "medium", "email", CALENDARS, MONDAY) == clocks

    @staticmethod
    def assigned(clocks: Promises, moment: Instant, terms: Policy = TERMS) -> Promises:
        return pick_up.assigned(clocks, terms, "medium", "email", CALENDARS, moment)
