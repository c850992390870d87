"""Open pages hear that something changed, at once, and nothing once their person is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import StreamReader

from bot.store.people import tokens
from bot.tickets import command as c
from tests.contract.web.served import ServedBoard, Visit


@asynccontextmanager
async def listening_to(visit: Visit) -> AsyncIterator[StreamReader]:
    """The lines of a page's stream, its greeting already heard."""
    async with visit.http.get(visit.address + "/board/stream") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        stream = answer.content
        await heard(stream, b"data: hello")
        yield stream


async def heard(stream: StreamReader, line: bytes) -> None:
    async with asyncio.timeout(60):
        while (await stream.readline()).strip() != line:
            assert not stream.at_eof(), f"the stream ended before {line!r}"


async def test_a_page_hears_of_a_message_and_of_a_press(board: ServedBoard, vera: Visit) -> None:
    async with listening_to(vera) as stream:
        await board.story.receives(sender="lena", text="Payroll failed")
        await heard(stream, b"data: changed")
        await board.story.does("vera", c.Take())
        await heard(stream, b"data: changed")


async def test_a_page_hears_of_what_another_process_wrote(board: ServedBoard, vera: Visit) -> None:
    await board.story.receives(sender="lena", text="Payroll failed")
    async with listening_to(vera) as stream:
        # Nobody rings the bell: as if another replica had committed it.
        await board.story.desk.database.write(
            lambda conn: conn.exec_driver_sql(
                "INSERT INTO event (id, ticket_id, what, by, why, particulars, at, recorded_at)"
                " SELECT max(id) + 1, 1, 'nudged', 'desk', '', '{}', 0, 0 FROM event"
            )
        )
        await heard(stream, b"data: changed")


async def test_a_page_of_somebody_signed_out_is_told_to_go(board: ServedBoard, vera: Visit) -> None:
    async with listening_to(vera) as stream:
        await board.story.desk.database.write(lambda conn: tokens.close_sessions_of(conn, "vera"))
        await heard(stream, b"event: bye")
