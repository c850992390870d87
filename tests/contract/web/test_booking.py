"""The booking page: whoever holds a conversation's link books, moves and cancels its call, in their own time."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from adapters.message import Channel
from bot.store.calls.calls import of_ticket
from bot.store.people import tokens
from bot.tickets.calls.call import Call, CallState
from bot.tickets.calls.command import AllowCall
from bot.tickets.ticket import TicketId
from bot.web.desk import Site
from sla.duration import instant, later
from tests.builders import document, story_desk
from tests.contract.web.served import Answered, ServedBoard, Visit, board_of_story

#: Vera works from 10 to 19 at +03:00. Lena reads in Lisbon: at noon in Kyiv it is nine there.
CALLS = '\n[calls]\nvideo = "https://meet.example.test/{call}"\n'
FIRST = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
#: At nine in the evening in Los Angeles Kyiv is a day on; there the clocks go forward on 8 March.
FAR = ('zone = "Europe/Lisbon"', 'zone = "America/Los_Angeles"')


@dataclass
class Page:
    """A browser without a script on the booking page of one link."""

    board: ServedBoard
    visit: Visit
    link: str

    async def see(self, query: str = "") -> Answered:
        return await self.visit.see(f"{self.link}{query}")

    async def send(self, page: Answered, **fields: str) -> Answered:
        return await self.visit.post(self.link, {"key": page.key, **fields})

    async def chooses(self, page: Answered, words: str) -> Answered:
        """Press the button of a time, as the page has it."""
        return await self.send(page, **fields_of(page, words))

    async def follow(self, answer: Answered) -> Answered:
        assert answer.status == 303, answer.says
        return await self.visit.see(answer.headers["Location"])

    async def calls(self, ticket: int = 1) -> list[Call]:
        return await self.board.story.database.read(lambda conn: of_ticket(conn, TicketId(ticket)))


def fields_of(page: Answered, words: str) -> dict[str, str]:
    """What the form of a button sends beside the key."""
    (form,) = [one for one in re.findall(r"<form.*?</form>", page.text, re.DOTALL) if f"<button>{words}" in one]
    return {name: value for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form) if name != "key"}


@pytest.fixture
async def board(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[ServedBoard]:
    desk = story_desk(*getattr(request, "param", ()), more=CALLS)
    async with board_of_story(tmp_path, desk=desk, site=Site(public_url="http://127.0.0.1:8080")) as served:
        yield served


@pytest.fixture
async def lena(board: ServedBoard) -> Page:
    """Lena with the link that her mail brought."""
    return await with_link(board)


async def with_link(board: ServedBoard, sender: str = "lena") -> Page:
    story = board.story
    await story.receives(Channel.EMAIL, sender=sender, text="/call")
    said = story.expect_message(sender, Channel.EMAIL, containing="/book/")
    visit = await board.stranger()
    visit.origin = "http://127.0.0.1:8080"
    return Page(board, visit, "/book/" + said.rpartition("/book/")[2].split()[0])


async def test_it_shows_free_times_in_both_zones_and_changes_nothing(lena: Page) -> None:
    page = await lena.see()
    assert page.status == 200
    assert "With Vera. All times are in your own time (Europe/Lisbon, UTC+00:00)" in page.says
    assert "09:30 (12:30 for Vera)" in page.says
    assert "Training 1 h" in page.says
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert page.headers["Cache-Control"] == "no-store"
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert [one for one in ("<script", "<style", " style=", " onclick=") if one in page.text] == []
    assert await lena.calls() == []


async def test_a_time_is_booked_and_the_page_shows_the_call(lena: Page) -> None:
    page = await lena.see("?kind=education")
    done = await lena.follow(await lena.chooses(page, "10:00 (13:00 for Vera)"))
    assert "Booked: Training with Vera" in done.says
    assert "Wednesday, March 4, 2026 10:00–11:00 (13:00–14:00 for Vera)" in done.says
    assert 'href="https://meet.example.test/' in done.text
    assert "/call move" not in done.says
    (call,) = await lena.calls()
    assert (call.state, call.kind, call.begins_at) == (
        CallState.CONFIRMED,
        "education",
        instant(FIRST + timedelta(hours=1)),
    )
    story = lena.board.story
    await story.settle()
    story.expect_message("lena", Channel.EMAIL, containing="Booked: Training with Vera")
    story.expect_ping("vera", containing="Lena booked a call with Vera")
    story.forget()
    story.expect_quiet()


async def test_a_form_that_is_sent_twice_books_once(lena: Page) -> None:
    page = await lena.see()
    first, second = [await lena.chooses(page, "09:30 (12:30 for Vera)") for _ in range(2)]
    assert (first.status, second.status) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(await lena.calls()) == 1
    await lena.board.story.settle()
    lena.board.story.expect_message("lena", Channel.EMAIL, containing="Booked")
    lena.board.story.forget()
    lena.board.story.expect_quiet()


async def test_another_time_from_a_page_that_was_gone_back_to_is_another_wish(lena: Page) -> None:
    page = await lena.see()
    assert (await lena.chooses(page, "09:30 (12:30 for Vera)")).status == 303
    again = await lena.chooses(page, "10:00 (13:00 for Vera)")
    assert again.status == 422
    assert "You have a call already: it is the one below." in again.says
    assert "09:30–10:00 (12:30–13:00 for Vera)" in again.says
    assert len(await lena.calls()) == 1


async def test_a_call_is_moved_and_cancelled_and_the_file_follows(lena: Page) -> None:
    page = await lena.see()
    shown = await lena.follow(await lena.chooses(page, "09:30 (12:30 for Vera)"))
    before = await event_of(lena)
    choice = await lena.see("?move=1")
    assert "Free times: one press moves the call there" in choice.says
    assert "Leave it as it is" in choice.says
    await lena.board.story.settle()
    moved = await lena.follow(await lena.chooses(choice, "11:00 (14:00 for Vera)"))
    assert "Moved: Troubleshooting with Vera is now" in moved.says
    now = await event_of(lena)
    assert (now["uid"], now["sequence"]) == (before["uid"], before["sequence"] + 1)
    assert now["dtstart"].dt == FIRST + timedelta(hours=2)
    gone = await lena.follow(await lena.send(shown, do="cancel"))
    assert "Cancelled: Troubleshooting with Vera" in gone.says
    assert "Change it in your calendar too" in gone.says
    last = await event_of(lena)
    assert (last["uid"], last["sequence"], last["status"]) == (before["uid"], 2, "CANCELLED")
    assert (await lena.send(moved, do="cancel")).status == 422


async def event_of(page: Page) -> dict[str, Any]:
    """The one event of the file behind the link."""
    answer = await page.visit.see(page.link.replace("/book/", "/call/") + ".ics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    (event,) = Calendar.from_ical(answer.text).walk("VEVENT")
    assert "/call" not in str(event.get("description", ""))
    return {name.lower(): value for name, value in event.items()}


async def test_a_time_that_has_just_gone_brings_the_next_ones(lena: Page) -> None:
    page, story = await lena.see(), lena.board.story
    for words in ("/call", "/call 2026-03-04 09:30", "1"):  # she asks on Telegram, about something else
        await story.receives(sender="lena", text=words)
    refused = await lena.chooses(page, "09:30 (12:30 for Vera)")
    assert refused.status == 422
    assert "has just been taken. The next free times:" in refused.says
    assert "Booked" in (await lena.follow(await lena.send(refused, **first_instead(refused)))).says


def first_instead(page: Answered) -> dict[str, str]:
    """The first of the times that a refusal offers."""
    form = re.findall(r"<form.*?</form>", page.text, re.DOTALL)[0]
    return {name: value for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form) if name != "key"}


async def test_too_soon_brings_the_three_earliest_and_the_lead(lena: Page) -> None:
    page = await lena.see()
    refused = await lena.send(page, do="book", kind="troubleshooting", person="vera", when="2026-03-03T13:00")
    assert refused.status == 422
    assert "is too soon: a call has to be agreed at least 1 working day before it. The earliest times:" in refused.says
    assert len(re.findall(r"Wed, Mar 4, ", refused.says)) == 3
    asked = await lena.follow(await lena.chooses(refused, "Ask the team lead"))
    assert "We have asked the team lead" in asked.says
    assert "The team lead has been asked" in asked.says
    (call,) = await lena.calls()
    assert (call.state, call.waits_for) == (CallState.REQUESTED, "lead")
    assert (await lena.board.story.does("dana", AllowCall())).text == "Done."
    assert "booked" in (await lena.see()).says


async def test_after_the_notice_point_it_is_not_moved_and_cancelling_says_what_that_costs(lena: Page) -> None:
    page = await lena.see()
    await lena.chooses(page, "09:30 (12:30 for Vera)")
    choice = await lena.see("?move=1")
    await lena.board.story.fast_forward(hours=2)
    late = await lena.see("?move=1")
    assert "It is too late to move it here." in late.says
    assert "counts as held" in late.says
    assert "Free times" not in late.says
    refused = await lena.chooses(choice, "11:00 (14:00 for Vera)")
    assert (refused.status, "It is too late to move it here." in refused.says) == (422, True)
    gone = await lena.follow(await lena.send(late, do="cancel"))
    assert "so it counts as held" in gone.says
    (call,) = await lena.calls()
    assert call.is_late


#: One page answers all of these: nothing of them leaves a trace.
NO_FORMS = {
    "a moment longer than any": {"do": "book", "at": "9" * 14, "person": "vera"},
    "a moment that is none": {"do": "book", "at": "soon"},
    "a deed that there is not": {"do": "delete", "at": "1"},
    "no moment": {"do": "book"},
    "a key of somebody else's making": {"do": "cancel", "key": "../x"},
    "no key": {"do": "cancel", "key": ""},
}
CANNOT_BE = {
    "nothing": {"when": ""},
    "a day alone": {"when": "2026-03-05"},
    "an hour that the clocks skip": {"when": "2026-03-29T01:30"},
    "the end of time": {"when": "9999-12-31T23:59"},
    "long ago": {"at": "1", "person": "vera"},
    "in hundreds of years": {"at": "9999999999999", "person": "vera"},
    "beside the grid": {"when": "2026-03-05T10:07", "person": "vera"},
    "with somebody who is not asked": {"when": "2026-03-05T10:00", "person": "dana"},
    "with nobody we know": {"when": "2026-03-05T10:00", "person": "nobody"},
    "a kind there is not": {"when": "2026-03-05T10:00", "person": "vera", "kind": "<b>party"},
}


async def test_what_no_form_of_ours_sends_is_no_request(lena: Page) -> None:
    page = await lena.see()
    answers = {name: await lena.visit.post(lena.link, {"key": page.key, **one}) for name, one in NO_FORMS.items()}
    assert {name: one.status for name, one in answers.items()} == dict.fromkeys(NO_FORMS, 400)


async def test_a_time_that_cannot_be_is_refused_with_those_that_can(lena: Page) -> None:
    page = await lena.see()
    for name, fields in CANNOT_BE.items():
        answer = await lena.send(page, do="book", **({"kind": "troubleshooting"} | fields))
        assert answer.status == 422, name
        assert 'role="alert"' in answer.text, name
        assert "Free times" in answer.says, name
        assert "<b>party" not in answer.text
    assert await lena.calls() == []


@pytest.mark.parametrize("wrong", ["foreign", "cut short", "of the board", "over"])
async def test_a_link_that_opens_nothing_says_so_and_does_nothing(lena: Page, wrong: str) -> None:
    page, story = await lena.see(), lena.board.story
    link = lena.link
    if wrong == "foreign":
        lena.link = "/book/" + "a" * 22
    elif wrong == "cut short":
        lena.link = link[:-1]
    elif wrong == "of the board":
        now = story.time.at
        token = await story.database.write(
            lambda conn: tokens.make_link(
                conn, purpose="board", subject="1 1 acme", now=now, expires_at=later(now, timedelta(days=1))
            )
        )
        lena.link = f"/book/{token}"
    else:
        await story.fast_forward(days=7, minutes=1)
    for answer in (await lena.see(), await lena.chooses(page, "09:30 (12:30 for Vera)")):
        assert answer.status == 410
        assert "This link is over" in answer.says
    assert (await lena.visit.see(lena.link.replace("/book/", "/call/") + ".ics")).status == 404
    assert await lena.calls() == []


async def test_who_is_no_client_any_more_has_a_link_that_is_over(lena: Page) -> None:
    page, story = await lena.see(), lena.board.story
    without = story_desk(("[clients.acme]", "[clients.other]"), more=CALLS)
    await story.apply(document(without))
    for answer in (await lena.see(), await lena.chooses(page, "09:30 (12:30 for Vera)")):
        assert (answer.status, "This link is over" in answer.says) == (410, True)
    assert await lena.calls() == []


async def test_a_closed_link_speaks_the_browsers_language(lena: Page) -> None:
    async with lena.visit.http.get(
        f"{lena.board.address}/book/nothing", headers={"Accept-Language": "pt-BR, de-AT;q=0.8, en;q=0.5"}
    ) as answer:
        assert "Dieser Link gilt nicht mehr" in await answer.text()


async def test_a_form_of_another_site_books_nothing(lena: Page) -> None:
    page = await lena.see()
    lena.visit.origin = "https://evil.test"
    assert (await lena.chooses(page, "09:30 (12:30 for Vera)")).status == 403
    assert await lena.calls() == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        pytest.param("uk", ("Забронювати дзвінок", "Вільний час", "ср, 4 бер."), id="Ukrainian"),
        pytest.param("es", ("Reservar una llamada", "Horas libres", "mié, 4 mar"), id="Spanish"),
        pytest.param("de", ("Anruf buchen", "Freie Zeiten", "Mi., 4. März"), id="German"),
    ],
)
async def test_it_speaks_the_contacts_language(tmp_path: Path, language: str, words: tuple[str, ...]) -> None:
    desk = story_desk(('language = "en"', f'language = "{language}"'), more=CALLS)
    async with board_of_story(tmp_path, desk=desk, site=Site(public_url="http://127.0.0.1:8080")) as board:
        page = await (await with_link(board)).see()
    for one in words:
        assert one in page.says
    assert f'<html lang="{language}">' in page.text


@pytest.mark.parametrize("board", [pytest.param((FAR,), id="Los Angeles")], indirect=True)
async def test_times_are_right_in_both_zones_over_a_change_of_the_clocks(lena: Page) -> None:
    page = await lena.see("?day=2026-03-05")
    # Friday seven in the morning in UTC is still Thursday there, an hour before midnight.
    assert "23:00 (Fri 10:00 for Vera)" in page.says
    after = await lena.see("?day=2026-03-09")
    # Since Sunday the clocks there are an hour further: nothing of Vera's Monday falls on a Sunday any more.
    assert "00:00 (10:00 for Vera)" in after.says
    assert "Sun, Mar 8" not in after.says
    booked = await lena.follow(await lena.chooses(after, "00:30 (10:30 for Vera)"))
    assert "Monday, March 9, 2026 00:30–01:00 (10:30–11:00 for Vera)" in booked.says
    (call,) = await lena.calls()
    assert call.begins_at == instant(datetime(2026, 3, 9, 7, 30, tzinfo=UTC))
    event = await event_of(lena)
    assert event["dtstart"].dt == datetime(2026, 3, 9, 7, 30, tzinfo=UTC)


async def test_a_call_that_was_booked_elsewhere_is_named_and_changed_on_a_page_of_its_own(lena: Page) -> None:
    story = lena.board.story
    for words in ("/call thu 12:00", "1"):
        await story.receives(sender="lena", text=words)
    story.forget()
    page = await lena.see()
    line = "Troubleshooting with Vera, Thursday 12:00 (15:00 for Vera)"
    assert f"Your calls: {line}" in page.says
    assert "09:30 (12:30 for Vera)" in page.says, "another one may be booked all the same"
    own = await lena.see("?call=1.1")
    assert "Thursday, March 5, 2026 12:00–12:30 (15:00–15:30 for Vera)" in own.says
    moving = await lena.see("?move=1&call=1.1")
    done = await lena.follow(await lena.chooses(moving, "10:00 (13:00 for Vera)"))
    assert "Moved: Troubleshooting with Vera is now tomorrow 10:00 (13:00 for Vera)" in done.says
    await story.settle()
    story.expect_message("lena", Channel.EMAIL, containing="is now tomorrow 10:00")
    story.expect_ping("vera", containing="the call is now tomorrow 13:00")
    file = await lena.visit.see(lena.link.replace("/book/", "/call/") + ".ics?call=1.1")
    assert "DTSTART" in file.text
    gone = await lena.follow(await lena.send(await lena.see("?call=1.1"), do="cancel", call="1.1"))
    assert "Cancelled: Troubleshooting with Vera" in gone.says
    assert [one.state for one in await lena.calls()] == [CallState.CANCELLED]
    story.forget()
    story.expect_quiet()


async def test_the_address_of_somebody_elses_call_shows_and_changes_nothing_of_it(board: ServedBoard) -> None:
    story = board.story
    for words in ("/call thu 12:00", "1"):
        await story.receives(sender="lena", text=words)
    bill = await with_link(board, "bill")
    page = await bill.see("?call=1.1")
    assert "Thursday, March 5" not in page.says
    assert "Your calls" not in page.says
    refused = await bill.send(page, do="cancel", call="1.1")
    assert refused.status == 422
    assert [one.state for one in await bill.calls()] == [CallState.CONFIRMED]
    assert (await bill.see("?call=rubbish'")).status == 200
    story.forget()
    story.expect_quiet()
