"""The form that a call is booked in: each time below its own day, said so that it means one moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.desk.calls.forms import booking_form
from bot.desk.calls.offer import Kind, Offer
from bot.deskfile.revise import revision_from_document
from bot.store.calls.call_offers import Offered, slot_from_text, slot_to_text
from bot.tickets.texts import Texts
from routing.people import PersonId
from sla.duration import Instant, instant
from tests.builders import document

VERA = PersonId("vera")
REVISION = revision_from_document(document(), 1)


def offered(zone: str, language: str, *slots: datetime) -> Offer:
    kinds = (Kind("review", "Review", timedelta(minutes=30)),)
    times = tuple(instant(one) for one in slots)
    return Offer(VERA, "Vera", "fixed:+03:00", zone, language, "review", kinds, times)


def shown(offer: Offer) -> list[tuple[str, str]]:
    now = instant(datetime(2026, 10, 1, 9, 0, tzinfo=UTC))
    speak = Texts(offer.language, offer.zone)
    slot = booking_form(REVISION, offer, speak, now=now).inputs[-1]
    return [(day, label) for day, (_, label) in zip(slot.headings, slot.choices, strict=True)]


def test_an_hour_that_comes_twice_says_which_one_it_is() -> None:
    hours = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1, 2)]
    assert shown(offered("Europe/Berlin", "en", *hours)) == [
        ("Sunday, October 25, 2026", "02:30 (03:30 for Vera) UTC+02:00"),
        ("Sunday, October 25, 2026", "02:30 (04:30 for Vera) UTC+01:00"),
        ("Sunday, October 25, 2026", "03:30 (05:30 for Vera)"),
    ]


@pytest.mark.parametrize(
    ("zone", "language", "day", "label"),
    [
        pytest.param(
            "America/Los_Angeles",
            "en",
            "Tuesday, November 3, 2026",
            "23:00 (November 4, 10:00 for Vera)",
            id="far off",
        ),
        pytest.param("Europe/Moscow", "de", "Mittwoch, 4. November 2026", "10:00", id="the same clocks"),
        pytest.param("Europe/Kyiv", "uk", "середа, 4 листопада 2026\u202fр.", "09:00 (Vera: 10:00)", id="in Ukrainian"),
        pytest.param(
            "Europe/Madrid", "es", "miércoles, 4 de noviembre de 2026", "08:00 (Vera: 10:00)", id="in Spanish"
        ),
    ],
)
def test_a_time_stands_below_the_readers_own_day(zone: str, language: str, day: str, label: str) -> None:
    assert shown(offered(zone, language, datetime(2026, 11, 4, 7, 0, tzinfo=UTC))) == [(day, label)]


def test_where_nothing_is_free_the_form_says_so_and_books_nothing() -> None:
    offer = replace(offered("Europe/Lisbon", "en"), refusal="No time is free.")
    form = booking_form(REVISION, offer, Texts("en", "Europe/Lisbon"), now=Instant(0))
    assert (form.note, form.submit, [one.name for one in form.inputs]) == ("No time is free.", "", ["kind"])


def test_a_choice_stands_for_its_time() -> None:
    time = Offered(VERA, Instant(1_772_614_800_000))
    assert slot_from_text(slot_to_text(time)) == time
    assert slot_from_text("1 2 3") == Offered(PersonId("2 3"), Instant(1))
    for wrong in ("", "vera", "12", "-1 vera", "1e3 vera", "٣ vera", f"{10**13} vera"):
        assert slot_from_text(wrong) is None
