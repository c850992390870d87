"""P2: what is said in chats, kept and decided, with 64 in flight; and P3, the same where every fsync takes 5 ms more.

Every message is the hardest kind: a sender nobody knows opens a ticket, which is triaged, routed, promised, answered
with a receipt and shown to whoever gets it. A second line tells of whole chats: one message in four opens a ticket.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench.controls import orm_twin, raw_limit
from bench.measure import Pace, best, complain, run_timed, tell, timed, title, verdict
from bench.stand import Stand, address_of, chat, count, hear, hear_alone, sqlite_url, stand

ROUNDS = 3
MESSAGES = 1_000
RAW_MESSAGES = 8_000
TWIN_MESSAGES = 80
ALONE_MESSAGES = 60
#: Added to every fsync by the shim, as on a slow cloud volume.
FSYNC_MS = 5
SHIM_VARIABLE = "MAITRED_BENCH_FSYNC_MS"


async def chats() -> None:
    """P2."""
    title("P2 chat intake", "20 % of the raw limit, 20 times the twin")
    with tempfile.TemporaryDirectory(prefix="maitred-bench-") as name, sqlite_url() as url:
        folder = Path(name)
        async with stand(url) as ours:
            await hear(ours.desk, [chat(number) for number in range(MESSAGES)])
            raw, twin, opening, chatting = [], [], [], []
            for place in range(1, ROUNDS + 1):
                raw.append(run_timed(RAW_MESSAGES, lambda: raw_limit(folder, RAW_MESSAGES)))
                opening.append(await _openings(ours, first=place * MESSAGES))
                chatting.append(await _whole_chats(ours, first=(ROUNDS + place + 1) * MESSAGES))
                start = place * TWIN_MESSAGES
                twin.append(run_timed(TWIN_MESSAGES, lambda first=start: orm_twin(folder, TWIN_MESSAGES, first=first)))  # type: ignore[misc]
    limit, ticket, talk, step = best(raw), best(opening), best(chatting), best(twin)
    tell("raw sqlite3, 8 rows a message, 50 a transaction", limit)
    tell("ORM twin, a commit at each step", step)
    tell("ours, each message opens a ticket of a new contact", ticket)
    tell("ours, one message in four opens a ticket", talk)
    share, cpu_share = ticket.per_second / limit.per_second, limit.cpu_us / ticket.cpu_us
    times, cpu_times = ticket.per_second / step.per_second, step.cpu_us / ticket.cpu_us
    tell("of the raw limit, by the wall (by processor time)", f"{share:.0%} ({cpu_share:.0%})")
    tell("the same for whole chats", f"{talk.per_second / limit.per_second:.0%} ({limit.cpu_us / talk.cpu_us:.0%})")
    tell("times the twin", f"{times:.0f} ({cpu_times:.0f})")
    verdict(("20 % of the raw limit", share >= 0.2), ("20 times the twin", times >= 20))


async def slow_disk() -> None:
    """P3: this bench again in a process whose fsync is slow."""
    title("P3 chat intake, 5 ms more for each fsync", "1,500 per s, 10 times a commit a message")
    with tempfile.TemporaryDirectory(prefix="maitred-bench-") as name:
        shim = Path(name) / "slow_fsync.so"
        source = Path(__file__).with_name("slow_fsync.c")
        if shutil.which("gcc") is None:
            complain("left out: the shim that slows the disk down is made with gcc")
            return
        compiler = await asyncio.create_subprocess_exec(
            "gcc", "-shared", "-fPIC", "-O2", "-o", str(shim), str(source), "-ldl"
        )
        assert await compiler.wait() == 0, "gcc refuses the shim"
        slow = {**os.environ, "LD_PRELOAD": str(shim), SHIM_VARIABLE: str(FSYNC_MS)}
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.intake", env=slow)
        if await process.wait():
            raise RuntimeError("the bench on the slow disk failed")


async def _on_slow_disk() -> None:
    with sqlite_url() as url:
        async with stand(url) as ours:
            await hear(ours.desk, [chat(number) for number in range(MESSAGES)])
            together, alone = [], []
            for place in range(1, ROUNDS + 1):
                together.append(await _openings(ours, first=place * MESSAGES))
                first = (ROUNDS + 1) * MESSAGES + place * ALONE_MESSAGES
                with timed(ALONE_MESSAGES) as pace:
                    for number in range(first, first + ALONE_MESSAGES):
                        await hear_alone(ours.desk, chat(number))
                alone.append(pace)
    ticket, single = best(together), best(alone)
    tell("a commit a message: one in flight", single)
    tell("ours, 64 in flight, each opens a ticket", ticket)
    times = ticket.per_second / single.per_second
    tell("times a commit a message", f"{times:.0f}")
    verdict(("1,500 per s", ticket.per_second >= 1_500), ("10 times a commit a message", times >= 10))


async def _openings(ours: Stand, *, first: int) -> Pace:
    raws = [chat(number) for number in range(first, first + MESSAGES)]
    before = await count(ours.database, "ticket")
    with timed(MESSAGES) as pace:
        await hear(ours.desk, raws)
    assert await count(ours.database, "ticket") == before + MESSAGES, "a ticket is missing"
    return pace


async def _whole_chats(ours: Stand, *, first: int) -> Pace:
    senders = MESSAGES // 4
    raws = [chat(first + number, sender=address_of(first + number % senders)) for number in range(MESSAGES)]
    with timed(MESSAGES) as pace:
        await hear(ours.desk, raws)
    return pace


if __name__ == "__main__":
    asyncio.run(_on_slow_disk())
