"""Words that come late count as if they had come in their order."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla import clock as clocks_of
from sla import promise
from sla.clock import BREACH, Clock, Pause, PauseReason, State
from sla.duration import BusinessDays, Instant
from sla.earlier import moves, spoke_earlier
from sla.policy import AGREED, Metric, Policy, SatisfiedBy, Target, Unit
from sla.promise import Promises, ReplyKind, calendar_of
from sla.refold import mismatch
from tests.unit.sla.made import CALENDARS, HOUR, MINUTE, OFFICE, at, hours, policy, wall

MONDAY = at("2026-03-02T09:00Z")
DAYS = Target(BusinessDays(1), Unit.BUSINESS, "office")
CAPPED = hours(2, cap=timedelta(hours=3))
#: One kind of target each; the first and the next response have the same.
TARGETS = {"hours": hours(4), "wall": wall(5), "days": DAYS, "capped": CAPPED}


def promising(target: Target) -> Policy:
    cells = dict.fromkeys((Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.RESOLUTION), target)
    return Policy("any", "", None, SatisfiedBy.HUMAN_REPLY, {"any": cells}, ("any",), "any")


def spoke(clocks: Promises, terms: Policy, moment: int, *, replied_at: int | None = None) -> Promises:
    """As the desk has it: whatever came, it is put in its place first."""
    answered_at = None if replied_at is None else Instant(replied_at)
    clocks = spoke_earlier(clocks, terms, "any", "", CALENDARS, Instant(moment), answered_at=answered_at)
    has_reply = replied_at is not None
    return promise.client_spoke(clocks, terms, "any", "", CALENDARS, at=Instant(moment), replied=has_reply)


def waited(clocks: Promises, moment: int) -> Promises:
    return promise.waiting(clocks, CALENDARS, at=Instant(moment), reason=PauseReason.DETAILS_MISSING)


def standing(clocks: Promises, now: int) -> list[Clock]:
    """The clocks as they are by then, without how often they were changed and where time was banked."""
    found = []
    for clock in promise.checked(clocks, Instant(now)):
        assert mismatch(clock, calendar_of(clock, CALENDARS)) == ""
        used = clocks_of.used_ms(clock, calendar_of(clock, CALENDARS), at=Instant(now))
        plain = replace(clock, generation=0, fired=(), running_since=None, wall_ms=0, business_ms=used)
        found.append(plain)
    return found


@settings(max_examples=400)
@given(
    st.sampled_from(sorted(TARGETS)),
    st.lists(st.integers(0, 4 * 24 * HOUR), min_size=2, max_size=5, unique=True).map(sorted),
    st.integers(0, 4),
    st.sets(st.integers(0, 4)),
    st.sampled_from([None, MONDAY - HOUR]),
)
def test_what_is_heard_last_counts_as_if_it_had_been_heard_in_its_order(
    kind: str, after: list[int], late: int, asks: set[int], replied_at: int | None
) -> None:
    terms, said, late = promising(TARGETS[kind]), [MONDAY + one for one in after], late % len(after)
    now = said[-1] + 60 * MINUTE

    def told(order: list[int]) -> Promises:
        clocks: Promises = ()
        for place in order:
            clocks = spoke(clocks, terms, said[place], replied_at=replied_at)
            # We ask between two messages; whom nobody had heard of nobody asked.
            if place in asks - {late} and place + 1 < len(said):
                clocks = waited(clocks, (said[place] + said[place + 1]) // 2)
        return clocks

    places = list(range(len(said)))
    in_order, at_last = told(places), told([place for place in places if place != late] + [late])
    assert standing(at_last, now) == standing(in_order, now)
    assert spoke(at_last, terms, said[late], replied_at=replied_at) == at_last, "told twice, nothing changes"


@given(st.permutations([0, 7 * MINUTE, 20 * MINUTE, 3 * HOUR, 30 * HOUR]))
def test_whatever_the_order_the_first_of_them_counts(order: list[int]) -> None:
    clocks: Promises = ()
    for after in order:
        clocks = spoke(clocks, promising(hours(4)), MONDAY + after)
    (alone, resolution) = spoke((), promising(hours(4)), MONDAY)
    assert [(one.metric, one.started_at, one.due_at) for one in clocks] == [
        (one.metric, one.started_at, one.due_at) for one in (alone, resolution)
    ]


def test_marks_that_were_told_are_told_no_more_and_the_rest_by_the_most_urgent() -> None:
    terms, now = policy(), Instant(MONDAY + 4 * HOUR + 10 * MINUTE)
    clocks = promise.client_spoke((), terms, "medium", "", CALENDARS, at=Instant(MONDAY + 2 * HOUR))
    clocks, told = promise.fired(clocks, CALENDARS, now)
    assert [one.mark for one in told] == ["50%"]
    clocks = spoke_earlier(clocks, terms, "medium", "", CALENDARS, MONDAY)
    assert clocks[0].fired == ("50%",)
    assert promise.wake_at(clocks, CALENDARS, now) == now
    clocks, told = promise.fired(clocks, CALENDARS, now)
    assert [(one.mark, one.clock.breached_at) for one in told] == [(BREACH, MONDAY + 4 * HOUR)]
    assert promise.fired(clocks, CALENDARS, now)[1] == ()


def test_a_goal_is_late_and_never_broken() -> None:
    terms = promising(hours(1, goal=True))
    clocks = promise.client_spoke((), terms, "any", "", CALENDARS, at=Instant(MONDAY + 4 * HOUR))
    for clock in promise.checked(
        spoke_earlier(clocks, terms, "any", "", CALENDARS, MONDAY), Instant(MONDAY + 5 * HOUR)
    ):
        assert (clock.state, clock.due_at) == (State.RUNNING, MONDAY + HOUR)


def test_a_breach_moves_with_its_due_moment_and_is_told_once() -> None:
    terms = promising(hours(1))
    clocks = promise.client_spoke((), terms, "any", "", CALENDARS, at=Instant(MONDAY + HOUR))
    clocks, told = promise.fired(clocks, CALENDARS, Instant(MONDAY + 3 * HOUR))
    assert [one.mark for one in told] == [BREACH, BREACH]
    clocks = spoke_earlier(clocks, terms, "any", "", CALENDARS, Instant(MONDAY + HOUR // 2))
    for clock in clocks:
        assert (clock.state, clock.due_at, clock.breached_at) == (
            State.BREACHED,
            MONDAY + 3 * HOUR // 2,
            MONDAY + 3 * HOUR // 2,
        )
    assert promise.fired(clocks, CALENDARS, Instant(MONDAY + 3 * HOUR))[1] == ()
    assert promise.wake_at(clocks, CALENDARS, Instant(MONDAY + 3 * HOUR)) is None


def test_a_clock_that_used_all_before_a_pause_broke_there() -> None:
    terms = promising(hours(1))
    clocks = promise.client_spoke((), terms, "any", "", CALENDARS, at=Instant(MONDAY + 2 * HOUR))
    clocks = waited(clocks, MONDAY + 2 * HOUR + 50 * MINUTE)
    clocks = spoke_earlier(clocks, terms, "any", "", CALENDARS, MONDAY)
    for clock in clocks:
        assert (clock.state, clock.breached_at, clock.pauses) == (State.BREACHED, MONDAY + HOUR, ())
        met = clocks_of.satisfy(clock, OFFICE, at=Instant(MONDAY + 4 * HOUR))
        assert met.state is State.MET_LATE


def test_a_pause_ends_with_what_the_client_said_in_it() -> None:
    terms = promising(hours(4))
    clocks = promise.client_spoke((), terms, "any", "", CALENDARS, at=MONDAY)
    clocks = waited(clocks, MONDAY + HOUR)
    clocks = spoke(clocks, terms, MONDAY + 3 * HOUR)
    assert {one.due_at for one in clocks} == {MONDAY + 6 * HOUR}
    clocks = spoke(clocks, terms, MONDAY + 2 * HOUR)
    assert {one.due_at for one in clocks} == {MONDAY + 5 * HOUR}
    assert {one.pauses for one in clocks} == {
        (Pause(PauseReason.DETAILS_MISSING, Instant(MONDAY + HOUR), Instant(MONDAY + 2 * HOUR)),)
    }


@pytest.mark.parametrize("said_after", [-MINUTE, 0], ids=["before the reply", "as it was written"])
def test_what_was_said_before_a_reply_begins_no_next_response(said_after: int) -> None:
    terms, replied_at = promising(hours(4)), MONDAY + HOUR
    clocks = spoke((), terms, MONDAY)
    clocks = promise.staff_replied(clocks, terms, ReplyKind.ANSWER, CALENDARS, at=Instant(replied_at))
    clocks = spoke(clocks, terms, MONDAY + 2 * HOUR, replied_at=replied_at)
    again = spoke(clocks, terms, replied_at + said_after, replied_at=replied_at)
    assert again == clocks
    moved = spoke(clocks, terms, replied_at + MINUTE, replied_at=replied_at)
    assert [one.started_at for one in moved] == [MONDAY, MONDAY, replied_at + MINUTE]
    assert list(moves(clocks, moved)) == [(Metric.NEXT_RESPONSE, MONDAY + 2 * HOUR)]


def test_what_is_over_stays_as_it_was() -> None:
    terms = promising(hours(4))
    clocks = promise.resolved(spoke((), terms, MONDAY + HOUR), CALENDARS, Instant(MONDAY + 2 * HOUR))
    assert spoke_earlier(clocks, terms, "any", "", CALENDARS, MONDAY) == clocks


def test_a_length_that_was_agreed_holds_and_a_longer_one_of_a_high_load_too() -> None:
    terms = policy()
    agreed = replace(hours(6), layer=AGREED)
    clocks = promise.client_spoke((), terms, "medium", "", CALENDARS, at=Instant(MONDAY + HOUR))
    clocks = promise.agreed(clocks, terms, Metric.FIRST_RESPONSE, agreed, CALENDARS, Instant(MONDAY + HOUR))
    (clock,) = spoke_earlier(clocks, terms, "medium", "", CALENDARS, MONDAY)
    assert (clock.target, clock.due_at) == (agreed, MONDAY + 6 * HOUR)

    eased = promising(replace(hours(1), high_load=timedelta(hours=3)))
    loaded = promise.under_high_load(
        promise.client_spoke((), eased, "any", "", CALENDARS, at=Instant(MONDAY + HOUR)),
        eased,
        CALENDARS,
        Instant(MONDAY + HOUR),
    )
    for clock in spoke_earlier(loaded, eased, "any", "", CALENDARS, MONDAY):
        assert clock.due_at == MONDAY + 3 * HOUR


def test_the_least_that_a_change_of_urgency_leaves_is_no_more_than_was_left() -> None:
    terms = replace(policy(), floor=timedelta(minutes=15))
    clocks = promise.client_spoke((), terms, "medium", "", CALENDARS, at=MONDAY)
    raised = promise.retargeted(clocks, terms, "high", "", CALENDARS, Instant(MONDAY + 2 * HOUR))
    (clock,) = raised
    assert clock.due_at == MONDAY + 2 * HOUR + 15 * MINUTE
    for earlier in (1, 10 * MINUTE, 24 * HOUR):
        (moved,) = spoke_earlier(raised, terms, "high", "", CALENDARS, Instant(MONDAY - earlier))
        assert moved.started_at == MONDAY - earlier
        assert moved.due_at is not None
        assert clock.due_at is not None
        assert moved.due_at <= clock.due_at
        assert mismatch(moved, OFFICE) == ""
