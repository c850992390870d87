"""How a ladder is climbed: step by step after the breach, quiet while somebody has it, never waiting for nobody."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from routing.ladder import Climb, Rung, Step, acknowledged, broken, climbed, escalated, falls_at, over
from sla.calendar import ALWAYS
from sla.duration import Instant, later
from tests.unit.routing.made import CALENDARS, at

OFFICE = CALENDARS["office"]
STEPS = (
    Step(timedelta(0), "lead"),
    Step(timedelta(minutes=30), "head"),
    Step(timedelta(hours=2), "executive"),
)
TEN = at("2026-03-03T10:00Z")


def minutes(number: int) -> Instant:
    return later(TEN, timedelta(minutes=number))


def heard(climb: Climb, until: int, is_manned: Callable[[Step], bool] = lambda _: True) -> list[tuple[int, str]]:
    """Minutes after the breach, and who was told, of a desk that is always awake."""
    told = []
    while (moment := falls_at(climb, ALWAYS)) is not None and moment <= minutes(until):
        climb, rung = climbed(climb, ALWAYS, at=moment, is_manned=is_manned)
        told += [((moment - TEN) // 60_000, rung.tell)] if rung else []
    return told


BROKEN = Climb(STEPS, broken_at=TEN)


def test_nothing_falls_before_the_breach() -> None:
    assert falls_at(Climb(STEPS), ALWAYS) is None
    assert climbed(Climb(STEPS), ALWAYS, at=minutes(600)) == (Climb(STEPS), None)
    assert broken(Climb(STEPS), at=TEN) == broken(BROKEN, at=minutes(5)) == BROKEN


def test_each_step_falls_in_its_time() -> None:
    assert heard(BROKEN, 600) == [(0, "lead"), (30, "head"), (120, "executive")]


def test_office_hours_promises_wake_nobody_at_night() -> None:
    closing = at("2026-03-03T18:50+03:00")
    after_first, _ = climbed(broken(Climb(STEPS), at=closing), OFFICE, at=closing)

    assert falls_at(after_first, OFFICE) == at("2026-03-04T10:20+03:00")


def test_an_acknowledgement_keeps_it_quiet_until_it_runs_out() -> None:
    climb, _ = climbed(BROKEN, ALWAYS, at=TEN)
    climb = acknowledged(climb, ALWAYS, at=minutes(10))

    assert heard(climb, 600) == [(70, "head"), (120, "executive")]


def test_an_acknowledgement_for_good_ends_it() -> None:
    assert heard(acknowledged(BROKEN, ALWAYS, at=minutes(10), within=None), 600) == [(0, "lead")]


def test_an_answer_ends_it() -> None:
    assert falls_at(over(BROKEN), ALWAYS) is None
    assert climbed(over(BROKEN), ALWAYS, at=minutes(600))[1] is None
    assert escalated(over(BROKEN)) == (over(BROKEN), None)


def test_what_was_missed_is_told_by_the_highest_step() -> None:
    climb, rung = climbed(BROKEN, ALWAYS, at=minutes(45))

    assert rung == Rung(2, "head", coalesced=(1,))
    assert heard(climb, 600) == [(120, "executive")]


@pytest.mark.parametrize(
    ("empty", "told"),
    [
        pytest.param({"lead"}, [(0, "head"), (120, "executive")], id="the first"),
        pytest.param({"head"}, [(0, "lead"), (30, "executive")], id="one in the middle"),
        pytest.param({"lead", "head"}, [(0, "executive")], id="all but the last"),
        pytest.param({"executive"}, [(0, "lead"), (30, "head")], id="the last"),
        pytest.param({"lead", "head", "executive"}, [], id="every one"),
    ],
)
def test_a_step_with_nobody_on_it_is_skipped_at_once(empty: set[str], told: list[tuple[int, str]]) -> None:
    assert heard(BROKEN, 600, lambda step: step.tell not in empty) == told


def test_a_skipped_step_is_named() -> None:
    _, rung = climbed(BROKEN, ALWAYS, at=TEN, is_manned=lambda step: step.tell != "lead")

    assert rung == Rung(2, "head", empty=(1,))


def test_a_client_who_asks_gets_the_next_step_before_any_breach() -> None:
    climb, rung = escalated(Climb(STEPS))
    assert rung == Rung(1, "lead")

    climb, rung = escalated(climb)
    assert rung == Rung(2, "head")
    assert heard(broken(climb, at=TEN), 600) == [(120, "executive")]


def test_nobody_stands_higher_than_the_last_step() -> None:
    climb, _ = climbed(BROKEN, ALWAYS, at=minutes(600))

    assert escalated(climb) == (climb, None)
