"""M1: mails from an IMAP folder to committed tickets: the real server, the wire, the child that parses, and the desk.

Dovecot is the tests' own, a program from outside. There is no control: the goal is ours.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from adapters.email.adapter import EmailAdapter
from adapters.email.classify import Ourselves
from adapters.email.config import Config, Server
from adapters.email.threading import Signer
from adapters.message import Channel
from adapters.port import Adapter
from bench.measure import tell, title, verdict
from bench.stand import NOON, count, sqlite_url, stand
from bot.app.channels.email_memory import StoredMail, StoredPace
from bot.app.turn import StoredTurn
from bot.desk.changes import Changes
from bot.desk.sending.board_channel import BoardChannel
from bot.store.files import Files
from tests.peers import dovecot
from tests.peers.dovecot import Box

MAILS: Final = 1_000
GOAL: Final = 200
WITHIN_S: Final = 120
LOOK_EVERY_S: Final = 0.02


async def folder() -> None:
    """M1."""
    title("M1 IMAP folder to tickets", f"{GOAL} mails a second, each fetched, parsed in the child and committed")
    server = await asyncio.to_thread(dovecot.start)
    try:
        box = server.box()
        for number in range(MAILS):
            box.receives(_mail(number), at=NOON + timedelta(seconds=number))
        taken_s = await _read(box)
    finally:
        dovecot.end(server)
    tell("mails a second", f"{MAILS / taken_s:,.0f}")
    verdict((f"{GOAL} mails a second", taken_s * GOAL <= MAILS))


async def _read(box: Box) -> float:
    """Seconds from the first connection until the last mail is a ticket."""
    with sqlite_url() as url, tempfile.TemporaryDirectory(prefix="maitred-bench-") as place:
        channels: dict[Channel, Adapter] = {Channel.BOARD: BoardChannel(Changes(), lambda: datetime.now(UTC))}
        async with stand(url, channels) as ours:
            files = Files(Path(place))
            memory = StoredMail(ours.desk)
            channels[Channel.EMAIL] = adapter = EmailAdapter(
                Config(box.user, imap=Server("127.0.0.1", box.server.imap, "none", box.user, box.password)),
                Ourselves((box.user,), frozenset({"mx.desk.example"}), Signer(b"bench")),
                files,
                memory,
                lambda: datetime.now(UTC),
                say=lambda name, _language: name,
                name_of=str,
                turn=lambda mailbox: StoredTurn(ours.database, f"email:{mailbox}"),
                past=memory,
                pace=StoredPace(ours.desk.committer, box.user, 60),
            )
            began = time.perf_counter()
            async with (
                _running(adapter.run(ours.desk.journal, ours.desk.press)),
                _running(ours.desk.intake.run()),
                asyncio.timeout(WITHIN_S),
            ):
                while await count(ours.database, "ticket") < MAILS:  # noqa: ASYNC110 - the desk tells no bench
                    await asyncio.sleep(LOOK_EVERY_S)
                taken_s = time.perf_counter() - began
            await adapter.close()
    return taken_s


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _mail(number: int) -> bytes:
    """Two kilobytes from somebody new."""
    head = (
        f"From: Contact {number} <contact{number}@client.example>\r\nTo: support@desk.example\r\n"
        f"Subject: Payroll export {number} stops\r\nMessage-ID: <{number}@client.example>\r\n"
        "Date: Tue, 3 Mar 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    return (head + "The export of our payroll stops.\r\n" * 51).encode()
