"""A server that cannot tell how large one mail is, as Dovecot always can: nothing stops, nothing is passed over."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from adapters.email.config import Server
from tests.integration.email.reading import QUICK, Kept, fetching, reading

BROKEN = 2
THERE = (1, BROKEN, 3)


def size(uid: int) -> str:
    return f'* {uid} FETCH (UID {uid} INTERNALDATE " 2-Mar-2026 09:00:00 +0000" RFC822.SIZE 60)\r\n'


def mail(uid: int) -> str:
    words = f"From: lena@acme.test\r\nSubject: {uid}\r\n\r\nPayroll failed\r\n"
    when = 'INTERNALDATE " 2-Mar-2026 09:00:00 +0000"'
    return f"* {uid} FETCH (UID {uid} {when} BODY[] {{{len(words)}}}\r\n{words})\r\n"


def found(numbers: str, there: Sequence[int]) -> list[int]:
    wanted = [int(one) for one in re.findall(r"\d+", numbers)]
    return [uid for uid in there if (uid >= min(wanted) if ":*" in numbers else uid in wanted)]


def answer(tag: str, command: str, refusal: str, there: Sequence[int]) -> str:
    """What the server says; of the broken mail's size it says `refusal`, or leaves it out if that is empty."""
    verb, done = command.upper(), f"{tag} OK done\r\n"
    if verb.startswith("UID FETCH"):
        asked = [int(one) for one in command.split()[2].split(",")]
        if "SIZE" not in verb:
            return "".join(mail(uid) for uid in asked if uid in there) + done
        if refusal and BROKEN in asked:
            return f"{tag} {refusal}\r\n"
        return "".join(size(uid) for uid in asked if uid != BROKEN) + done
    if verb.startswith("UID SEARCH"):
        return f"* SEARCH {' '.join(map(str, found(command.rpartition('UID')[2], there)))}\r\n{done}"
    told = {"CAPABILITY": "* CAPABILITY IMAP4rev1\r\n", "SELECT": "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n"}
    return told.get(verb.split()[0], "") + done


@asynccontextmanager
async def folder(refusal: str, *, there: Sequence[int] = THERE) -> AsyncIterator[Server]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
        while line := await reader.readline():
            tag, _, command = line.decode().strip().partition(" ")
            writer.write(answer(tag, command, refusal, there).encode())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield Server("127.0.0.1", listening.sockets[0].getsockname()[1], "none", "desk", "secret")


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param("NO Some messages could not be FETCHed", id="it refuses"),
        pytest.param("BAD Command Error. 10", id="it does not understand"),
        pytest.param("", id="it leaves it out"),
    ],
)
async def test_a_mail_of_unknown_size_is_fetched_alone_and_stops_nothing(refusal: str) -> None:
    kept = Kept()
    async with folder(refusal) as server, reading(kept, fetching(kept, server, timings=QUICK)):
        await kept.has(3)

    assert sorted(one.mail.split(b"\r\n")[1] for one in kept.envelopes) == [b"Subject: 1", b"Subject: 2", b"Subject: 3"]
    assert [one.note for one in kept.envelopes] == ["", "", ""]
    assert kept.cursors == {"desk/INBOX": "INBOX:7:3"}


async def test_a_mail_that_was_removed_in_between_is_none() -> None:
    kept = Kept()
    async with folder("", there=(1, 3)) as server, reading(kept, fetching(kept, server, timings=QUICK)):
        await kept.until(lambda: kept.cursors.get("desk/INBOX") == "INBOX:7:3")

    assert len(kept.raws) == 2
