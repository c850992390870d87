"""The number of whoever called, out of what a phone system writes."""

import pytest

from bot.tickets.calling_back import number_in


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("Missed call from +351 912-345-678 at 20:00", "+351912345678", id="with blanks and dashes"),
        pytest.param("Voicemail: 00351 (912) 345.678", "+351912345678", id="with two zeros and brackets"),
        pytest.param("From 912345678", "912345678", id="without its country"),
        pytest.param("3 calls on 2026-03-03 20:00 from +44 20 7946 0958", "+442079460958", id="behind a date"),
        pytest.param("Number withheld, 12 seconds", "", id="none"),
        pytest.param("+12345678901234567", "", id="longer than any"),
        pytest.param("Ref +351x912", "", id="no number at all"),
    ],
)
def test_the_first_number_is_read(text: str, number: str) -> None:
    assert number_in(text) == number
