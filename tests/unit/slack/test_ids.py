"""How things of Slack are named."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack import ids


@pytest.mark.parametrize(
    ("address", "place"),
    [
        pytest.param("T1/U1", ids.Place("T1", "U1"), id="a person"),
        pytest.param("E1/W1", ids.Place("E1", "W1"), id="a person of an organisation"),
        pytest.param("T1/C123", ids.Place("T1", "C123"), id="a channel"),
        pytest.param("T1/C123#1712.0001", ids.Place("T1", "C123", "1712.0001"), id="a thread"),
    ],
)
def test_an_address_is_taken_apart(address: str, place: ids.Place) -> None:
    assert ids.place_from_address(address) == place
    assert ids.place_from_address(address).is_person is (place.target[0] in "UW")


@pytest.mark.parametrize(
    "address", ["", "U1", "T1/", "T1/lena", "T1/C1#", "T1/C1#soon", "T1/C1#1.1#2.2", "t1/c1", "T1/C1\n"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        ids.place_from_address(address)


def test_a_message_is_named_by_its_channel_and_moment() -> None:
    assert ids.channel_and_ts(ids.message_id("C123", "1712.0001")) == ("C123", "1712.0001")
    for name in ("", "C123", "C123:soon", "general:1712.0001", "say:7"):
        with pytest.raises(ValueError, match="no message"):
            ids.channel_and_ts(name)


@given(st.integers(0, 10**10), st.integers(0, 999_999))
def test_a_timestamp_is_a_moment_to_the_microsecond(seconds: int, micros: int) -> None:
    expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros)
    assert ids.moment_from_ts(f"{seconds}.{micros:06d}") == expected


def test_what_is_no_timestamp_is_refused() -> None:
    for ts in ("", "now", "1", "1.", "1.1.1", "-1.0", "9" * 40 + ".0", "١.١"):
        with pytest.raises(ValueError, match="no timestamp"):
            ids.moment_from_ts(ts)
