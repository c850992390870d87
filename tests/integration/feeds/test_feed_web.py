"""Calendars of our people as servers really give them: moved, gone, huge, slow, inside our network, made to harm."""

import asyncio
import gzip
import os
import socket
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.feed_child import TOO_MUCH, FeedRead, read_feed
from bot.app.feed_web import LARGEST, fetched, spans_from_feed
from bot.desk.people.feeds import FeedAwayError
from bot.web.server import listening
from tests.peers.ports import free_port

SINCE = datetime(2026, 3, 2, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=7)
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260301T000000Z
DTSTART:20260303T100000Z
DTEND:20260303T110000Z
SUMMARY:Dentist
{rule}END:VEVENT
END:VCALENDAR
"""
SOUND = CALENDAR.format(rule="").replace("\n", "\r\n").encode()


def beside(*rules: str) -> bytes:
    """A calendar with that one appointment, and with events of these rules."""
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:r{place}\r\nDTSTART:20260303T200000Z\r\nDURATION:PT15M\r\nRRULE:{rule}\r\nEND:VEVENT\r\n"
        for place, rule in enumerate(rules)
    ).encode()
    return SOUND.replace(b"END:VCALENDAR", events + b"END:VCALENDAR")


#: The thirtieth of February never comes: whoever looks for it hour by hour hardly ever ends.
NEVER = "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"
#: More of them than anybody has time for, even one by one.
FOR_EVER = beside(*[NEVER] * 100)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Leads(AbstractResolver):
    """Every name leads to one address."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=self._address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]

    async def close(self) -> None:
        return


async def given(answer: Answer) -> bytes:
    """What is fetched from a server that answers so."""
    app = web.Application()
    app.add_routes([web.get("/own.ics", answer)])
    async with listening(app, "127.0.0.1", 0) as address:
        return await fetched(f"{address}/own.ics")


async def test_a_calendar_is_fetched_and_only_its_times_are_read() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=CALENDAR.format(rule=""), content_type="text/calendar")

    app = web.Application()
    app.add_routes([web.get("/own.ics", answer)])
    async with listening(app, "127.0.0.1", 0) as address:
        read = await spans_from_feed(f"{address}/own.ics", zone="Europe/Kyiv", since=SINCE, until=UNTIL)
    assert read.spans == [(datetime(2026, 3, 3, 10, tzinfo=UTC), datetime(2026, 3, 3, 11, tzinfo=UTC))]


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        pytest.param(302, ValueError, "another address", id="moved"),
        pytest.param(404, ValueError, "refuses it \\(404\\)", id="gone"),
        pytest.param(401, ValueError, "refuses it \\(401\\)", id="locked"),
        pytest.param(500, FeedAwayError, "answers 500", id="broken"),
        pytest.param(429, FeedAwayError, "answers 429", id="asked too often"),
    ],
)
async def test_what_a_server_refuses_is_told_apart_from_what_passes(
    status: int, error: type[Exception], words: str
) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": "/inside"} if status == 302 else {})

    with pytest.raises(error, match=words):
        await given(answer)
    assert asked == ["/own.ics"]  # nobody follows where it leads


async def test_one_that_is_larger_than_a_calendar_is_cut_off() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        endless = web.StreamResponse()
        await endless.prepare(request)
        while True:
            await endless.write(b"X" * 65_536)

    with pytest.raises(ValueError, match=f"larger than {LARGEST // 1_000_000} MB"):
        await given(answer)


async def test_one_that_comes_packed_is_unpacked_and_no_more_than_a_calendar_is_large() -> None:
    packed = {"calendar": gzip.compress(CALENDAR.format(rule="").encode()), "bomb": gzip.compress(bytes(100_000_000))}

    async def fetched_as(what: str) -> bytes:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(body=packed[what], headers={"Content-Encoding": "gzip"})

        return await given(answer)

    assert await fetched_as("calendar") == CALENDAR.format(rule="").encode()
    with pytest.raises(ValueError, match=f"larger than {LARGEST // 1_000_000} MB"):
        await fetched_as("bomb")


async def test_a_broken_event_is_named_by_the_child_that_reads_it() -> None:
    told = CALENDAR.format(rule="RRULE:FREQ=SOMETIMES\n").encode()
    read = await read_feed(told, zone="+03:00", since=SINCE, until=UNTIL)
    begins = datetime(2026, 3, 3, 10, tzinfo=UTC)
    assert read == FeedRead([(begins, begins + timedelta(hours=1))], ("no. 1 (20260303T100000Z, RRULE)",))


async def test_one_that_never_ends_is_away() -> None:
    entered, ended = asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        slow = web.StreamResponse()
        await slow.prepare(request)
        await slow.write(b"BEGIN:VCALENDAR\r\n")
        entered.set()
        await ended.wait()
        return slow

    app = web.Application()
    app.add_routes([web.get("/own.ics", answer)])
    async with listening(app, "127.0.0.1", 0) as address:
        with pytest.raises(FeedAwayError, match="cannot be reached"):
            await fetched(f"{address}/own.ics", within_s=3)
        ended.set()
    assert entered.is_set()


