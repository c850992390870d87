"""Whether updates were dropped is told after an outage, once, and only where it can be known."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.telegram.gaps import Gap, Gaps
from adapters.telegram.timings import Timings

AT = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENT = timedelta(seconds=20)


def running(*, expected: int | None = 100) -> Gaps:
    """A way in that kept update 99 at `AT`, and starts."""
    gaps = Gaps(Timings())
    gaps.resume(expected, AT if expected is not None else None)
    return gaps


def test_a_jump_after_an_outage_is_a_gap() -> None:
    gaps = running()
    gaps.heard(AT + 30 * HOUR)
    assert gaps.came([137, 138], AT + 30 * HOUR) == Gap(100, 136, AT, AT + 30 * HOUR)


def test_it_is_told_once() -> None:
    gaps = running()
    gaps.heard(AT + 30 * HOUR)
    gaps.came([137], AT + 30 * HOUR)
    gaps.heard(AT + 30 * HOUR + MOMENT)
    assert gaps.came([138], AT + 30 * HOUR + MOMENT) is None


def test_an_outage_that_cost_nothing_is_no_gap() -> None:
    gaps = running()
    gaps.heard(AT + 30 * HOUR)
    assert gaps.came([100, 101], AT + 30 * HOUR) is None


def test_what_comes_again_hides_no_gap_behind_it() -> None:
    gaps = running()
    gaps.heard(AT + 30 * HOUR)
    assert gaps.came([98, 99, 150], AT + 30 * HOUR) == Gap(100, 149, AT, AT + 30 * HOUR)


def test_only_what_comes_again_is_no_gap() -> None:
    gaps = running()
    gaps.heard(AT + HOUR)
    assert gaps.came([98, 99], AT + HOUR) is None


def test_an_outage_stays_in_mind_until_an_update_says_what_it_cost() -> None:
    gaps = running()
    for hours in (30, 30.005, 30.01):
        gaps.heard(AT + hours * HOUR)
    assert gaps.came([137], AT + 30.02 * HOUR) == Gap(100, 136, AT, AT + 30 * HOUR)


def test_two_outages_in_a_row_are_one_that_lasted_from_the_first() -> None:
    gaps = running()
    gaps.heard(AT + 25 * HOUR)
    gaps.heard(AT + 50 * HOUR)
    assert gaps.came([137], AT + 50 * HOUR) == Gap(100, 136, AT, AT + 50 * HOUR)


def test_a_jump_while_telegram_answered_all_the_time_is_none_of_ours() -> None:
    gaps = running()
    gaps.heard(AT + MOMENT)
    assert gaps.came([137], AT + MOMENT) is None


@pytest.mark.parametrize(
    ("expected", "numbers", "later"),
    [
        pytest.param(None, [137], 30 * HOUR, id="the first update ever"),
        pytest.param(100, [77], 30 * HOUR, id="numbers that begin lower"),
        pytest.param(100, [137], 24 * 7 * HOUR, id="numbers chosen anew after a week"),
    ],
)
def test_where_nobody_can_tell_nothing_is_claimed(expected: int | None, numbers: list[int], later: timedelta) -> None:
    gaps = running(expected=expected)
    gaps.heard(AT + later)
    assert gaps.came(numbers, AT + later) is None


def test_after_days_in_which_nothing_came_no_number_is_relied_on() -> None:
    gaps = running()
    assert not gaps.is_idle(AT + 5 * 24 * HOUR)
    assert gaps.is_idle(AT + 6 * 24 * HOUR)
