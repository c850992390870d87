"""An alert is said in its hearer's zone, and read on a page by somebody in another one."""

from datetime import datetime

import pytest

from bot.tickets.texts import Texts
from bot.web.alert_titles import retold
from sla.duration import Instant, instant


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


KYIV = Texts("en", "Europe/Kyiv")
SAID_AT = at("2026-03-03T15:01+02:00")
MOMENTS = (at("2026-03-03T15:00+02:00"), SAID_AT)


@pytest.mark.parametrize(
    ("title", "zone", "now", "read"),
    [
        pytest.param(
            "T-1: overdue since 15:00", "Europe/Lisbon", SAID_AT, "T-1: overdue since 13:00", id="on the same day"
        ),
        pytest.param(
            "T-1: overdue since 15:00, noticed 15:01",
            "Asia/Tokyo",
            at("2026-03-05T09:00+02:00"),
            "T-1: overdue since March 3, 22:00, noticed March 3, 22:01",
            id="two days later",
        ),
        pytest.param("T-1: overdue since 15:00", "Europe/Kyiv", SAID_AT, "T-1: overdue since 15:00", id="at home"),
        pytest.param(
            "T-1: due 18:30", "Europe/Lisbon", SAID_AT, "T-1: due 18:30 (Europe/Kyiv)", id="nobody knows that moment"
        ),
        pytest.param("Nobody has T-1", "Europe/Lisbon", SAID_AT, "Nobody has T-1", id="no time in it"),
    ],
)
def test_times_are_those_of_whoever_reads(title: str, zone: str, now: Instant, read: str) -> None:
    assert retold(title, KYIV, zone, MOMENTS, said_at=SAID_AT, now=now) == read


def test_a_moment_keeps_the_language_of_the_alert() -> None:
    hearer = Texts("uk", "Europe/Kyiv")
    said = retold("термін сплив о 15:00", hearer, "Europe/Lisbon", MOMENTS, said_at=SAID_AT, now=SAID_AT)
    assert said == "термін сплив о 13:00"
