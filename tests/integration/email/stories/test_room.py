"""What this room says about the stories it tells is true of them."""

import re
from pathlib import Path

import pytest

from tests.integration.email.stories.conftest import NOT_BY_MAIL
from tests.integration.email.stories.left_out import LEFT_OUT

HERE = Path(__file__).parent
STORIES = HERE.parents[2] / "stories"
FILES = sorted(place.name for place in HERE.glob("test_*.py") if place != Path(__file__))


@pytest.mark.parametrize("name", FILES)
def test_each_file_tells_the_stories_of_its_name(name: str) -> None:
    assert (STORIES / name).exists()
    assert f"from tests.stories.{name.removesuffix('.py')} import *" in (HERE / name).read_text()


def test_every_file_of_stories_is_told_here_or_left_out_for_a_reason() -> None:
    written = sorted(place.name for place in STORIES.glob("test_*.py"))
    left_out = [f"test_{name}.py" for names in LEFT_OUT.values() for name in names]
    assert sorted([*FILES, *left_out]) == written, "tell what is new here too, or say in left_out.py why not"


def test_only_stories_that_exist_are_left_out() -> None:
    told = {name for file in FILES for name in re.findall(r"def (test_\w+)", (STORIES / file).read_text())}
    assert {name.partition("[")[0] for name in NOT_BY_MAIL} <= told
