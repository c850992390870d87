"""A real Exim takes a reply for the client and puts a colleague's copy off: the copy follows, the same mail, once."""

from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from adapters.message import Channel
from bot.tickets.command import Reply
from tests.builders import story_desk
from tests.harness import Story
from tests.integration.email.stage import MailStage
from tests.peers.dovecot import Box
from tests.peers.exim import Exim
from tests.retold import retelling
from tests.stories.test_mail_beside import TWO_CONTACTS, mails

MAIL = Channel.EMAIL
LENA, MAX = "lena@acme.test", "max@acme.test"
SAME = ("Message-ID", "Date", "From", "To", "Cc", "Subject", "In-Reply-To", "Reply-To")


@pytest.fixture
async def desk(box: Box, exim: Exim, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Story]:
    async with retelling(
        MAIL, lambda database, now: MailStage(box, exim, database, now=now), sqlite_template, tmp_path, speaks_on=MAIL
    ) as make:
        yield await make(story_desk(TWO_CONTACTS))
        exim.puts_off()


def of_us(exim: Exim, box: Box, address: str) -> list[bytes]:
    """What came there from this desk and was written by a person."""
    ours = [one for one in exim.outside(address) if box.user.partition("@")[0].encode() in one]
    return [one for one in ours if b"Auto-Submitted" not in one]


def words(mail: Message) -> list[str]:
    """What it says, in each of its parts."""
    return [str(part.get_payload()) for part in mail.walk() if not part.is_multipart()]


async def test_a_copy_that_is_put_off_follows_once_as_the_same_mail(desk: Story, exim: Exim, box: Box) -> None:
    await desk.receives(MAIL, sender="lena", text="Payroll failed", beside=mails(MAX))
    exim.puts_off(MAX)
    await desk.does("vera", Reply("It runs again."))
    (first,), none = of_us(exim, box, LENA), of_us(exim, box, MAX)
    (waits,) = await desk.outbox("postponed")
    assert (none, waits.what) == ([], "copy")
    assert "450 4.2.0 greylisted" in waits.error

    exim.puts_off()
    await desk.fast_forward(minutes=1)
    (copy,) = of_us(exim, box, MAX)
    mail, same = message_from_bytes(first), message_from_bytes(copy)
    assert [same[name] for name in SAME] == [mail[name] for name in SAME]
    assert (mail["To"], mail["Cc"]) == (LENA, MAX)
    assert words(same) == words(mail)
    assert of_us(exim, box, LENA) == [first]
    assert not await desk.outbox("postponed")
