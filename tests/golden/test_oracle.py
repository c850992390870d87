"""The engine against the oracle: 2,000 random questions here, 100,000 in `make proof`."""

import pytest

from tests.golden.questions import changes, disagreements

PARTS = 8
ASKED = 2_000


@pytest.mark.parametrize("part", range(PARTS))
def test_engine_and_oracle_agree_around_every_change_of_clocks(part: int) -> None:
    assert disagreements(range(part, ASKED, PARTS)) == []


def test_every_change_of_clocks_is_asked_about() -> None:
    assert 100 < len(changes()) < ASKED
