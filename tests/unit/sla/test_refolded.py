"""Properties 7 and 8 of the semantics: however often a desk looks at its promises, what happened decides, not that.

A log of happenings is played twice: in one go, and by a desk that wakes at any moment, hears things twice, and keeps
its clocks as JSON in between. Both come to the same clocks.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from sla import promise
from sla.clock import Clock, PauseReason, State, clock_from_json, clock_to_json
from sla.duration import Instant
from sla.policy import Metric, SatisfiedBy
from sla.promise import Promises, ReplyKind
from tests.unit.sla.made import CALENDARS, HOUR, at, hours, policy, wall

HIGH = {
    Metric.FIRST_RESPONSE: hours(1),
    Metric.NEXT_RESPONSE: hours(1),
    Metric.FOLLOW_UP: wall(3),
    Metric.RESOLUTION: hours(6),
}
MEDIUM = {
    Metric.FIRST_RESPONSE: replace(hours(4, cap=timedelta(hours=6)), high_load=timedelta(hours=9)),
    Metric.NEXT_RESPONSE: wall(2),
    Metric.FOLLOW_UP: hours(3, goal=True),
    Metric.RESOLUTION: hours(16),
}
TERMS = replace(policy(SatisfiedBy.ANSWER), targets={"high": HIGH, "medium": MEDIUM})
MONDAY = at("2026-02-02T08:00Z")

Happening = Callable[[Promises, Instant], Promises]


def _replied(kind: ReplyKind) -> Happening:
    return lambda clocks, moment: promise.staff_replied(clocks, TERMS, kind, CALENDARS, moment, urgency="medium")


def _retargeted(urgency: str) -> Happening:
    return lambda clocks, moment: promise.retargeted(clocks, TERMS, urgency, "email", CALENDARS, moment)


HAPPENINGS: dict[str, Happening] = {
    "client": lambda clocks, moment: promise.client_spoke(clocks, TERMS, "medium", "email", CALENDARS, moment),
    "answer": _replied(ReplyKind.ANSWER),
    "clarify": _replied(ReplyKind.CLARIFY),
    "eta": lambda clocks, moment: promise.staff_replied(
        clocks, TERMS, ReplyKind.ETA, CALENDARS, moment, Instant(moment + 2 * HOUR), urgency="medium"
    ),
    "wait": lambda clocks, moment: promise.waiting(clocks, CALENDARS, moment, PauseReason.THIRD_PARTY),
    "resume": lambda clocks, moment: promise.resumed(clocks, CALENDARS, moment),
    "resolve": lambda clocks, moment: promise.resolved(clocks, CALENDARS, moment),
    "reopen": lambda clocks, moment: promise.reopened(clocks, CALENDARS, moment),
    "high": _retargeted("high"),
    "medium": _retargeted("medium"),
    "load": lambda clocks, moment: promise.under_high_load(clocks, TERMS, CALENDARS, moment),
    "dismiss": promise.no_answer_needed,
    "merge": lambda clocks, moment: promise.cancelled(clocks, moment, "merged"),
}
#: What may be heard twice in a row; a change of target is a decision of ours and comes once.
TWICE = {"client", "answer", "clarify", "wait", "resume", "resolve", "reopen", "dismiss", "merge"}

logs = st.lists(
    st.tuples(st.sampled_from(sorted(HAPPENINGS)), st.integers(1, 12 * HOUR), st.booleans(), st.floats(0, 1)),
    max_size=10,
)


def plain(clocks: Promises, moment: Instant) -> list[Clock]:
    """What a clock is, without what was told of it."""
    return [replace(clock, fired=()) for clock in promise.checked(clocks, moment)]


@settings(max_examples=300)
@given(logs)
def test_7_and_8_a_desk_that_looks_and_hears_twice_comes_to_the_same_clocks(
    log: list[tuple[str, int, bool, float]],
) -> None:
    now, played, kept = MONDAY, HAPPENINGS["client"]((), MONDAY), HAPPENINGS["client"]((), MONDAY)
    for name, after, is_twice, looks in log:
        between, now = Instant(now + int(after * looks)), Instant(now + after)
        kept, _ = promise.fired(kept, CALENDARS, between)
        kept = tuple(clock_from_json(clock_to_json(clock)) for clock in kept)
        kept, played = HAPPENINGS[name](kept, now), HAPPENINGS[name](played, now)
        if is_twice and name in TWICE:
            kept = HAPPENINGS[name](kept, now)

        assert plain(kept, now) == plain(played, now)


@settings(max_examples=200)
@given(logs)
def test_10_of_each_clock_one_breach_is_kept_and_it_is_where_it_was_due(
    log: list[tuple[str, int, bool, float]],
) -> None:
    now, clocks = MONDAY, HAPPENINGS["client"]((), MONDAY)
    broken: dict[tuple[Metric, Instant], Instant] = {}
    for name, after, _, _ in log:
        now = Instant(now + after)
        clocks = promise.checked(HAPPENINGS[name](clocks, now), now)
        for clock in clocks:
            if clock.breached_at is not None and clock.state is not State.RETRACTED:
                first = broken.setdefault((clock.metric, clock.started_at), clock.breached_at)
                assert clock.breached_at == clock.due_at == first
