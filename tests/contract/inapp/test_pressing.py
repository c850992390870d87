"""Buttons and forms in the widget: whose socket it is presses, a repeat counts once, and what changed is shown."""

from dataclasses import asdict

import pytest

from adapters.message import Button, Identity
from tests.contract.inapp.desk import MemoryDesk, Served, conversation, token
from tests.contract.inapp.page import Page, Site, fresh_id

BOOK = (Button("call.book", "Book a call", ""),)


async def pressed(page: Page, client_id: str | None = None, **fields: str) -> dict[str, object]:
    await page.tell("press", id=client_id or fresh_id(), action="call.book", value="", fields=fields)
    return await page.hear("answer")


async def test_what_may_be_pressed_comes_with_the_welcome(desk: MemoryDesk, life: Served, site: Site) -> None:
    desk.buttons = BOOK
    async with site.page(token=token()) as page:
        profile = (await page.hear("welcome"))["profile"]
        assert profile["note"] == ""
        assert profile["buttons"] == [asdict(one) for one in BOOK]


async def test_a_press_is_answered_with_a_form_and_the_form_with_words(
    desk: MemoryDesk, life: Served, site: Site
) -> None:
    async with site.page(token=token(), language="en", zone="Europe/Lisbon") as page:
        await page.hear("welcome")
        answer = await pressed(page)
        form = answer["form"]
        assert isinstance(form, dict)
        assert [one["name"] for one in form["inputs"]] == ["kind", "slot"]
        assert form["inputs"][1]["headings"][2] == "Thursday, March 5"

        answer = await pressed(page, kind="fixing", slot="Wed 09:30")
        assert (answer["text"], answer["form"], answer["refused"]) == ("Booked: Wed 09:30.", None, False)
        assert (await page.hear("profile"))["profile"]["note"] == "Your call: Wed 09:30"
        assert await page.texts(1) == ["Booked: Wed 09:30."]

    press = desk.asked[-1]
    assert (press.by, press.conversation) == (Identity(conversation().channel, "user-17"), conversation())
    assert (press.language, press.zone) == ("en", "Europe/Lisbon")
    assert press.vouched is not None
    assert press.vouched.client == "acme"


async def test_a_press_whose_answer_was_lost_is_sent_again_and_counts_once(
    desk: MemoryDesk, life: Served, site: Site
) -> None:
    desk.is_killed_by_a_press = True
    client_id = fresh_id()
    async with site.page(token=token()) as page:
        await page.tell("press", id=client_id, action="call.book", value="", fields={"slot": "Wed 09:00"})
        assert await page.closed() == 1013
        assert not page.heard("answer")
    desk.is_killed_by_a_press = False
    async with site.page(token=token()) as page:
        assert (await pressed(page, client_id, slot="Wed 09:00"))["text"] == "Booked: Wed 09:00."
    assert desk.texts(conversation()) == ["Booked: Wed 09:00."]
    assert len({press.key for press in desk.asked}) == 1


async def test_the_same_id_of_two_people_is_two_presses(desk: MemoryDesk, life: Served, site: Site) -> None:
    client_id = fresh_id()
    for sub in ("user-17", "user-18"):
        async with site.page(token=token(sub)) as page:
            await pressed(page, client_id, slot="Wed 09:00")
    assert len({press.key for press in desk.asked}) == 2
    assert [press.by.address for press in desk.asked] == ["user-17", "user-18"]


async def test_what_the_desk_arranged_meanwhile_is_shown_on_every_page_of_the_person(
    desk: MemoryDesk, life: Served, site: Site
) -> None:
    desk.buttons = BOOK
    async with site.page(token=token()) as laptop, site.page(token=token()) as phone:
        for page in (laptop, phone):
            await page.hear("welcome")
        await pressed(laptop, slot="Wed 09:00")
        for page in (laptop, phone):
            assert (await page.hear("profile"))["profile"]["note"] == "Your call: Wed 09:00"


async def test_a_desk_that_is_away_answers_nothing_and_has_the_page_come_back(
    desk: MemoryDesk, life: Served, site: Site
) -> None:
    async with site.page(token=token()) as page:
        await page.hear("welcome")
        desk.is_away = True
        await page.tell("press", id=fresh_id(), action="call.book", value="", fields={})
        assert await page.closed() == 1013
        assert not page.heard("answer")
    assert desk.asked == []


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param({"action": "Call.Book"}, id="an action that is none of ours"),
        pytest.param({"action": "call.book", "value": "x" * 201}, id="a value that is too long"),
        pytest.param({"action": "call.book", "fields": {"slot": "x" * 2_001}}, id="a field that is too long"),
        pytest.param({"action": "call.book", "fields": {f"f{'x' * one}": "" for one in range(11)}}, id="many fields"),
        pytest.param({"action": "call.book", "fields": {"<b>": ""}}, id="a name that is no field's"),
        pytest.param({"action": "call.book", "fields": {"slot": 1}}, id="a number for words"),
        pytest.param({"action": "call.book", "by": "user-18"}, id="another person's name"),
    ],
)
async def test_a_press_that_no_widget_makes_ends_the_page(
    frame: dict[str, object], desk: MemoryDesk, life: Served, site: Site
) -> None:
    async with site.page(token=token()) as page:
        await page.tell("press", id=fresh_id(), **frame)
        assert await page.closed() == 1008
    assert desk.asked == []


async def test_what_no_store_can_bear_is_taken_out_of_a_press(desk: MemoryDesk, life: Served, site: Site) -> None:
    async with site.page(token=token()) as page:
        await page.tell("press", id=fresh_id(), action="call.move", value="1\x002\ud800", fields={"slot": "a\x00b"})
        assert (await page.hear("answer"))["refused"]
    (press,) = desk.asked
    assert (press.value, press.fields) == ("12\N{REPLACEMENT CHARACTER}", {"slot": "ab"})
