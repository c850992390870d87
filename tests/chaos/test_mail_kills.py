"""The bot itself, killed while mail pours in: each mail is a message once, and at most one mail a kill leaves twice."""

import asyncio
import random
from collections import Counter
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.chaos.mail_life import MailLife, mail_life
from tests.integration.email.post import Post
from tests.peers.dovecot import Box
from tests.peers.exim import Exim

MAILS = 200
KILLS = 10
#: So many mails leave before whoever sends them dies.
SOME = 5
#: One of so many mails comes from a client of ours; the others come from whoever they say, several from each.
EVERY = 12
FROM_EACH = 5
HEARD = "SELECT text FROM message WHERE direction = 'in'"
SENT = "SELECT receipt.external_id FROM receipt WHERE receipt.lane LIKE 'email:%'"


def quickly(post: Post) -> dict[str, str]:
    """The same servers without TLS, which costs a moment for each mail, and no rest between two mails."""
    plain = {"IMAP_TLS": "none", "IMAP_PORT": str(post.box.server.imap), "SMTP_TLS": "none"}
    kept = {name: value for name, value in post.environment.items() if not name.endswith("_CA_FILE")}
    return kept | plain | {"MAIL_PER_MINUTE": "6000"}


class Pouring:
    """Mail that comes without end, whoever listens."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self.said: list[str] = []

    def one(self) -> None:
        number = len(self.said)
        sender = self._post.lena if number % EVERY == 0 else self._stranger(number)
        text = f"Question number {number}"
        mail = self._post.mail(sender, text, subject=f"Question {number}")
        if sender != self._post.lena:  # who is told so once a day, whatever they write
            mail.replace_header("Authentication-Results", "mx.desk.test; dmarc=fail")
        if number % 10 == 3:
            del mail["Message-ID"]
        self.said.append(text)
        self._post.box.receives(mail.as_bytes())

    async def pour(self, count: int) -> None:
        for _ in range(count):
            self.one()
            await asyncio.sleep(0.005)

    @property
    def strangers(self) -> set[str]:
        return {self._stranger(one) for one in range(len(self.said)) if one % EVERY}

    def _stranger(self, number: int) -> str:
        return f"person{number // FROM_EACH}.{self._post.box.user.partition('@')[0]}@other.test"


async def leaves(exim: Exim, count: int) -> None:
    """Wait until so many more mails have left for outside."""
    place = exim.folder / "outside/new"
    before = len(list(place.glob("*")))
    async with asyncio.timeout(60):
        while len(list(place.glob("*"))) < before + count:  # noqa: ASYNC110 - a folder tells nobody
            await asyncio.sleep(0.02)


def mails_out(exim: Exim, post: Post) -> list[Message]:
    """Everything that left for people of this test."""
    name = post.box.user.partition("@")[0]
    found = [message_from_bytes(one.read_bytes()) for one in (exim.folder / "outside/new").glob("*")]
    return [one for one in found if f".{name}@" in str(one["To"])]


@pytest.mark.timeout(300)
async def test_mail_under_kills_is_heard_once_and_answered_at_most_once_more_a_kill(
    box: Box, exim: Exim, tmp_path: Path
) -> None:
    chance = random.Random(6)
    post = Post(box, exim, tmp_path)
    desk = tmp_path / "desk" / "desk.toml"
    desk.write_text(desk.read_text().replace("[rules]\n", "[rules]\nauto_answers_per_hour = 1000\n"))
    pouring = Pouring(post)
    with mail_life(tmp_path, quickly(post)) as bot:
        for life in range(KILLS):
            bot.start()
            await pouring.pour(MAILS // KILLS)
            if life % 2:  # in the middle of sending; the others while they start, fetch, or read
                await leaves(exim, SOME)
            await asyncio.sleep(chance.uniform(0, 0.1 if life % 2 else 0.9))
            await bot.kill()
        bot.start()
        await bot.settled(MAILS)
        await bot.stop()
        await everything_is_heard_once(bot, pouring)
        await nothing_left_twice_but_for_kills(bot, pouring, exim, post)
        assert await bot.rows("PRAGMA integrity_check") == [("ok",)]


async def everything_is_heard_once(bot: MailLife, pouring: Pouring) -> None:
    heard = Counter(text.splitlines()[-1] for (text,) in await bot.rows(HEARD))
    assert heard == Counter(pouring.said)
    assert await bot.rows("SELECT state, count(*) FROM inbound GROUP BY state") == [("done", MAILS)]
    assert await bot.rows("SELECT count(*) FROM ticket") == [(MAILS,)], "each is about something new"


async def nothing_left_twice_but_for_kills(bot: MailLife, pouring: Pouring, exim: Exim, post: Post) -> None:
    settled = {f"<{name}>" for (name,) in await bot.rows(SENT)}
    out = mails_out(exim, post)
    async with asyncio.timeout(60):
        while not settled <= {str(one["Message-ID"]) for one in out}:
            await asyncio.sleep(0.1)
            out = mails_out(exim, post)
    count = Counter(str(one["Message-ID"]) for one in out)
    assert sum(count.values()) - len(count) <= KILLS, "at most the one mail in flight goes again"
    for name in count:
        assert len({one["Date"] for one in out if one["Message-ID"] == name}) == 1, "it is the same mail"
    for one in pouring.strangers:
        assert len({mail["Message-ID"] for mail in out if mail["To"] == one}) == 1, "one answer a day to a stranger"
