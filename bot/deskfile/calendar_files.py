"""Days off from calendar files (ICS), read together with the desk directory and plain dates from then on.

What the file says next week changes nothing until the desk is applied again, and then `apply --plan` shows it. Only
whole days count: a note at ten o'clock closes no office.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.deskfile.places import KeyPath
from bot.deskfile.reading import Problem, Reading

DAY = timedelta(days=1)


def with_calendar_files(reading: Reading, directory: Path, years: range) -> tuple[Reading, tuple[Problem, ...]]:
    """The reading with the days of its calendar files among its dates. Files lie inside the desk directory."""
    calendars = reading.tree.get("calendars")
    if not isinstance(calendars, Mapping):
        return reading, ()
    problems: list[Problem] = []
    read = {}
    for key, calendar in calendars.items():
        holidays = calendar.get("holidays") if isinstance(calendar, Mapping) else None
        files = holidays.get("files") if isinstance(holidays, Mapping) else None
        if not isinstance(holidays, Mapping) or not isinstance(files, list) or not _are_names(files):
            continue
        dates = list(holidays.get("dates", []))
        for number, file in enumerate(files):
            path: KeyPath = ("calendars", key, "holidays", "files", number)
            try:
                dates += [day for day in days_off(_content(directory, file), years) if day not in dates]
            except ValueError as error:
                problems.append(reading.problem(path, f"{file}: {error}"))
        read[key] = {**calendar, "holidays": {**holidays, "files": [], "dates": dates}}
    return replace(reading, tree={**reading.tree, "calendars": {**calendars, **read}}), tuple(problems)


def days_off(content: bytes, years: range) -> list[date]:
    """The whole days of all events, in order, with those that come back every year. ValueError says what is wrong."""
    # A third of a second to import both, and only a desk that names a file needs them.
    import icalendar  # noqa: PLC0415
    import recurring_ical_events  # noqa: PLC0415

    try:
        calendar = icalendar.Calendar.from_ical(content)
        events = recurring_ical_events.of(calendar).between(date(years.start, 1, 1), date(years.stop, 1, 1))
        found = sorted({day for event in events for day in _days(event)})
    except (ValueError, KeyError, AttributeError, TypeError, IndexError) as error:
        raise ValueError(f"this is no calendar file ({error}): export it as iCalendar (.ics)") from error
    days = [day for day in found if day.year in years]
    if not days:
        raise ValueError(f"there is no whole day in it from {years.start} on: name a file of holidays, or drop it")
    return days


def _days(event: Any) -> Iterator[date]:  # noqa: ANN401 - the library's event
    start = event["DTSTART"].dt
    if isinstance(start, datetime) or str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    end = event["DTEND"].dt if "DTEND" in event else start + event["DURATION"].dt if "DURATION" in event else start
    yield start
    day = start + DAY
    while day < end:
        yield day
        day += DAY


def _are_names(files: list[Any]) -> bool:
    return all(isinstance(file, str) for file in files)


def _content(directory: Path, file: str) -> bytes:
    path = (directory / file).resolve()
    if not path.is_relative_to(directory.resolve()):
        raise ValueError(
            "a calendar file lies in the desk directory, so that it is reviewed with the rest: copy it there"
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(
            f"this file cannot be read ({error.strerror}): it is looked for beside the *.toml files"
        ) from error
