"""What happens on a ticket, and which promises it starts, meets, pauses and ends. The office is open 9 to 17."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import pytest

from sla import promise
from sla.clock import BREACH, PauseReason, State, is_owing
from sla.duration import Instant
from sla.policy import Metric, Policy, SatisfiedBy, Target, targets_for
from sla.promise import Promises, ReplyKind
from tests.unit.sla.made import CALENDARS, at, policy

HUMAN = policy()
ANSWER = policy(SatisfiedBy.ANSWER)

TEN = at("2026-02-02T10:00Z")
HALF_PAST = at("2026-02-02T10:30Z")
ELEVEN = at("2026-02-02T11:00Z")
NOON = at("2026-02-02T12:00Z")
ONE = at("2026-02-02T13:00Z")
TUESDAY = at("2026-02-03T10:00Z")


def spoke(
    clocks: Promises, moment: Instant, terms: Policy = HUMAN, *, urgency: str = "medium", counts: bool = True
) -> Promises:
    return promise.client_spoke(clocks, terms, urgency, "email", CALENDARS, moment, counts=counts)


def replied(clocks: Promises, moment: Instant, kind: ReplyKind = ReplyKind.ANSWER, terms: Policy = HUMAN) -> Promises:
    return promise.staff_replied(clocks, terms, kind, CALENDARS, moment)


def told(clocks: Promises) -> list[tuple[Metric, State]]:
    return [(clock.metric, clock.state) for clock in clocks]


def test_the_first_message_starts_the_first_response() -> None:
    clocks = spoke((), TEN)

    assert told(clocks) == [(Metric.FIRST_RESPONSE, State.RUNNING)]
    assert clocks[0].due_at == at("2026-02-02T14:00Z")


def test_a_burst_is_one_promise() -> None:
    assert spoke(spoke((), TEN), HALF_PAST) == spoke((), TEN)


def test_a_reply_meets_the_first_response_and_the_next_message_starts_the_next_one() -> None:
    clocks = replied(spoke((), TEN), HALF_PAST)
    assert told(clocks) == [(Metric.FIRST_RESPONSE, State.MET)]

    clocks = spoke(spoke(clocks, ELEVEN), NOON)
    assert told(clocks) == [(Metric.FIRST_RESPONSE, State.MET), (Metric.NEXT_RESPONSE, State.RUNNING)]
    assert clocks[1].due_at == ONE, "counted from the oldest unanswered message"

    clocks = spoke(replied(clocks, NOON), ONE)
    assert told(clocks)[1:] == [(Metric.NEXT_RESPONSE, State.MET), (Metric.NEXT_RESPONSE, State.RUNNING)]


def test_a_courtesy_starts_nothing() -> None:
    clocks = replied(spoke((), TEN), HALF_PAST)

    assert spoke(clocks, ELEVEN, counts=False) == clocks


@pytest.mark.parametrize("kind", [kind for kind in ReplyKind if kind is not ReplyKind.FIX])
def test_any_reply_of_a_person_satisfies_where_any_human_reply_does(kind: ReplyKind) -> None:
    assert told(replied(spoke((), TEN), HALF_PAST, kind)) == [(Metric.FIRST_RESPONSE, State.MET)]


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        pytest.param(ReplyKind.ANSWER, State.MET, id="an answer"),
        pytest.param(ReplyKind.ETA, State.MET, id="an ETA"),
        pytest.param(ReplyKind.FIX, State.MET, id="a fix"),
        pytest.param(ReplyKind.CLARIFY, State.PAUSED, id="a question pauses"),
        pytest.param(ReplyKind.UNSET, State.RUNNING, id="nobody has said what it was"),
    ],
)
def test_where_only_an_answer_counts_the_kind_of_reply_decides(kind: ReplyKind, state: State) -> None:
    clocks = replied(spoke((), TEN, ANSWER), HALF_PAST, kind, ANSWER)

    assert told(clocks) == [(Metric.FIRST_RESPONSE, state)]


def test_the_client_who_answers_a_question_sets_the_clock_going_again() -> None:
    asked = replied(spoke((), TEN, ANSWER), ELEVEN, ReplyKind.CLARIFY, ANSWER)
    assert asked[0].pause_reason is PauseReason.DETAILS_MISSING

    clocks = spoke(asked, TUESDAY, ANSWER)

    assert told(clocks) == [(Metric.FIRST_RESPONSE, State.RUNNING)], "one question has one clock"
    assert clocks[0].due_at == at("2026-02-03T13:00Z")


def test_even_a_courtesy_ends_the_waiting_for_the_client() -> None:
    asked = replied(spoke((), TEN, ANSWER), ELEVEN, ReplyKind.CLARIFY, ANSWER)

    assert told(spoke(asked, TUESDAY, ANSWER, counts=False)) == [(Metric.FIRST_RESPONSE, State.RUNNING)]


def test_a_reply_named_an_answer_later_counts_from_when_it_was_written() -> None:
    unnamed = replied(spoke((), TEN, ANSWER), HALF_PAST, ReplyKind.UNSET, ANSWER)
    breached, _ = promise.fired(unnamed, CALENDARS, TUESDAY)
    assert told(breached) == [(Metric.FIRST_RESPONSE, State.BREACHED)]

    named = replied(breached, HALF_PAST, ReplyKind.ANSWER, ANSWER)

    assert told(named) == [(Metric.FIRST_RESPONSE, State.RETRACTED)]
    assert named[0].satisfied_at == HALF_PAST


def test_a_reply_named_a_question_later_pauses_from_when_it_was_written() -> None:
    unnamed = replied(spoke((), TEN, ANSWER), HALF_PAST, ReplyKind.UNSET, ANSWER)
    breached, _ = promise.fired(unnamed, CALENDARS, TUESDAY)

    named = replied(breached, HALF_PAST, ReplyKind.CLARIFY, ANSWER)

    assert told(named) == [(Metric.FIRST_RESPONSE, State.PAUSED)]
    assert spoke(named, TUESDAY, ANSWER)[0].due_at == at("2026-02-03T13:30Z")


def test_an_eta_meets_the_response_and_becomes_a_promise_itself() -> None:
    eta = at("2026-02-07T15:00Z")
    clocks = promise.staff_replied(spoke((), TEN, ANSWER), ANSWER, ReplyKind.ETA, CALENDARS, HALF_PAST, eta)

    assert told(clocks) == [(Metric.FIRST_RESPONSE, State.MET), (Metric.ETA, State.RUNNING)]
    assert clocks[1].due_at == eta


def test_a_new_eta_in_time_meets_the_old_one() -> None:
    clocks = promise.staff_replied(spoke((), TEN), HUMAN, ReplyKind.ETA, CALENDARS, HALF_PAST, NOON)
    clocks = promise.staff_replied(clocks, HUMAN, ReplyKind.ETA, CALENDARS, ELEVEN, TUESDAY)

    assert told(clocks)[1:] == [(Metric.ETA, State.MET), (Metric.ETA, State.RUNNING)]


def test_an_eta_given_too_late_does_not_save_the_old_one() -> None:
    clocks = promise.staff_replied(spoke((), TEN), HUMAN, ReplyKind.ETA, CALENDARS, HALF_PAST, NOON)
    clocks = promise.staff_replied(clocks, HUMAN, ReplyKind.ETA, CALENDARS, ONE, TUESDAY)

    assert told(clocks)[1:] == [(Metric.ETA, State.MET_LATE), (Metric.ETA, State.RUNNING)]


def test_an_eta_runs_on_while_everything_else_waits() -> None:
    clocks = promise.staff_replied(spoke((), TEN), HUMAN, ReplyKind.ETA, CALENDARS, HALF_PAST, TUESDAY)
    clocks = spoke(clocks, ELEVEN)

    waiting = promise.waiting(clocks, CALENDARS, NOON, PauseReason.THIRD_PARTY)

    assert told(waiting)[1:] == [(Metric.ETA, State.RUNNING), (Metric.NEXT_RESPONSE, State.PAUSED)]
    assert told(promise.resumed(waiting, CALENDARS, ONE)) == told(clocks)


def test_resolving_meets_what_was_first_and_ends_what_would_be_next() -> None:
    assert told(promise.resolved(spoke((), TEN), CALENDARS, ELEVEN)) == [(Metric.FIRST_RESPONSE, State.MET)]

    clocks = spoke(replied(spoke((), TEN), HALF_PAST), ELEVEN)
    assert told(promise.resolved(clocks, CALENDARS, NOON))[1:] == [(Metric.NEXT_RESPONSE, State.CANCELLED)]


def test_resolving_too_late_leaves_the_breach_on_record_and_owes_nothing() -> None:
    clocks = spoke(replied(spoke((), TEN), HALF_PAST), ELEVEN)
    resolved = promise.resolved(clocks, CALENDARS, TUESDAY)

    assert told(resolved)[1:] == [(Metric.NEXT_RESPONSE, State.BREACHED)]
    assert not is_owing(resolved[1])
    assert promise.wake_at(resolved, CALENDARS, at=TUESDAY) is None


def test_resolving_while_waiting_for_the_client_is_in_time() -> None:
    asked = replied(spoke((), TEN, ANSWER), ELEVEN, ReplyKind.CLARIFY, ANSWER)

    assert told(promise.resolved(asked, CALENDARS, TUESDAY)) == [(Metric.FIRST_RESPONSE, State.MET)]


def test_a_fix_answers_and_resolves() -> None:
    clocks = promise.staff_replied(spoke((), TEN), HUMAN, ReplyKind.ETA, CALENDARS, HALF_PAST, NOON)
    clocks = spoke(clocks, ELEVEN)

    assert {clock.state for clock in replied(clocks, ELEVEN, ReplyKind.FIX)} == {State.MET}


def test_a_reopened_ticket_has_a_next_response_and_never_a_second_first_one() -> None:
    resolved = promise.resolved(spoke((), TEN), CALENDARS, ELEVEN)
    clocks = spoke(promise.reopened(resolved, CALENDARS, TUESDAY), TUESDAY)

    assert told(clocks) == [(Metric.FIRST_RESPONSE, State.MET), (Metric.NEXT_RESPONSE, State.RUNNING)]


def test_a_message_that_needs_no_answer_owes_none() -> None:
    clocks = spoke(replied(spoke((), TEN), HALF_PAST), ELEVEN)
    assert told(promise.no_answer_needed(clocks, NOON))[1:] == [(Metric.NEXT_RESPONSE, State.CANCELLED)]

    assert promise.no_answer_needed(spoke((), TEN), NOON) == spoke((), TEN)


def test_what_is_not_covered_is_not_promised() -> None:
    cancelled = promise.cancelled(spoke((), TEN), ELEVEN, "not covered: third-party software")

    assert told(cancelled) == [(Metric.FIRST_RESPONSE, State.CANCELLED)]
    assert cancelled[0].end_reason == "not covered: third-party software"


def test_a_more_urgent_ticket_is_due_sooner_from_its_start() -> None:
    urgent = promise.retargeted(spoke((), TEN), HUMAN, "high", "email", CALENDARS, HALF_PAST)

    assert urgent[0].due_at == ELEVEN
    assert promise.retargeted(urgent, HUMAN, "high", "email", CALENDARS, at("2026-02-02T10:45Z")) == urgent


def test_a_promise_the_new_urgency_does_not_know_ends() -> None:
    clocks = spoke(replied(spoke((), TEN), HALF_PAST), ELEVEN)

    assert told(promise.retargeted(clocks, HUMAN, "low", "email", CALENDARS, NOON))[1:] == [
        (Metric.NEXT_RESPONSE, State.CANCELLED)
    ]


def test_a_policy_without_a_first_response_promises_the_next_one_after_a_reply() -> None:
    cells = {"medium": {Metric.NEXT_RESPONSE: HUMAN.targets["medium"][Metric.NEXT_RESPONSE]}}
    terms = replace(HUMAN, targets=MappingProxyType(cells))

    assert spoke((), TEN, terms) == ()
    clocks = promise.client_spoke((), terms, "medium", "email", CALENDARS, TEN, replied=True)
    assert told(clocks) == [(Metric.NEXT_RESPONSE, State.RUNNING)]


def test_a_message_that_comes_late_was_answered_by_the_reply_after_it() -> None:
    clocks = replied(spoke((), TEN), NOON)

    assert spoke(clocks, ELEVEN) == clocks


def test_a_message_after_a_reply_named_late_is_unanswered() -> None:
    unnamed = spoke(replied(spoke((), TEN, ANSWER), HALF_PAST, ReplyKind.UNSET, ANSWER), ELEVEN, ANSWER)
    named = replied(unnamed, HALF_PAST, ReplyKind.ANSWER, ANSWER)
    assert told(named) == [(Metric.FIRST_RESPONSE, State.MET)]

    assert told(spoke(named, ELEVEN, ANSWER))[1:] == [(Metric.NEXT_RESPONSE, State.RUNNING)]


@pytest.mark.parametrize("step", range(1, 6))
def test_the_same_happening_told_twice_changes_nothing(step: int) -> None:
    happenings: tuple[Callable[[Promises], Promises], ...] = (
        lambda clocks: spoke(clocks, TEN, ANSWER),
        lambda clocks: replied(clocks, HALF_PAST, ReplyKind.CLARIFY, ANSWER),
        lambda clocks: spoke(clocks, ELEVEN, ANSWER),
        lambda clocks: promise.staff_replied(clocks, ANSWER, ReplyKind.ETA, CALENDARS, NOON, TUESDAY),
        lambda clocks: promise.resolved(clocks, CALENDARS, ONE),
    )
    clocks: Promises = ()
    for happening in happenings[:step]:
        clocks = happening(clocks)

    for happening in happenings[:step]:
        assert happening(clocks) == clocks


def test_the_clock_due_first_is_the_one_to_watch() -> None:
    clocks = promise.staff_replied(spoke((), TEN), HUMAN, ReplyKind.ETA, CALENDARS, HALF_PAST, TUESDAY)
    clocks = spoke(clocks, ELEVEN)

    watched = promise.next_due(clocks)
    assert watched is not None
    assert watched.metric is Metric.NEXT_RESPONSE
    assert promise.next_due(()) is None


def test_everything_that_falls_due_is_told_once_per_clock() -> None:
    clocks = promise.staff_replied(spoke((), TEN), HUMAN, ReplyKind.ETA, CALENDARS, HALF_PAST, NOON)
    clocks = spoke(clocks, ELEVEN)
    assert promise.wake_at(clocks, CALENDARS, ELEVEN) == at("2026-02-02T11:15Z")

    clocks, firings = promise.fired(clocks, CALENDARS, TUESDAY)

    assert [(firing.clock.metric, firing.mark) for firing in firings] == [
        (Metric.ETA, BREACH),
        (Metric.NEXT_RESPONSE, BREACH),
    ]
    assert promise.fired(clocks, CALENDARS, TUESDAY) == (clocks, ())
    assert promise.wake_at(clocks, CALENDARS, TUESDAY) is None


def test_a_lost_calendar_is_an_error_and_never_no_promise() -> None:
    with pytest.raises(ValueError, match="restore it"):
        promise.client_spoke((), HUMAN, "medium", "email", {}, TEN)


def cell(urgency: str, metric: Metric, channel: str = "email") -> tuple[Target, ...]:
    return targets_for(HUMAN, urgency, metric, channel, at=TEN)


def test_the_cell_of_a_channel_stands_in_for_the_urgency() -> None:
    assert cell("high", Metric.FIRST_RESPONSE, "inapp") != cell("high", Metric.FIRST_RESPONSE)
    assert cell("high", Metric.NEXT_RESPONSE, "inapp") == cell("high", Metric.NEXT_RESPONSE)


def test_an_unknown_urgency_is_read_as_the_usual_one() -> None:
    assert cell("sev1", Metric.FIRST_RESPONSE) == cell("medium", Metric.FIRST_RESPONSE) != ()
