"""The bot as it is run, in a process of its own, with a real mail server on either side of it."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.chaos.telegram_life import live
from tests.integration.email.post import PROVEN, Post
from tests.integration.email.reading import sent_at
from tests.peers.dovecot import Box
from tests.peers.exim import Exim
from tests.peers.forked import FORKS, run_command

STARTS_WITHIN_S = 60
#: The pace of a desk that sets none: what our people hear of hundreds of tickets at once is not looked at here.
AT_EASE = {"MAIL_PER_MINUTE": "60"}


@pytest.fixture
def post(box: Box, exim: Exim, tmp_path: Path) -> Post:
    return Post(box, exim, tmp_path)


@asynccontextmanager
async def started(post: Post) -> AsyncIterator[Process]:
    """The bot from a true start, once it is ready."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"), cwd=post.folder, env=post.environment, stdout=PIPE, stderr=PIPE
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(STARTS_WITHIN_S):
            while not is_ready(line := await process.stderr.readline()):
                assert line, "it ended before it was ready"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@dataclass(frozen=True)
class Life:
    """The bot in a process that was forked, once it is ready."""

    process: BaseProcess
    pages: str

    async def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        await asyncio.to_thread(self.process.join)

    async def stop(self) -> None:
        """Ask it to stop, as a service manager does."""
        self.process.terminate()
        await asyncio.to_thread(self.process.join, STARTS_WITHIN_S)
        assert self.process.exitcode == 0

    def held(self) -> int:
        """Bytes of memory that it has."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def life(post: Post, **others: str) -> AsyncIterator[Life]:
    """A life of the bot, with these settings beside those of the post."""
    log = post.folder / f"life-{len(list(post.folder.glob('life-*')))}.log"
    log.touch()
    words = (post.environment | others, str(post.folder), str(log), "")
    process = FORKS.Process(target=live, args=words, daemon=True)
    process.start()
    try:
        async with asyncio.timeout(STARTS_WITHIN_S):
            while not (ready := [line for line in log.read_bytes().splitlines() if is_ready(line)]):
                assert process.is_alive(), log.read_text()[-3000:]
                await asyncio.sleep(0.05)
        yield Life(process, json.loads(ready[0])["http"])
    finally:
        process.kill()
        await asyncio.to_thread(process.join)


def is_ready(line: bytes) -> bool:
    return line.startswith(b"{") and line.rstrip().endswith(b"}") and json.loads(line)["event"] == "ready"


async def said(post: Post, *words: str) -> str:
    """What a command printed, run to its end."""
    done = await asyncio.to_thread(run_command, words, directory=post.folder, environment=post.environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(600)
async def test_three_days_down_and_four_hundred_mails_later_each_is_a_message_once(post: Post) -> None:
    for number in range(400):
        mail = post.mail(post.lena, f"Question number {number}", subject=f"Question {number}")
        if number % 10 == 0:
            del mail["Message-ID"]
        elif number % 25 == 1:
            mail.replace_header("Message-ID", "<shared@acme.test>")
        post.box.receives(mail.as_bytes(), at=sent_at(number))
    post.box.is_read_by_somebody("1:150")

    async with life(post, **AT_EASE) as first:
        await until_kept(post, 200)
        await first.kill()
    async with life(post, **AT_EASE) as second:
        await until_kept(post, 400)
        await second.stop()

    said_at = rows(post, "SELECT text, at FROM message WHERE direction = 'in' ORDER BY at")
    assert [at for _, at in said_at] == [sent_at(number).timestamp() * 1000 for number in range(400)]
    assert [text.splitlines()[-1] for text, _ in said_at] == [f"Question number {number}" for number in range(400)]
    assert rows(post, "SELECT state, count(*) FROM inbound GROUP BY state") == [("done", 400)]
    assert rows(post, "SELECT count(*) FROM ticket WHERE is_verified = 0") == [(0,)]


def rows(post: Post, sql: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{post.folder}/var/maitred.db?mode=ro", uri=True)) as database:
        return database.execute(sql).fetchall()


async def until_kept(post: Post, count: int) -> None:
    """Wait until so many mails are messages."""
    async with asyncio.timeout(300):
        while rows(post, "SELECT count(*) FROM message WHERE direction = 'in'")[0][0] < count:  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.05)


async def test_a_clients_mail_is_answered_and_what_they_answer_is_the_same_ticket(post: Post) -> None:
    async with started(post) as process:
        first = post.mail(post.lena, "Payroll failed this morning")
        await post.posts(first)

        receipt = await post.came(post.lena, "T-1")
        assert receipt["Auto-Submitted"] == "auto-replied"
        assert receipt["In-Reply-To"] == first["Message-ID"]
        assert receipt["Subject"] == "Re: Wages"
        card = await post.came(post.vera, "Payroll failed this morning")
        assert card["Auto-Submitted"] == "auto-generated"

        await said(post, "ticket", "T-1", "reply", "We mend it.", "--kind", "answer", "--as", "vera")
        answer = await post.came(post.lena, "We mend it.")
        assert answer["Auto-Submitted"] is None
        assert answer["From"].addresses[0].display_name == "Vera Kova (Story Desk)"
        assert answer["Return-path"].startswith(f"<{post.box.user.partition('@')[0]}+")

        back = answer["Reply-To"].addresses[0].addr_spec
        await post.posts(post.mail(post.lena, "It works, thank you all", to=back, subject="something else"))
        await post.came(post.vera, "It works, thank you all")

        (ticket,) = json.loads(await said(post, "tickets", "--json"))
        assert (ticket["client"], ticket["verified"], ticket["channel"]) == ("acme", True, "email")
        shown = json.loads(await said(post, "ticket", "T-1", "show", "--json"))
        heard = [one["text"] for one in shown["messages"] if one["direction"] == "in"]
        rows = json.loads(await said(post, "outbox", "list", "--json"))
        named = {one["message_id"] for one in rows if one["channel"] == "email" and one["state"] == "sent"}
        assert named >= {mail["Message-ID"] for mail in (receipt, card, answer)}
        assert [text.strip().splitlines()[-1] for text in heard] == [
            "Payroll failed this morning",
            "It works, thank you all",
        ]

        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_a_mail_that_hurts_its_reader_is_one_dead_letter_and_the_twenty_around_it_are_tickets(post: Post) -> None:
    """What stalls the loop is asked of the product: a turn that was late because others had the machine counts not."""
    name = post.box.user.partition("@")[0]
    good = [post.mail(f"p{one}.{name}@other.test", f"Mail number {one}").as_bytes() for one in range(20)]
    page = b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<b><i>" * 990 + b"words\r\n"
    hurts = f"Authentication-Results: {PROVEN}acme.test\r\nFrom: {post.lena}\r\nMessage-ID: <hurts@acme.test>\r\n"
    hurts += "Subject: Wages\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    async with life(post) as bot:
        before, held_before = await stalls(bot.pages), bot.held()
        for one in (*good[:10], hurts.encode() + page * 400, *good[10:]):
            post.box.receives(one)
        await until_kept(post, 21)
        after, held_after = await stalls(bot.pages), bot.held()
        await bot.stop()

    assert rows(post, "SELECT state, count(*) FROM inbound GROUP BY state ORDER BY state") == [
        ("dead", 1),
        ("done", 20),
    ]
    assert rows(post, "SELECT count(*), sum(is_unreadable) FROM ticket") == [(21, 1)]
    (reason,) = rows(post, "SELECT reason FROM inbound WHERE state = 'dead'")[0]
    assert reason == "could not be read within the time a mail may take"
    (stub,) = rows(post, "SELECT client FROM ticket WHERE is_unreadable = 1")
    assert stub == ("acme",)
    assert after.looks - before.looks > 20, "it was looked at"
    assert after.late - before.late == 0, "no turn came a tenth of a second late through our own doing"
    assert held_after - held_before < 50 * 2**20


@dataclass(frozen=True)
class Stalls:
    """How often the event loop was looked at, and how often it came more than a tenth of a second late."""

    looks: int
    late: int


async def stalls(pages: str) -> Stalls:
    async with ClientSession() as http, http.get(f"{pages}/metrics") as answer:
        told = dict(line.rsplit(" ", 1) for line in (await answer.text()).splitlines() if not line.startswith("#"))
    looks = int(float(told["maitred_event_loop_stall_seconds_count"]))
    return Stalls(looks, looks - int(float(told['maitred_event_loop_stall_seconds_bucket{le="0.1"}'])))
