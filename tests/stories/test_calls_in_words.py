"""A time in a client's own words comes back to be confirmed, whichever way it was written; nothing is booked by it."""

import pytest

from adapters.message import Channel
from tests.builders import ON_TELEGRAM
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import called, calls


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param("Thursday 15:00?", "1. Thursday 15:00 (18:00 for Vera)", id="a question"),
        pytest.param(
            "tomorrow at 3 p.m., please.", "1. tomorrow 15:00 (18:00 for Vera)", id="a courtesy and full stops"
        ),
        pytest.param("next friday 15:00", "1. March 13, 15:00 (18:00 for Vera)", id="a day of next week"),
        pytest.param("el 5 de marzo a las 15h", "1. Thursday 15:00 (18:00 for Vera)", id="a date in Spanish"),
        pytest.param("am 5. März um 15 Uhr bitte", "1. Thursday 15:00 (18:00 for Vera)", id="a date in German"),
        pytest.param("5 березня о 15 годині", "1. Thursday 15:00 (18:00 for Vera)", id="a date in Ukrainian"),
    ],
)
async def test_it_is_the_first_of_some_to_choose_from(make_desk: MakeStory, text: str, first: str) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call")
    desk.forget()
    await desk.receives(sender="lena", text=text)
    said = desk.expect_message("lena", containing="Did you mean the first of these?")
    assert f"\n{first}\n" in said
    assert await calls(desk) == []
    desk.expect_quiet()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Hi, could we speak tomorrow at 15?", id="in English"),
        pytest.param("Доброго дня! Чи зручно Вам завтра о 15:00?", id="in Ukrainian"),
        pytest.param("¿Podemos hablar mañana a las 15?", id="in Spanish"),
        pytest.param("Könnten wir morgen um 15 Uhr sprechen?", id="in German"),
    ],
)
async def test_a_time_in_a_sentence_is_suggested_while_times_are_offered(make_desk: MakeStory, text: str) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call")
    desk.forget()
    await desk.receives(sender="lena", text=text)
    said = desk.expect_message("lena", containing="Did you mean the first of these?")
    assert "\n1. tomorrow 15:00 (18:00 for Vera)\n" in said
    assert await calls(desk) == []
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, tomorrow 15:00 (18:00 for Vera).")
    assert len(await calls(desk)) == 1


async def test_what_somebody_needs_help_with_is_a_message_whatever_is_offered(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call")
    desk.forget()
    await desk.receives(sender="lena", text="Errors since yesterday 15:00")
    desk.expect_message("lena", containing="Vera")
    desk.expect_card("vera", containing="Errors since yesterday 15:00")
    await desk.receives(sender="lena", text="could we speak tomorrow at 15?")
    desk.expect_message("lena", containing="Did you mean the first of these?")


async def test_a_time_in_a_sentence_is_a_message_where_nothing_is_offered(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="could we speak tomorrow at 15?")
    desk.expect_card("vera", containing="could we speak tomorrow at 15?")


async def test_a_mail_that_names_a_time_above_its_regards_is_read(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="call")
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="lena", text="Hi Vera,\n\ntomorrow at 15\n\nKind regards\nLena Novak")
    said = desk.expect_message("lena", Channel.EMAIL, containing="Did you mean the first of these?")
    assert "\n1. tomorrow 15:00 (18:00 for Vera)\n" in said
    assert await calls(desk) == []


async def test_a_date_that_is_read_in_two_ways_is_no_time(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call 08/04 15:00")
    desk.expect_message("lena", containing="We did not understand which time.")
    assert await calls(desk) == []
    desk.expect_quiet()


async def test_a_time_with_a_doubt_is_no_promise_of_ours(make_desk: MakeStory) -> None:
    desk = await called(make_desk, *ON_TELEGRAM)
    desk.works_on = Channel.TELEGRAM
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    desk.forget()
    await desk.writes("vera", "eta thursday 15:00?", under=desk.card("vera"))
    desk.expect_message("vera", Channel.TELEGRAM, containing="'thursday 15:00?' is no moment")
    desk.expect_quiet()
    await desk.writes("vera", "eta 5 March 15:00.", under=desk.card("vera"))
    desk.expect_message("lena", Channel.EMAIL, containing="expects to have this done by Thursday 12:00")
    desk.forget()
