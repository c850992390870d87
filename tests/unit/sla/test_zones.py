"""The rules of time zones are those of the package we are installed with, not the machine's."""

from datetime import UTC, datetime, timedelta

import pytest
import tzdata

from sla.week import parse_zone
from sla.zones import RULES, zone_named, zone_names


def test_the_rules_have_the_version_of_the_package() -> None:
    assert RULES == tzdata.IANA_VERSION


def test_a_zone_is_read_from_the_package() -> None:
    """Morocco left UTC+1 for good in September 2026; machines with older rules do not know it."""
    winter = datetime(2026, 12, 1, tzinfo=UTC).astimezone(zone_named("Africa/Casablanca"))

    assert winter.utcoffset() == timedelta(0)


def test_a_zone_is_one_object() -> None:
    assert parse_zone("Europe/Berlin") is zone_named("Europe/Berlin") is parse_zone("Europe/Berlin")
    assert {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"} <= zone_names()


@pytest.mark.parametrize("name", ["Europe/Atlantis", "../zones", "europe/berlin", ""])
def test_a_name_there_is_no_zone_of_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="there is no zone"):
        zone_named(name)
