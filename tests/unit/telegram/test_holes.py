"""What Telegram has still to bring: what is missing of it, and how it is remembered."""

from datetime import UTC, datetime

import pytest

from adapters.telegram.gaps import Gap
from adapters.telegram.holes import hole_from_text, hole_to_text, missing

AT = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)
UNTIL = datetime(2026, 3, 28, 15, 30, 0, 120_000, tzinfo=UTC)
HOLE = Gap(100, 109, AT, UNTIL)


@pytest.mark.parametrize(
    ("came", "gaps"),
    [
        pytest.param([], [(100, 109)], id="nothing came"),
        pytest.param(range(90, 120), [], id="all came"),
        pytest.param([100, 101, 109], [(102, 108)], id="the ends came"),
        pytest.param([104], [(100, 103), (105, 109)], id="one in the middle came"),
        pytest.param([99, 110, 2_000], [(100, 109)], id="others came"),
    ],
)
def test_what_has_not_come_of_a_hole_is_a_gap(came: list[int], gaps: list[tuple[int, int]]) -> None:
    assert missing(HOLE, came) == [Gap(first, last, AT, UNTIL) for first, last in gaps]


def test_a_hole_is_remembered_as_it_was() -> None:
    assert hole_from_text(hole_to_text(HOLE)) == HOLE
