"""Calls on the board: the week by person, a ticket's calls with what is done about them, and a feed of one's own."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from adapters.message import Channel
from bot.store import audit
from bot.store.calls.calls import of_ticket
from bot.tickets.calls.call import CallState
from bot.tickets.ticket import TicketId
from tests.builders import document, story_desk
from tests.contract.web.served import Answered, ServedBoard, Visit, board_of_story

CALLS = '\n[calls]\nvideo = "https://meet.example.test/{call}"\n'
CONFIRMED = CALLS + '\n[clients.acme.calls]\nconfirm = "manager"\n'


@pytest.fixture
async def board(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[ServedBoard]:
    async with board_of_story(tmp_path, desk=story_desk(more=getattr(request, "param", CALLS))) as served:
        yield served


@pytest.fixture
async def vera(board: ServedBoard) -> Visit:
    return await board.signed_in("vera")


async def books(board: ServedBoard) -> None:
    """Lena asks for the second time there is: tomorrow at half past twelve, as Vera has it."""
    await board.story.receives(sender="lena", text="/call education")
    await board.story.receives(sender="lena", text="2")


async def state(board: ServedBoard, ticket: int = 1) -> list[CallState]:
    found = await board.story.database.read(lambda conn: of_ticket(conn, TicketId(ticket)))
    return [one.state for one in found]


async def test_a_week_shows_every_call_by_its_person_and_day(board: ServedBoard, vera: Visit) -> None:
    assert "Vera Kova" in (await vera.see("/board/calls")).says
    await books(board)
    page = await vera.see("/board/calls")
    assert "2 March to 8 March 2026" in page.says
    assert "12:30–13:30 Acme Training · booked" in page.says
    assert 'href="/board/T-1"' in page.text
    assert 'aria-current="date">Tue 3 Mar' in page.text
    assert "Acme Training" not in (await vera.see("/board/calls?week=2026-03-09")).says
    dana = await board.signed_in("dana")
    assert "12:30–13:30 Acme Training" in (await dana.see("/board/calls?week=2026-03-08")).says
    assert "Acme Training" not in (await dana.see("/board/calls?who=mine")).says
    for strange in ("soon", "9999-12-31", "0001-01-01", "2026-02-31"):
        assert "2 March to 8 March" in (await vera.see(f"/board/calls?week={strange}")).says


async def test_a_tickets_page_has_its_calls_and_what_is_done_about_them(board: ServedBoard, vera: Visit) -> None:
    await books(board)
    page = await vera.see("/board/T-1")
    assert "tomorrow 12:30 (09:30 for Lena) Training · Vera Kova · booked" in page.says
    assert (await vera.press("T-1", "call_move", at="2026-03-05T15:00")).status == 303
    assert await state(board) == [CallState.RESCHEDULED]
    board.story.forget()
    assert (await vera.press("T-1", "call_cancel", why="ill")).status == 303
    assert await state(board) == [CallState.CANCELLED]
    await board.story.settle()
    board.story.expect_message("lena", containing="We have to call off Training with Vera")


async def test_a_manager_books_from_the_ticket_and_closes_the_call_with_notes(board: ServedBoard, vera: Visit) -> None:
    await board.story.receives(sender="lena", text="Payroll failed")
    soon = await vera.press("T-1", "call", at="2026-03-03T15:00", kind="education")
    assert soon.status == 422
    assert "is too soon" in soon.says
    wrong = await vera.press("T-1", "call", at="whenever", kind="education")
    assert (wrong.status, "Choose a day and a time." in wrong.says) == (422, True)
    assert (await vera.press("T-1", "call", at="2026-03-04T15:00", kind="education")).status == 303
    assert (await vera.press("T-1", "call_done", notes="too soon")).status == 422
    await board.story.go_to(datetime(2026, 3, 4, 13, 5, tzinfo=UTC))
    vera = await board.signed_in("vera")
    page = await vera.see("/board/T-1")
    assert 'action="/board/T-1/call_done"' in page.text
    assert 'action="/board/T-1/call"' in page.text, "what is over holds up no next one"
    assert (await vera.press("T-1", "call_done", notes="She knows how now")).status == 303
    assert await state(board) == [CallState.DONE]
    assert "She knows how now" in (await vera.see("/board/T-1")).says


@pytest.mark.parametrize("board", [pytest.param(CONFIRMED, id="each is accepted")], indirect=True)
async def test_what_waits_to_be_accepted_is_accepted_there(board: ServedBoard, vera: Visit) -> None:
    await books(board)
    assert await state(board) == [CallState.REQUESTED]
    assert "to be accepted by" in (await vera.see("/board/T-1")).says
    assert "call_confirm" not in (await (await board.signed_in("ines")).see("/board/T-1")).text
    assert (await vera.press("T-1", "call_confirm")).status == 303
    assert await state(board) == [CallState.CONFIRMED]


async def test_the_page_is_nobody_elses(board: ServedBoard) -> None:
    stranger = await board.stranger()
    assert (await stranger.see("/board/calls")).status == 401
    assert (await stranger.post("/board/calls/feed", {"do": "open"})).status == 401


def feed_in(page: Answered) -> str:
    """The path of the address that a page shows."""
    address = page.text.partition('<code id="feed">')[2].partition("</code>")[0]
    return address[address.index("/call/") :]


def events_in(answer: Answered) -> list[Any]:
    """The events of a calendar file, as another program reads them."""
    return list(Calendar.from_ical(answer.text).walk("VEVENT"))


async def test_a_person_reads_their_calls_in_their_own_calendar(board: ServedBoard, vera: Visit) -> None:
    await books(board)
    await board.story.receives(Channel.EMAIL, sender="lena", text="Secret words")
    page = await vera.post("/board/calls/feed", {"do": "open"})
    path = feed_in(page)
    calendar_program = await board.stranger()
    answer = await calendar_program.see(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    calendar = Calendar.from_ical(answer.text)
    assert str(calendar["method"]) == "PUBLISH"
    (event,) = events_in(answer)
    assert str(event["summary"]) == "Call: Training · Acme · T-1"
    assert event["dtstart"].dt == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    assert {"description", "attendee", "organizer"}.isdisjoint(name.lower() for name in event)
    assert "Secret" not in answer.text
    assert "Lena" not in answer.text
    assert path not in (await vera.see("/board/calls")).text  # shown once
    assert "Close it" in (await vera.see("/board/calls")).says
    uid = str(event["uid"])
    await vera.press("T-1", "call_move", at="2026-03-05T15:00")
    (moved,) = events_in(await calendar_program.see(path))
    assert (str(moved["uid"]), moved["sequence"]) == (uid, 1)
    await vera.press("T-1", "call_cancel")
    assert "VEVENT" not in (await calendar_program.see(path)).text


async def test_a_feed_is_closed_by_a_new_one_by_a_press_and_by_leaving(board: ServedBoard, vera: Visit) -> None:
    program = await board.stranger()
    first = feed_in(await vera.post("/board/calls/feed", {"do": "open"}))
    second = feed_in(await vera.post("/board/calls/feed", {"do": "open"}))
    assert [(await program.see(one)).status for one in (first, second)] == [404, 200]
    assert (await vera.post("/board/calls/feed", {"do": "close"})).status == 303
    assert (await program.see(second)).status == 404
    assert (await vera.post("/board/calls/feed", {"do": "steal"})).status == 400
    third = feed_in(await vera.post("/board/calls/feed", {"do": "open"}))
    await board.story.channels[Channel.SLACK].becomes("T1/U1", "closed", by="T1/U1")
    await board.story.settle()
    await board.story.desk.refresh()
    assert (await program.see(third)).status == 404
    deeds = await board.story.database.read(lambda conn: audit.latest(conn, count=20))
    said = [one.action for one in reversed(deeds) if one.action.startswith("calls_feed")]
    assert said == ["calls_feed_opened", "calls_feed_opened", "calls_feed_closed", "calls_feed_opened"]


async def test_who_leaves_the_desk_leaves_an_empty_feed_so_that_calendars_forget(
    board: ServedBoard, vera: Visit
) -> None:
    await books(board)
    address = feed_in(await vera.post("/board/calls/feed", {"do": "open"}))
    left = story_desk().replace("[people.vera]", "[people.vira]").replace('"vera"', '"vira"')
    await board.story.apply(document(left))
    await board.story.settle()
    seen = await (await board.stranger()).see(address)
    assert (seen.status, "BEGIN:VCALENDAR" in seen.text, "VEVENT" in seen.text) == (200, True, False)


async def test_an_address_of_nothing_is_nothing(board: ServedBoard) -> None:
    program = await board.stranger()
    for path in ("/call/x.ics", f"/call/{'a' * 22}.ics", "/call/.ics"):
        assert (await program.see(path)).status == 404
