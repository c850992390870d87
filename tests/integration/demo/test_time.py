"""The demo's time: it begins at work, stands still between two runs, and never spends a night or a weekend waiting."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app.demo.rehearsing import at_work, resumed, tuesday
from sla.duration import Instant, instant, later


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(f"{text}+03:00"))


@pytest.mark.parametrize(
    ("started", "begins"),
    [
        pytest.param("2026-11-16T08:00", "2026-11-17T10:14", id="on a Monday"),
        pytest.param("2026-11-17T03:00", "2026-11-17T10:14", id="in a Tuesday's night"),
        pytest.param("2026-11-22T23:59", "2026-11-17T10:14", id="at the end of a Sunday"),
    ],
)
def test_a_demo_begins_on_the_tuesday_of_the_week(started: str, begins: str) -> None:
    assert tuesday(at(started)) == at(begins)


@pytest.mark.parametrize(
    ("stood_still", "goes_on"),
    [
        pytest.param("2026-11-17T10:14", "2026-11-17T10:14", id="where it stood, in the morning"),
        pytest.param("2026-11-17T17:29", "2026-11-17T17:29", id="where it stood, in the afternoon"),
        pytest.param("2026-11-17T17:30", "2026-11-18T10:14", id="the next morning after a day's work"),
        pytest.param("2026-11-18T02:00", "2026-11-18T10:14", id="the same morning after midnight"),
        pytest.param("2026-11-20T20:00", "2026-11-23T10:14", id="on Monday after a Friday"),
        pytest.param("2026-11-22T12:00", "2026-11-23T10:14", id="on Monday after a Sunday"),
    ],
)
def test_a_demo_goes_on_while_people_are_at_work(stood_still: str, goes_on: str) -> None:
    assert at_work(at(stood_still)) == at(goes_on)


def test_time_stands_still_while_nobody_runs_the_demo(tmp_path: Path) -> None:
    place, started = tmp_path / "rehearsal.json", at("2026-11-19T21:00")
    first = resumed(place, speed=60, wall=lambda: started)
    assert first.at(started) == at("2026-11-17T10:14")

    next_day = later(started, timedelta(days=1))
    again = resumed(place, speed=60, wall=lambda: next_day)
    # Nobody wrote the time down since the start, so a kill may have cost two seconds of it: two minutes at this speed.
    assert again.at(next_day) == at("2026-11-17T10:16")
    assert again.speed == 60
