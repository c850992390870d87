"""The radar: leave, holidays and no backup, where they meet, and nothing where somebody is left."""

from datetime import timedelta
from itertools import pairwise

import pytest

from routing.coverage import Absence, Coverage
from routing.people import PersonId
from routing.radar import Gap, Watch, edges, gaps
from sla.calendar import ALWAYS
from sla.duration import Instant
from tests.unit.routing.made import CALENDARS, at, person

SINCE, UNTIL = at("2026-03-02T00:00+03:00"), at("2026-03-09T00:00+03:00")
VERA, OLEG = person("vera"), person("oleg")
TUESDAY = (at("2026-03-03T10:00+03:00"), at("2026-03-03T19:00+03:00"))


def away(name: str, since: str, until: str | None) -> Absence:
    return Absence(PersonId(name), at(since), at(until) if until else None)


def found(*absences: Absence, people: tuple[str, ...] = ("vera", "oleg"), hours: str = "office") -> list[Gap]:
    known = {"vera": VERA, "oleg": OLEG, "nina": person("nina", hours="night")}
    chosen = tuple(known[name] for name in people)
    coverage = Coverage(CALENDARS, absences)
    calendar = CALENDARS.get(hours, ALWAYS)
    watch = Watch(hours if calendar is not ALWAYS else "", calendar, chosen)

    def is_covered(moment: Instant) -> bool:
        return any(coverage.is_on_shift(one, moment) for one in chosen)

    return list(gaps(watch, is_covered, coverage, since=SINCE, until=UNTIL))


@pytest.mark.parametrize(
    ("absences", "expected"),
    [
        pytest.param((), [], id="all are there"),
        pytest.param((away("vera", "2026-03-01T00:00+03:00", None),), [], id="one is left"),
        pytest.param(
            (
                away("vera", "2026-03-03T00:00+03:00", "2026-03-05T00:00+03:00"),
                away("oleg", "2026-03-03T00:00+03:00", "2026-03-04T00:00+03:00"),
            ),
            [(*TUESDAY, ("vera", "oleg"), ())],
            id="both are away on a day",
        ),
        pytest.param(
            (
                away("vera", "2026-03-03T12:00+03:00", "2026-03-04T00:00+03:00"),
                away("oleg", "2026-03-03T00:00+03:00", "2026-03-03T15:00+03:00"),
            ),
            [(at("2026-03-03T12:00+03:00"), at("2026-03-03T15:00+03:00"), ("vera", "oleg"), ())],
            id="both are away for three hours",
        ),
    ],
)
def test_hours_without_anybody_are_found(
    absences: tuple[Absence, ...], expected: list[tuple[Instant, Instant, tuple[str, ...], tuple[str, ...]]]
) -> None:
    assert [(one.since, one.until, one.away, one.off) for one in found(*absences)] == expected


def test_without_an_end_each_day_is_a_gap_and_other_reasons_are_other_gaps() -> None:
    both = away("vera", "2026-03-04T00:00+03:00", None), away("oleg", "2026-03-05T14:00+03:00", None)
    assert [(one.since, one.until) for one in found(*both)] == [
        (at("2026-03-05T14:00+03:00"), at("2026-03-05T19:00+03:00")),
        (at("2026-03-06T10:00+03:00"), at("2026-03-06T19:00+03:00")),
    ]


def test_real_time_has_gaps_between_shifts_and_says_who_is_not_on_shift() -> None:
    first, *rest = found(people=("vera", "nina"), hours="")
    assert (first.since, first.until, first.off) == (SINCE, at("2026-03-02T10:00+03:00"), ("vera", "nina"))
    assert all(not one.away for one in rest)
    # Five days of nine hours and five nights of eight are covered.
    assert sum(one.until - one.since for one in (first, *rest)) == (7 * 24 - 5 * 9 - 5 * 8) * 3_600_000


def test_what_begins_before_or_ends_after_is_cut() -> None:
    since, until = at("2026-03-03T12:00+03:00"), at("2026-03-03T13:00+03:00")
    coverage = Coverage(CALENDARS)
    watch = Watch("office", CALENDARS["office"], ())
    (gap,) = gaps(watch, lambda _: False, coverage, since=since, until=until)
    assert (gap.since, gap.until, gap.away, gap.off) == (since, until, (), ())


def test_nothing_changes_between_two_edges() -> None:
    leave = away("vera", "2026-03-03T12:34+03:00", "2026-03-05T01:02+03:00")
    coverage = Coverage(CALENDARS, (leave,))
    moments = edges(coverage, CALENDARS["office"], since=SINCE, until=UNTIL)
    assert (moments[0], moments[-1]) == (SINCE, UNTIL)
    for begun, ended in pairwise(moments):
        for one in (VERA, person("nina", hours="night")):
            states = {coverage.is_on_shift(one, Instant(moment)) for moment in range(begun, ended, 60_000)}
            assert len(states) == 1


def test_a_week_of_hours_is_all_found() -> None:
    nobody = found(people=())
    assert sum(one.until - one.since for one in nobody) == 5 * 9 * timedelta(hours=1) // timedelta(milliseconds=1)
