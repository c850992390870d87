"""Quarters that begin in February, the downtime they allow, and what counts of it."""

from datetime import date
from fractions import Fraction

import pytest

from sla.duration import moment
from sla.uptime import Downtime, DowntimeKind, Quarter, quarter_of, uptime
from sla.week import parse_zone
from tests.unit.sla.made import HOUR, at

NINES = Fraction(999, 1000)
SPRING = quarter_of(date(2026, 2, 15), parse_zone("fixed:+03:00"))
SECOND = 1000


@pytest.mark.parametrize(
    ("day", "starts"),
    [
        pytest.param("2026-02-01", "2026-02-01", id="its first day"),
        pytest.param("2026-04-30", "2026-02-01", id="its last day"),
        pytest.param("2026-05-01", "2026-05-01", id="the next one"),
        pytest.param("2026-01-31", "2025-11-01", id="over New Year"),
        pytest.param("2026-12-31", "2026-11-01", id="the end of the year"),
    ],
)
def test_a_day_belongs_to_one_quarter(day: str, starts: str) -> None:
    zone = parse_zone("fixed:+03:00")
    quarter = quarter_of(date.fromisoformat(day), zone)

    assert f"{moment(quarter.start).astimezone(zone):%Y-%m-%d %H:%M}" == f"{starts} 00:00"


def test_a_quarter_may_begin_with_january() -> None:
    assert quarter_of(date(2026, 2, 15), parse_zone("UTC"), first_month=1) == Quarter(
        at("2026-01-01T00:00Z"), at("2026-04-01T00:00Z")
    )


def down(since: str, until: str, kind: DowntimeKind = DowntimeKind.UNPLANNED) -> Downtime:
    return Downtime(at(since), at(until), kind)


@pytest.mark.parametrize(
    ("downtimes", "used"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([down("2026-03-01T10:00Z", "2026-03-01T11:00Z")], HOUR, id="an hour"),
        pytest.param(
            [down("2026-03-01T10:00Z", "2026-03-01T11:00Z"), down("2026-03-01T10:30Z", "2026-03-01T12:00Z")],
            2 * HOUR,
            id="two that overlap count once",
        ),
        pytest.param([down("2026-01-31T20:00Z", "2026-01-31T22:00Z")], HOUR, id="the part within the quarter"),
        pytest.param(
            [down("2026-03-01T10:00Z", "2026-03-01T10:00:10Z", DowntimeKind.SCHEDULED)],
            0,
            id="ten seconds of a release are free",
        ),
        pytest.param(
            [down("2026-03-01T10:00Z", "2026-03-01T10:00:12Z", DowntimeKind.SCHEDULED)],
            2 * SECOND,
            id="a release counts from its eleventh second on",
        ),
        pytest.param(
            [
                down("2026-03-01T10:00Z", "2026-03-01T12:00Z", DowntimeKind.THIRD_PARTY),
                down("2026-03-02T10:00Z", "2026-03-02T12:00Z", DowntimeKind.EXCLUDED),
            ],
            0,
            id="what others cause and what is excluded",
        ),
    ],
)
def test_what_counts_of_a_downtime(downtimes: list[Downtime], used: int) -> None:
    book = uptime(SPRING, downtimes, share=NINES)

    assert (book.budget_ms, book.used_ms, book.left_ms) == (7_689_600, used, 7_689_600 - used)
    assert book.share == 1 - Fraction(used, SPRING.total_ms)


def test_a_share_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="999/1000"):
        SPRING.budget_ms(Fraction(999, 10))
