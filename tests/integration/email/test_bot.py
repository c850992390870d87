"""The bot as it is run, in a process of its own, with a real mail server on either side of it."""

import asyncio
import json
import os
import signal
import smtplib
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from tests.builders import STORY_DESK
from tests.integration.email.reading import sent_at
from tests.peers.dovecot import Box
from tests.peers.exim import PASSWORD, USER, Exim

ROOT = Path(__file__).parents[3]
STARTS_WITHIN_S = 60
PATIENCE_S = 40
#: Our own mail server's word that the sender is who they say.
PROVEN = "mx.desk.test; dmarc=pass header.from="


class Post:
    """The desk's mail box, its people's mails, and a directory to run the bot in."""

    def __init__(self, box: Box, exim: Exim, folder: Path) -> None:
        self.box = box
        self.exim = exim
        self.folder = folder
        name = box.user.partition("@")[0]
        self.lena, self.vera = f"lena.{name}@acme.test", f"vera.{name}@staff.test"
        desk = (
            STORY_DESK.replace('mon-fri = ["10:00-19:00"]', 'mon-sun = ["00:00-24:00"]')
            .replace('mon-fri = ["09:00-21:00"]', 'mon-sun = ["00:00-24:00"]')
            .replace('{ slack = "T1/U1", telegram = 2001 }', f'{{ email = "{self.vera}" }}')
            .replace('"lena@acme.test"', f'"{self.lena}"')
        )
        (folder / "desk").mkdir()
        (folder / "desk" / "desk.toml").write_text(desk)
        self.environment = {
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            "MAITRED_HTTP": "127.0.0.1:0",
            "MAITRED_LOG": "json",
            "IMAP_HOST": "localhost",
            "IMAP_PORT": str(box.server.imaps),
            "IMAP_USER": box.user,
            "IMAP_PASSWORD": box.password,
            "IMAP_CA_FILE": str(box.server.certificate.chain),
            "SMTP_HOST": "localhost",
            "SMTP_PORT": str(exim.port),
            "SMTP_USER": USER,
            "SMTP_PASSWORD": PASSWORD,
            "SMTP_CA_FILE": str(exim.certificate.chain),
            "MAIL_ADDRESS": box.user,
            "MAIL_AUTHSERV_ID": "mx.desk.test",
            "MAIL_NAME": "Story Desk",
            "MAIL_PER_MINUTE": "600",
        }

    def mail(self, sender: str, text: str, *, to: str = "", answers: str = "", subject: str = "Wages") -> EmailMessage:
        mail = EmailMessage()
        mail["Authentication-Results"] = PROVEN + sender.partition("@")[2]
        mail["From"] = sender
        mail["To"] = to or self.box.user
        mail["Subject"] = subject
        mail["Date"] = "Mon, 02 Mar 2026 08:00:00 +0000"
        mail["Message-ID"] = f"<{abs(hash(text))}.{sender}>"
        if answers:
            mail["In-Reply-To"] = answers
        mail.set_content(text)
        return mail

    async def posts(self, mail: EmailMessage) -> None:
        """Send a mail through the world's mail servers to ours."""

        def post() -> None:
            with smtplib.SMTP("127.0.0.1", self.exim.port) as client:
                client.send_message(mail)

        await asyncio.to_thread(post)

    async def came(self, address: str, words: str, *, count: int = 1) -> EmailMessage:
        """The latest mail to somebody that holds these words, once there are so many."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                mails = [message_from_bytes(one, policy=default) for one in self.exim.outside(address)]
                found = [one for one in mails if words in _text(one)]
                if len(found) >= count:
                    return found[-1]
                await asyncio.sleep(0.05)


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return f"{mail['Subject']}\n{body.get_content() if body is not None else ''}"


@pytest.fixture
def post(box: Box, exim: Exim, tmp_path: Path) -> Post:
    return Post(box, exim, tmp_path)


@asynccontextmanager
async def command(post: Post, *words: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words), cwd=post.folder, env=post.environment, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(post: Post, *words: str) -> str:
    """What a command printed, run to its end."""
    async with command(post, *words) as process, asyncio.timeout(STARTS_WITHIN_S):
        out, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return out.decode()


async def until_logged(process: Process, event: str) -> dict[str, Any]:
    assert process.stderr is not None
    async with asyncio.timeout(STARTS_WITHIN_S):
        while line := await process.stderr.readline():
            found: dict[str, Any] = json.loads(line) if line.startswith(b"{") else {}
            if found.get("event") == event:
                return found
    raise AssertionError(f"it ended without {event!r}")


async def test_three_days_down_and_four_hundred_mails_later_each_is_a_message_once(post: Post) -> None:
    for number in range(400):
        mail = post.mail(post.lena, f"Question number {number}", subject=f"Question {number}")
        if number % 10 == 0:
            del mail["Message-ID"]
        elif number % 25 == 1:
            mail.replace_header("Message-ID", "<shared@acme.test>")
        post.box.receives(mail.as_bytes(), at=sent_at(number))
    post.box.is_read_by_somebody("1:150")

    async with command(post, "run") as process:
        await until_logged(process, "ready")
        await until_kept(post, 200)
        process.kill()
    async with command(post, "run") as process:
        await until_logged(process, "ready")
        await until_kept(post, 400)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0

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
    async with asyncio.timeout(120):
        while rows(post, "SELECT count(*) FROM message WHERE direction = 'in'")[0][0] < count:  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.05)


async def test_a_clients_mail_is_answered_and_what_they_answer_is_the_same_ticket(post: Post) -> None:
    async with command(post, "run") as process:
        await until_logged(process, "ready")
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
        assert [text.strip().splitlines()[-1] for text in heard] == [
            "Payroll failed this morning",
            "It works, thank you all",
        ]

        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
