"""P6: what a message costs with 1,000 and with 100,000 tickets; and P7, what the process weighs with 100,000 open ones.

The tickets are opened by the product itself and then copied row by row with other numbers: every index is as full as
years of work would make it, in seconds.
"""

import asyncio
import os
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, STDOUT
from contextlib import closing
from pathlib import Path

from bench.measure import Pace, best, tell, timed, title, verdict
from bench.stand import Stand, address_of, chat, count, hear, stand
from bot.store.driver.connection import Connection
from bot.store.tables import channel_schema
from bot.tickets.command import Reply
from bot.tickets.ticket import TicketId
from routing.people import PersonId

FEW, MANY = 1_000, 100_000
ROUNDS = 3
#: A round: messages that open a ticket, words on tickets of any age, replies of ours.
OPENING, GOING_ON, REPLIES = 200, 200, 100
ROOT = Path(__file__).parents[1]
READY_WITHIN_SECONDS = 60.0

_NUMBERED = ("contact", "conversation", "ticket", "message", "event", "outbox", "inbound")
_REFERENCES = {"contact_id", "conversation_id", "ticket_id", "message_id", "outbox_id"}
_KEYED = {"key", "external_id", "lane", "slot"}
_COPIED = ("contact", "identity", "conversation", "ticket", "message", "clock", "event", "inbound", "outbox", "alarm")


async def growth() -> None:
    """P6."""
    title("P6 CPU of a message, 1,000 to 100,000 tickets", "at most 1.4 times, replies included")
    with tempfile.TemporaryDirectory(prefix="maitred-bench-") as folder:
        small = await grown(Path(folder), FEW)
        large = await grown(Path(folder), MANY)
        async with stand(_url(small)) as few, stand(_url(large)) as many:
            cost: dict[int, list[Pace]] = {FEW: [], MANY: []}
            for place in range(ROUNDS + 1):
                for tickets, ours in ((FEW, few), (MANY, many)):
                    pace = await _round(ours, tickets, place)
                    cost[tickets] += [pace] if place else []  # the first round only warms
    before, after = best(cost[FEW]), best(cost[MANY])
    tell(f"a message or a reply at {FEW:,} tickets", before)
    tell(f"the same at {MANY:,} tickets", after)
    times = after.cpu_us / before.cpu_us
    tell("times the CPU", f"{times:.2f}")
    verdict(("1.4 times", times <= 1.4))


async def weight() -> None:
    """P7."""
    title("P7 the main process with 100,000 open tickets", "150 MB, ready in 3 s")
    with tempfile.TemporaryDirectory(prefix="maitred-bench-") as folder:
        large = await grown(Path(folder), MANY)
        with closing(sqlite3.connect(large)) as file:
            file.execute("UPDATE alarm SET due_at = due_at + 1000000000000")  # nothing of theirs is due while we look
            file.commit()
        empty = Path(folder) / "empty.db"
        mb_empty, seconds_empty = await _started(empty, Path(folder))
        # The tickets were opened under another desk, so the first start counts all their promises anew.
        _, seconds_anew = await _started(large, Path(folder))
        mb, seconds = await _started(large, Path(folder))
    tell("with an empty database", f"{mb_empty:.0f} MB, ready after {seconds_empty:.1f} s")
    tell(f"with {MANY:,} open tickets", f"{mb:.0f} MB, ready after {seconds:.1f} s")
    tell("the first time, when every promise is counted anew", f"ready after {seconds_anew:.1f} s")
    tell("more than empty", f"{mb - mb_empty:.0f} MB, {seconds - seconds_empty:.1f} s")
    verdict(("150 MB", mb <= 150), ("ready in 3 s", seconds <= 3))


async def grown(folder: Path, tickets: int) -> Path:
    """A database with so many open tickets, made from a thousand real ones."""
    path = folder / f"{tickets}.db"
    seed = folder / "seed.db"
    if not seed.exists():
        async with stand(_url(seed)) as ours:
            await hear(ours.desk, [chat(number) for number in range(FEW)])
            await ours.database.write(_all_sent)
    shutil.copy(seed, path)
    async with stand(_url(path)) as ours:
        for copy in range(1, tickets // FEW):
            await ours.database.write(lambda conn, copy=copy: _copy(conn, copy))  # type: ignore[misc]
        assert await count(ours.database, "ticket") == tickets, "the copies are not complete"
    return path


def _url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def _all_sent(conn: Connection) -> None:
    conn.exec_driver_sql("UPDATE outbox SET state = 'sent'")


def _copy(conn: Connection, copy: int) -> None:
    """Everything of the first thousand tickets once more, under numbers and addresses of its own."""
    for name in _COPIED:
        table = channel_schema.button.metadata.tables[name]
        columns = [column.name for column in table.columns]
        shift = copy * 10 * FEW
        values = [_shifted(name, column, shift) for column in columns]
        first = f"id <= {10 * FEW}" if name in _NUMBERED else _first_of(name)
        conn.exec_driver_sql(
            f"INSERT INTO {name} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {name} WHERE {first}"  # noqa: S608 - names of ours
        )


def _shifted(table: str, column: str, shift: int) -> str:
    if column in _REFERENCES or (column == "id" and table in _NUMBERED):
        return f"{column} + {shift}"
    if column in _KEYED:
        return f"{column} || ':{shift}'"
    if column == "owner":
        return f"'promises:' || (ticket_id + {shift})"
    return column


def _first_of(table: str) -> str:
    if table == "identity":
        return f"contact_id <= {10 * FEW} AND source = 'seen'"
    return f"ticket_id <= {10 * FEW}"


async def _round(ours: Stand, tickets: int, place: int) -> Pace:
    chance = random.Random(place)
    first = 10_000_000 + place * 1_000_000
    opening = [chat(first + number) for number in range(OPENING)]
    old = [(chance.randrange(FEW), chance.randrange(tickets // FEW)) for _ in range(GOING_ON)]
    again = [chat(first + OPENING + number, sender=_address(*one)) for number, one in enumerate(old)]
    acts = [chance.randrange(1, FEW) + chance.randrange(tickets // FEW) * 10 * FEW for _ in range(REPLIES)]
    with timed(OPENING + GOING_ON + REPLIES) as pace:
        await hear(ours.desk, opening + again)
        for number, ticket in enumerate(acts):
            act = Reply("We are on it.")
            await ours.desk.commands.perform(PersonId("dana"), TicketId(ticket), act, key=f"{place}-{number}")
    return pace


def _address(number: int, copy: int) -> str:
    """The address of a contact of the first thousand, or of their copy, as the copier wrote it."""
    return address_of(number) + (f":{copy * 10 * FEW}" if copy else "")


async def _started(path: Path, folder: Path) -> tuple[float, float]:
    """Megabytes and seconds of `maitred run` on this database, once it says that it is ready."""
    settings = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": _url(path),
        "MAITRED_DESK": str(ROOT / "desk.example"),
        "MAITRED_DATA": str(folder / "files"),
        "MAITRED_HTTP": "127.0.0.1:0",
        "MAITRED_LOG": "json",
    }
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=ROOT, env=settings, stdout=PIPE, stderr=STDOUT
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(READY_WITHIN_SECONDS):
            while b'"ready"' not in (line := await process.stdout.readline()):
                assert line, "the bot ended before it was ready"
        seconds = time.perf_counter() - begun
        await asyncio.sleep(2)  # the loops have looked at everything once
        status = await asyncio.to_thread(Path(f"/proc/{process.pid}/status").read_text)
    finally:
        process.terminate()
        await process.wait()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024, seconds
