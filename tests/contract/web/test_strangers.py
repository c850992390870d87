"""What is no HTTP that we read is refused with one line in the log, whoever sent it and why."""

import asyncio
import logging

import pytest
import structlog

from tests.contract.web.served import ServedBoard

PATIENCE_S = 60


async def sent(address: str, head: str, body: bytes) -> bytes:
    """Send bytes as no library would write them; the first line of what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    host = address.rpartition("/")[2]
    writer.write(f"POST /board/T-1/reply HTTP/1.1\r\nHost: {host}\r\nOrigin: {address}\r\n{head}\r\n".encode() + body)
    await writer.drain()
    async with asyncio.timeout(PATIENCE_S):
        answered = await reader.readline()
    writer.close()
    return answered


@pytest.mark.parametrize(
    ("head", "body"),
    [
        pytest.param("Content-Encoding: br\r\nContent-Length: 4\r\n", b"abcd", id="packed by Brotli"),
        pytest.param("Content-Encoding: zstd\r\nContent-Length: 4\r\n", b"abcd", id="packed by Zstandard"),
        pytest.param("Transfer-Encoding: chunked\r\n", b"zz\r\nabc\r\n0\r\n\r\n", id="a piece of no size"),
        pytest.param("Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\nzz\r\n", id="a second piece of no size"),
        pytest.param("Content-Length: -4\r\n", b"abcd", id="less than nothing"),
        pytest.param("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"abcd", id="two lengths"),
    ],
)
async def test_what_is_no_http_is_refused_in_one_line(
    board: ServedBoard, caplog: pytest.LogCaptureFixture, head: str, body: bytes
) -> None:
    with structlog.testing.capture_logs() as logged:
        assert b" 400 " in await sent(board.address, head, body)
    said = [line["event"] for line in logged if line["log_level"] != "debug"]
    assert said == ["a request was refused: it is no HTTP that is read here"]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_body_that_is_not_packed_as_it_says_is_refused_in_one_line(
    board: ServedBoard, caplog: pytest.LogCaptureFixture
) -> None:
    vera = await board.signed_in("vera")
    cookies = "; ".join(f"{one.key}={one.value}" for one in vera.http.cookie_jar)
    await board.story.receives(sender="lena", text="Payroll failed")
    head = (
        f"Cookie: {cookies}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Encoding: gzip\r\nContent-Length: 15\r\n"
    )
    with structlog.testing.capture_logs() as logged:
        assert b" 400 " in await sent(board.address, head, b"not gzip at all")
    said = [line["event"] for line in logged if line["log_level"] != "debug"]
    assert said == ["a request was refused: its body is broken"]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
