"""The desk directory, read and judged as a whole: a document, or everything that is wrong with it.

One run finds every mistake: an admin mends a list, not one line after another. Nothing is half loaded; where there is
an error there is no document.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from bot.deskfile.advice import advise
from bot.deskfile.around import Around
from bot.deskfile.calendar_files import with_calendar_files
from bot.deskfile.calendar_tables import Calendar
from bot.deskfile.days_off import frozen_years
from bot.deskfile.document import Document, calendar_document, document
from bot.deskfile.reading import Problem, Reading, read
from bot.deskfile.references import check_references
from bot.deskfile.revise import compiled
from bot.deskfile.shape import check_shape
from bot.deskfile.tables import DeskDirectory
from bot.deskfile.wording import check_wording


@dataclass(frozen=True, slots=True)
class Loaded:
    """`document` is None when any problem is an error. Problems come in the order of files and lines."""

    document: Document | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.is_error)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if not problem.is_error)


def load(directory: Path, *, today: date) -> Loaded:
    """Read every *.toml under the directory. `today` decides how far holidays are frozen and which reviews are due."""
    reading, unread = read(directory)
    reading, unreadable = with_calendar_files(reading, directory, frozen_years(today))
    return judge(reading, (*unread, *unreadable), today=today)


def judge(reading: Reading, unread: tuple[Problem, ...], *, today: date) -> Loaded:
    """As `load`, of what was read."""
    years = frozen_years(today)

    def mistakes(of: Reading) -> tuple[DeskDirectory | None, tuple[Problem, ...]]:
        tables, problems = check_shape(of)
        return tables, (*problems, *_calendar_problems(of, years), *check_references(of), *check_wording(of))

    tables, problems = mistakes(reading)
    if not unread and not problems and tables is not None:
        return Loaded(document(tables, years), tuple(sorted(advise(reading, tables, today=today))))
    rest = Around(reading, problems, mistakes)
    advice: tuple[Problem, ...] = ()
    if rest.tables is not None and not unread:  # what could not be read may be what advice would miss
        advice = advise(rest.reading, rest.tables, today=today, is_told=rest.is_sure)
    return Loaded(None, tuple(sorted({*unread, *problems, *advice})))


def _calendar_problems(reading: Reading, years: range) -> Iterator[Problem]:
    """Try every calendar whose own shape is right: its holidays must exist, and it must open."""
    calendars = reading.tree.get("calendars")
    for key, written in calendars.items() if isinstance(calendars, Mapping) else ():
        try:
            calendar = Calendar.model_validate(written)
        except ValidationError:
            continue
        try:
            compiled(key, calendar_document(calendar, years))
        except ValueError as error:
            yield reading.problem(("calendars", key), str(error))