async def test_a_server_that_is_not_there_is_away() -> None:
    with pytest.raises(FeedAwayError, match="cannot be reached"):
        await fetched(f"http://127.0.0.1:{free_port()}/own.ics")


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/own.ics",
        "https://[::ffff:10.0.0.1]/own.ics",
        "https://[64:ff9b::a00:1]/own.ics",
        "https://[2002:a00:1::]/own.ics",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/own.ics",
        "https://192.168.1.1:8443/own.ics",
    ],
)
async def test_an_address_in_a_private_network_is_never_asked(url: str) -> None:
    with pytest.raises(ValueError, match="private network"):
        await fetched(url)


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fe80::1"])
async def test_nor_is_a_name_that_leads_there(address: str) -> None:
    with pytest.raises(ValueError, match="private network"):
        await fetched("https://calendars.test/own.ics", names=Leads(address))


@pytest.mark.parametrize("url", ["http://calendars.test/own.ics", "ftp://calendars.test/own.ics", "file:///etc/passwd"])
async def test_nothing_is_asked_without_tls(url: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        await fetched(url, names=Leads("10.0.0.1"))


@pytest.mark.parametrize(
    "content", [pytest.param(b"<html>Sign in</html>", id="a page"), pytest.param(b"\xff\x00" * 50, id="anything")]
)
async def test_a_file_that_is_no_calendar_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(ValueError, match="it is no iCalendar file"):
        await read_feed(content, zone="+03:00", since=SINCE, until=UNTIL)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param([NEVER], id="a day that never comes, hour by hour"),
        pytest.param(["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"], id="a day that never comes, day by day"),
        pytest.param(["FREQ=MINUTELY;INTERVAL=15;BYMONTH=2;BYMONTHDAY=31"], id="quarter by quarter"),
        pytest.param([NEVER, "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", NEVER, NEVER], id="several"),
    ],
)
async def test_an_event_that_takes_for_ever_is_named_and_its_feed_counts(rules: list[str]) -> None:
    read = await read_feed(beside(*rules), zone="Europe/Kyiv", since=SINCE, until=UNTIL)
    once = datetime(2026, 3, 3, 20, tzinfo=UTC)
    assert read.broken == tuple(f"no. {place} (20260303T200000Z, RRULE)" for place in range(2, len(rules) + 2))
    assert list(read.spans)[1:] == [(once, once + timedelta(minutes=15))]
    assert list(read.spans)[:1] == list((await read_feed(SOUND, zone="Europe/Kyiv", since=SINCE, until=UNTIL)).spans)


async def test_one_that_began_centuries_ago_hour_by_hour_is_named_and_its_feed_counts() -> None:
    old = beside("FREQ=HOURLY").replace(b"DTSTART:20260303T200000Z", b"DTSTART:16010101T000000Z")
    read = await read_feed(old, zone="Europe/Kyiv", since=SINCE, until=UNTIL)
    assert read.broken == ("no. 2 (16010101T000000Z, RRULE)",)
    assert len(read.spans) == 1


async def test_a_feed_of_such_events_alone_ends_with_its_child() -> None:
    before = children()
    async with asyncio.timeout(120):  # seconds of its own time, however busy the machine is
        with pytest.raises(ValueError, match=TOO_MUCH):
            await read_feed(FOR_EVER, zone="Europe/Kyiv", since=SINCE, until=UNTIL)
    assert children() <= before


async def test_a_stop_of_ours_leaves_no_child_behind() -> None:
    before = children()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await read_feed(FOR_EVER, zone="Europe/Kyiv", since=SINCE, until=UNTIL)
    assert children() <= before


def children() -> set[str]:
    """The processes that we started and that have not ended."""
    found: set[str] = set()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended meanwhile has none
            found.update((task / "children").read_text().split())
    return found


@pytest.mark.parametrize("error", [OSError("Too many open files"), TimeoutError()], ids=["no child", "no time"])
async def test_a_machine_that_has_no_room_is_no_fault_of_the_feed(error: OSError) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=CALENDAR.format(rule=""), content_type="text/calendar")

    async def read(
        content: bytes, *, zone: str, since: datetime, until: datetime, ours: Collection[str], is_leave: bool
    ) -> FeedRead:
        raise error

    app = web.Application()
    app.add_routes([web.get("/own.ics", answer)])
    async with listening(app, "127.0.0.1", 0) as address:
        with pytest.raises(FeedAwayError, match="no room to read it"):
            await spans_from_feed(f"{address}/own.ics", zone="+03:00", since=SINCE, until=UNTIL, read=read)
