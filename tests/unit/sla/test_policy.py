"""Targets that cannot be kept are refused where they are made."""

from datetime import timedelta

import pytest

from sla.duration import BusinessDays, Within
from sla.policy import Target, Unit

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("within", "unit", "calendar", "cap", "mend"),
    [
        pytest.param(timedelta(0), Unit.WALL, None, None, "at least 1m", id="no time"),
        pytest.param(-HOUR, Unit.WALL, None, None, "at least 1m", id="negative time"),
        pytest.param(HOUR, Unit.BUSINESS, None, None, "name one", id="business hours of no calendar"),
        pytest.param(BusinessDays(1), Unit.WALL, None, None, "unit = 'business'", id="business days of real time"),
        pytest.param(HOUR, Unit.WALL, None, HOUR, "unit = 'business'", id="a cap on real time"),
        pytest.param(HOUR, Unit.BUSINESS, "office", -HOUR, "0m or more", id="a negative cap"),
    ],
)
def test_a_target_that_means_nothing_is_refused(
    within: Within, unit: Unit, calendar: str | None, cap: timedelta | None, mend: str
) -> None:
    with pytest.raises(ValueError, match=mend):
        Target(within, unit, calendar, off_hours_cap=cap)
