"""Two tickets become one: what the one that stays owes. The office is open 9 to 17."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla import promise
from sla.clock import PauseReason, State, is_owing
from sla.duration import Instant
from sla.merging import merged
from sla.policy import AGREED, Metric, Policy, SatisfiedBy
from sla.promise import Promises, ReplyKind
from tests.unit.sla.made import CALENDARS, at, hours, policy

POLICY = policy()
MORE = replace(
    POLICY,
    targets={**POLICY.targets, "medium": {**POLICY.targets["medium"], Metric.RESOLUTION: hours(16)}},
)

TEN = at("2026-02-02T10:00Z")
HALF_PAST = at("2026-02-02T10:30Z")
ELEVEN = at("2026-02-02T11:00Z")
NOON = at("2026-02-02T12:00Z")
TUESDAY = at("2026-02-03T16:00Z")


def spoke(moment: Instant, clocks: Promises = (), terms: Policy = POLICY, urgency: str = "medium") -> Promises:
    return promise.client_spoke(clocks, terms, urgency, "email", CALENDARS, moment)


def replied(clocks: Promises, moment: Instant, kind: ReplyKind = ReplyKind.ANSWER, terms: Policy = POLICY) -> Promises:
    return promise.staff_replied(clocks, terms, kind, CALENDARS, moment, urgency="medium")


LONG_AGO = at("2026-02-01T10:00Z")


def both(
    staying: Promises,
    going: Promises,
    moment: Instant = NOON,
    terms: Policy = POLICY,
    urgency: str = "medium",
    spoke_at: tuple[Instant, Instant] = (LONG_AGO, LONG_AGO),
) -> tuple[Promises, Promises]:
    return merged(staying, going, terms, urgency, "email", CALENDARS, at=moment, spoke_at=spoke_at)


def together(staying: Promises, going: Promises, moment: Instant = NOON, terms: Policy = POLICY) -> Promises:
    return both(staying, going, moment, terms)[0]


def told(clocks: Promises) -> list[tuple[Metric, Instant, State]]:
    return [(clock.metric, clock.started_at, clock.state) for clock in clocks]


def test_the_earlier_start_of_the_ticket_that_stays_counts() -> None:
    staying = spoke(TEN)

    ours, theirs = both(staying, spoke(ELEVEN))

    assert ours == staying
    assert [(one.state, one.end_reason) for one in theirs] == [(State.CANCELLED, "merged")]


def test_the_earlier_start_comes_over_and_ends_the_later_one() -> None:
    assert told(together(spoke(ELEVEN), spoke(TEN))) == [
        (Metric.FIRST_RESPONSE, ELEVEN, State.CANCELLED),
        (Metric.FIRST_RESPONSE, TEN, State.RUNNING),
    ]


def test_what_comes_over_gets_the_length_that_this_ticket_is_promised() -> None:
    clock = together(spoke(ELEVEN), spoke(TEN, urgency="low"))[1]

    assert (clock.target, clock.due_at) == (hours(4), at("2026-02-02T14:00Z"))


def test_a_shorter_length_leaves_the_floor() -> None:
    ours, _ = both(spoke(NOON, urgency="high"), spoke(TEN), urgency="high")

    assert ours[1].due_at == at("2026-02-02T12:15Z")


def test_a_length_agreed_with_the_client_stays_what_was_agreed() -> None:
    agreed = promise.agreed(spoke(TEN), POLICY, Metric.FIRST_RESPONSE, hours(6), CALENDARS, TEN)

    clock = together(spoke(ELEVEN), agreed)[1]

    assert (clock.target.layer, clock.due_at) == (AGREED, at("2026-02-02T16:00Z"))


@pytest.mark.parametrize(
    ("kind", "satisfied_by", "state"),
    [
        pytest.param(ReplyKind.ANSWER, SatisfiedBy.HUMAN_REPLY, State.MET, id="any reply"),
        pytest.param(ReplyKind.UNSET, SatisfiedBy.ANSWER, State.RUNNING, id="a reply of no kind"),
    ],
)
def test_what_answered_the_one_answers_the_other(kind: ReplyKind, satisfied_by: SatisfiedBy, state: State) -> None:
    terms = policy(satisfied_by)
    going = replied(spoke(HALF_PAST), ELEVEN, kind, terms)

    assert told(together(spoke(TEN), going, terms=terms))[0] == (Metric.FIRST_RESPONSE, TEN, state)


def test_an_answer_answers_nothing_that_was_asked_after_it() -> None:
    going = replied(spoke(TEN), HALF_PAST)

    assert told(together(spoke(ELEVEN), going)) == [(Metric.FIRST_RESPONSE, ELEVEN, State.RUNNING)]


@pytest.mark.parametrize("is_kept", [True, False], ids=["on the ticket that stays", "on the one that goes"])
def test_what_the_client_said_after_the_answer_is_owed_one_of_its_own(*, is_kept: bool) -> None:
    asked, answered = spoke(TEN), replied(spoke(TEN), HALF_PAST)

    ours, _ = both(*((asked, answered) if is_kept else (answered, asked)), spoke_at=(ELEVEN, ELEVEN))

    owed = [(one.metric, one.started_at) for one in ours if is_owing(one)]
    assert owed == [(Metric.NEXT_RESPONSE, ELEVEN)]


def test_thanks_after_an_answer_start_nothing() -> None:
    answered = replied(spoke(TEN), HALF_PAST)

    assert both(answered, answered, spoke_at=(ELEVEN, ELEVEN))[0] == answered


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=8), st.permutations([0, 1]))
def test_what_one_ticket_would_owe_two_that_are_merged_owe(said: list[tuple[bool, bool]], order: list[int]) -> None:
    """Each is where it was said and whether the client said it; one every ten minutes."""
    one: Promises = ()
    two: list[Promises] = [(), ()]
    spoke_at = [LONG_AGO, LONG_AGO]
    for place, (is_second, is_client) in enumerate(said):
        moment = Instant(TEN + place * 600_000)
        happens = (lambda clocks, when: spoke(when, clocks)) if is_client else replied
        one, two[is_second] = happens(one, moment), happens(two[is_second], moment)
        if is_client:
            spoke_at[is_second] = moment
    staying, going = order

    ours, theirs = both(two[staying], two[going], spoke_at=(spoke_at[staying], spoke_at[going]))

    owed = [clock for clock in ours if is_owing(clock) and clock.metric is not Metric.RESOLUTION]
    assert len(owed) <= 1
    assert len(owed) >= sum(is_owing(clock) for clock in one)
    assert not any(is_owing(clock) for clock in theirs)


def test_what_was_asked_before_an_answer_on_the_ticket_that_stays_is_answered() -> None:
    staying = replied(spoke(TEN), ELEVEN)

    assert together(staying, spoke(HALF_PAST)) == staying


def test_after_the_answer_a_first_message_becomes_a_next_one() -> None:
    staying = replied(spoke(TEN), HALF_PAST)

    clocks = together(staying, spoke(ELEVEN))

    assert told(clocks)[1:] == [(Metric.NEXT_RESPONSE, ELEVEN, State.RUNNING)]
    assert clocks[1].due_at == at("2026-02-02T13:00Z")


def test_one_question_has_one_clock_be_it_the_first_or_the_next() -> None:
    going = spoke(ELEVEN, replied(spoke(TEN), HALF_PAST))

    owed = [one for one in together(spoke(NOON), going) if is_owing(one)]

    assert told(tuple(owed)) == [(Metric.NEXT_RESPONSE, ELEVEN, State.RUNNING)]


def test_a_breach_comes_over_as_it_is() -> None:
    going = promise.fired(spoke(TEN), CALENDARS, TUESDAY)[0]

    ours, theirs = both(spoke(ELEVEN), going, TUESDAY)

    carried = ours[1]
    assert (carried.state, carried.breached_at, carried.fired) == (State.BREACHED, going[0].due_at, going[0].fired)
    assert theirs[0].state is State.CANCELLED


def test_a_breach_that_does_not_come_over_stays_where_it_happened() -> None:
    _, theirs = both(spoke(TEN), spoke(ELEVEN), TUESDAY)

    assert (theirs[0].state, is_owing(theirs[0])) == (State.BREACHED, False)


def test_every_promised_moment_holds() -> None:
    staying = promise.staff_replied(spoke(TEN), POLICY, ReplyKind.ETA, CALENDARS, HALF_PAST, TUESDAY)
    going = promise.staff_replied(spoke(TEN), POLICY, ReplyKind.ETA, CALENDARS, ELEVEN, NOON)

    clocks = together(staying, going, ELEVEN)

    assert sorted(one.due_at or 0 for one in clocks if one.metric is Metric.ETA and is_owing(one)) == [NOON, TUESDAY]
    assert together(clocks, going, ELEVEN) == clocks


def test_a_pause_comes_along() -> None:
    going = promise.waiting(spoke(TEN), CALENDARS, HALF_PAST, PauseReason.DETAILS_MISSING)

    clock = together(spoke(ELEVEN), going)[1]

    assert (clock.state, clock.pauses[0].at) == (State.PAUSED, HALF_PAST)


def test_a_resolution_counts_from_the_first_of_the_two() -> None:
    clocks = together(spoke(ELEVEN, terms=MORE), spoke(TEN, terms=MORE), terms=MORE)

    owed = {one.metric: one.started_at for one in clocks if is_owing(one)}
    assert owed == {Metric.FIRST_RESPONSE: TEN, Metric.RESOLUTION: TEN}


def test_what_this_ticket_is_not_promised_is_left_behind() -> None:
    clocks = together(spoke(ELEVEN), spoke(TEN, terms=MORE))

    assert Metric.RESOLUTION not in {one.metric for one in clocks}


def test_told_twice_it_changes_nothing_more() -> None:
    once = together(spoke(ELEVEN), spoke(TEN))

    assert together(once, ()) == once
