"""A call as a file for the calendar of whoever reads no mail from us: where it is said, and what it says over time."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from icalendar import Calendar

from adapters.message import Channel
from bot.store.calls.calls import of_ticket
from bot.tickets.calls.call import Call
from bot.tickets.ticket import TicketId
from bot.web.desk import Site
from tests.builders import story_desk
from tests.contract.web.served import Answered, ServedBoard, board_of_story

SITE = "http://127.0.0.1:8080"
_LINK = re.compile(rf"{SITE}(/call/[\w-]+\.ics)")


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[ServedBoard]:
    desk = story_desk(more='\n[calls]\nvideo = "https://meet.example.test/{call}"\n')
    async with board_of_story(tmp_path, desk=desk, site=Site(public_url=SITE)) as served:
        yield served


async def the_call(board: ServedBoard) -> Call:
    (call,) = await board.story.database.read(lambda conn: of_ticket(conn, TicketId(1)))
    return call


async def booked(board: ServedBoard, channel: Channel = Channel.TELEGRAM, place: str = "3") -> str:
    """Lena books one of the free times there; what she reads of it."""
    await board.story.receives(channel, sender="lena", text="/call")
    await board.story.receives(channel, sender="lena", text=place)
    return board.story.expect_message("lena", channel, containing="Booked: Troubleshooting with Vera")


def named(said: str) -> str:
    found = _LINK.search(said)
    assert found, said
    return found[1]


async def read(board: ServedBoard, path: str) -> Answered:
    return await (await board.stranger()).see(path)


def told(answer: Answered) -> tuple[str, str, str]:
    """Which entry of a calendar the file is about, in which of its versions, and how it stands."""
    (event,) = Calendar.from_ical(answer.text).walk("VEVENT")
    return str(event["uid"]), str(event["sequence"]), str(event["status"])


@pytest.mark.parametrize("channel", [Channel.TELEGRAM, Channel.SLACK])
async def test_a_client_who_reads_no_mail_is_told_where_the_file_is(board: ServedBoard, channel: Channel) -> None:
    answer, call = await read(board, named(await booked(board, channel))), await the_call(board)
    (event,) = Calendar.from_ical(answer.text).walk("VEVENT")
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert told(answer) == (call.uid, "0", "CONFIRMED")
    assert str(event["location"]) == call.url


async def test_the_same_file_changes_the_entry_and_takes_it_off(board: ServedBoard) -> None:
    first = named(await booked(board))
    await board.story.receives(sender="lena", text="/call move")
    await board.story.receives(sender="lena", text="3")
    second = named(board.story.expect_message("lena", containing="Moved"))
    call = await the_call(board)
    for path in (first, second):
        assert told(await read(board, path)) == (call.uid, "1", "CONFIRMED")
    await board.story.receives(sender="lena", text="/call cancel")
    assert not _LINK.search(board.story.expect_message("lena", containing="Cancelled"))
    assert told(await read(board, first)) == (call.uid, "2", "CANCELLED")


async def test_its_address_opens_no_page_and_is_over_some_time_after_the_call(board: ServedBoard) -> None:
    path = named(await booked(board))
    assert (await read(board, path.replace("/call/", "/book/").removesuffix(".ics"))).status == 410
    await board.story.fast_forward(days=30)
    assert (await read(board, path)).status == 200
    await board.story.fast_forward(days=3)
    assert (await read(board, path)).status == 404


async def test_who_is_invited_by_mail_needs_no_file(board: ServedBoard) -> None:
    assert not _LINK.search(await booked(board, Channel.EMAIL))


async def test_a_call_that_is_only_asked_for_has_none_yet(tmp_path: Path) -> None:
    desk = story_desk(more='\n[calls]\nconfirm = "manager"\n')
    async with board_of_story(tmp_path, desk=desk, site=Site(public_url=SITE)) as served:
        await served.story.receives(sender="lena", text="/call")
        await served.story.receives(sender="lena", text="1")
        assert not _LINK.search(served.story.expect_message("lena", containing="You asked for"))
        assert not (await served.story.chooses("vera", "Accept")).is_refused
        assert named(served.story.expect_message("lena", containing="Booked"))
