"""Days off from a calendar file: whole days, of every year, and each mistake with its line."""

from datetime import date
from pathlib import Path

import pytest

from bot.deskfile.load import Loaded, load
from tests.unit.deskfile.desks import DESK

TODAY = date(2026, 3, 2)

OFFICE = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Office//Days off//EN
BEGIN:VEVENT
UID:1@office.test
SUMMARY:Founders' day
DTSTART;VALUE=DATE:20250610
RRULE:FREQ=YEARLY
END:VEVENT
BEGIN:VEVENT
UID:2@office.test
SUMMARY:Between the years
DTSTART;VALUE=DATE:20261228
DTEND;VALUE=DATE:20270101
END:VEVENT
BEGIN:VEVENT
UID:3@office.test
SUMMARY:Cake at ten
DTSTART:20260511T100000Z
DTEND:20260511T110000Z
END:VEVENT
BEGIN:VEVENT
UID:4@office.test
SUMMARY:Called off
STATUS:CANCELLED
DTSTART;VALUE=DATE:20260512
END:VEVENT
END:VCALENDAR
"""
TIMED = (
    OFFICE[: OFFICE.index("BEGIN:VEVENT")]
    + OFFICE[OFFICE.index("BEGIN:VEVENT\nUID:3") : OFFICE.index("BEGIN:VEVENT\nUID:4")]
)


def loaded(directory: Path, content: str | None, named: str = "office.ics") -> Loaded:
    for name, text in DESK.items():
        hours = 'week = { mon-fri = ["09:00-17:00"] }'
        holidays = f'{hours}\nholidays = {{ dates = [2026-12-24], files = ["{named}"] }}'
        (directory / name).write_text(text.replace(hours, holidays), encoding="utf-8")
    if content is not None:
        (directory / "office.ics").write_text(content, encoding="utf-8")
    return load(directory, today=TODAY)


def test_whole_days_are_closed_in_every_year(tmp_path: Path) -> None:
    desk = loaded(tmp_path, OFFICE)
    assert desk.problems == ()
    assert desk.document is not None
    days = desk.document["calendars"]["office"]["holidays"]
    assert [day for day in days if day.startswith("2026")] == [
        "2026-06-10",
        "2026-12-24",
        "2026-12-28",
        "2026-12-29",
        "2026-12-30",
        "2026-12-31",
    ]
    assert "2031-06-10" in days


@pytest.mark.parametrize(
    ("content", "named", "said"),
    [
        pytest.param(None, "office.ics", "office.ics: this file cannot be read", id="a file that is not there"),
        pytest.param("hello", "office.ics", "office.ics: ", id="no calendar at all"),
        pytest.param(TIMED + "END:VCALENDAR\n", "office.ics", "there is no whole day in it", id="only hours"),
        pytest.param(
            OFFICE, "../office.ics", "../office.ics: a calendar file lies in the desk directory", id="outside"
        ),
    ],
)
def test_a_file_that_says_nothing_is_named_with_its_line(
    tmp_path: Path, content: str | None, named: str, said: str
) -> None:
    desk = loaded(tmp_path, content, named)
    (problem,) = desk.problems
    assert str(problem).startswith("desk.toml:8: ")
    assert said in str(problem)
    assert desk.document is None
