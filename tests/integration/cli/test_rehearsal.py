"""A rehearsal's time is kept in a file: a restart goes on, and so does a command beside the bot."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.now import Rehearsal, Timekeeper, rehearsal_from, rehearse
from sla.duration import Instant

START = Instant(5_000_000)


@dataclass
class Wall:
    at: int = 1_000_000

    def __call__(self) -> Instant:
        return Instant(self.at)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "rehearsal.json"


def test_a_restart_goes_on(place: Path, wall: Wall) -> None:
    rehearse(place, start=START, speed=60, wall=wall)
    wall.at += 1_000

    again = rehearse(place, start=START, speed=60, wall=wall)

    assert Timekeeper(again, wall).now() == START + 60_000


def test_another_speed_goes_on_from_the_same_moment(place: Path, wall: Wall) -> None:
    rehearse(place, start=START, speed=60, wall=wall)
    wall.at += 1_000

    slower = rehearse(place, start=None, speed=1, wall=wall)
    wall.at += 1_000

    assert Timekeeper(slower, wall).now() == START + 61_000


def test_another_start_begins_anew(place: Path, wall: Wall) -> None:
    rehearse(place, start=START, speed=60, wall=wall)

    anew = rehearse(place, start=Instant(9_000_000), speed=60, wall=wall)

    assert anew == Rehearsal(Instant(9_000_000), 60, wall())


def test_without_a_start_it_begins_now(place: Path, wall: Wall) -> None:
    assert rehearse(place, start=None, speed=10, wall=wall).at(wall()) == wall()


def test_a_command_beside_the_bot_lives_in_the_same_hour(place: Path, wall: Wall) -> None:
    kept = rehearse(place, start=START, speed=60, wall=wall)

    assert rehearsal_from(place) == (kept, START)


@pytest.mark.parametrize("text", [None, "", "{}", '{"start": "x"}'])
def test_a_file_that_says_nothing_is_as_good_as_none(text: str | None, place: Path) -> None:
    if text is not None:
        place.parent.mkdir()
        place.write_text(text)

    assert rehearsal_from(place) is None
