"""Servers that break off, miscount or leave out what others always tell: no mail is lost, cut or kept twice."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from adapters.email.config import Server
from tests.integration.email.reading import NOW, QUICK, Kept, OurTurn, fetching, letter, reading

WHEN = 'INTERNALDATE " 2-Mar-2026 09:00:00 +0000" '
#: A server that keeps still is left sooner than in the world.
HASTY = replace(QUICK, command_within_s=2, fetch_within_s=2)
LOGOUT = b"* BYE see you\r\n"


@dataclass
class Odd:
    """A folder in memory. `mail` writes one answer that holds a mail; `refusals` are said to SELECT, in turn."""

    mail: Callable[["Odd", int, bytes], bytes]
    mails: dict[int, bytes]
    validity: int = 7
    refusals: list[str] = field(default_factory=list)
    when: str = WHEN
    has_headers: bool = True
    fetched: Counter[int] = field(default_factory=Counter)
    asked: list[list[int]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
        while line := await reader.readline():
            tag, _, command = line.decode().strip().partition(" ")
            try:
                writer.write(self._answer(tag, command))
            except ConnectionAbortedError as error:
                writer.write(error.args[0])
                await writer.drain()
                break
        writer.close()

    def _answer(self, tag: str, command: str) -> bytes:
        verb, done = command.upper(), f"{tag} OK done\r\n".encode()
        if verb.startswith("UID FETCH"):
            asked = [int(one) for one in command.split()[2].split(",")]
            there = [one for one in asked if one in self.mails]
            if "RFC822.SIZE" in verb:
                return b"".join(self._size(uid) for uid in there) + done
            if "BODY.PEEK[HEADER]" in verb:
                if not self.has_headers:
                    return f"{tag} NO they cannot be had\r\n".encode()
                return b"".join(_head(uid, self.mails[uid]) for uid in there) + done
            self.asked.append(asked)
            self.fetched.update(there)
            return b"".join(self.mail(self, uid, self.mails[uid]) for uid in there) + done
        if verb.startswith("UID SEARCH"):
            found = [uid for uid in sorted(self.mails) if _matches(uid, command)]
            return f"* SEARCH {' '.join(map(str, found))}\r\n".encode() + done
        if verb.startswith("SELECT"):
            if self.refusals:
                return f"{tag} {self.refusals.pop(0)}\r\n".encode()
            return f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] ok\r\n".encode() + done
        told = {"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n", "LOGOUT": LOGOUT}
        return told.get(verb.split()[0], b"") + done

    def _size(self, uid: int) -> bytes:
        return f"* {uid} FETCH (UID {uid} {self.when}RFC822.SIZE {len(self.mails[uid])})\r\n".encode()


def _head(uid: int, mail: bytes) -> bytes:
    return told(uid, mail.partition(b"\r\n\r\n")[0] + b"\r\n\r\n").replace(b"BODY[]", b"BODY[HEADER]")


def _matches(uid: int, command: str) -> bool:
    which = command.upper().partition("UID SEARCH")[2].replace("UID", " ").split()[-1]
    low, _, high = which.partition(":")
    if not high:
        return uid in {int(one) for one in re.findall(r"\d+", which)}
    return int(low) <= uid and (high == "*" or uid <= int(high))


def told(uid: int, mail: bytes, when: str = WHEN, *, count: int | None = None) -> bytes:
    size = len(mail) if count is None else count
    return f"* {uid} FETCH (UID {uid} {when}BODY[] {{{size}}}\r\n".encode() + mail + b")\r\n"


@asynccontextmanager
async def served(odd: Odd) -> AsyncIterator[Server]:
    async with await asyncio.start_server(odd.serve, "127.0.0.1", 0) as listening:
        yield Server("127.0.0.1", listening.sockets[0].getsockname()[1], "none", "desk", "secret")


def some(count: int) -> dict[int, bytes]:
    return {uid: letter(uid).replace(b"\n", b"\r\n") for uid in range(1, count + 1)}


def goodbye(odd: Odd, uid: int, mail: bytes) -> bytes:
    """Break off in the middle of the second mail, the first time."""
    whole = told(uid, mail)
    if uid == 2 and odd.fetched[uid] == 1:
        before = told(1, odd.mails[1])
        raise ConnectionAbortedError(before + whole[: len(whole) // 2] + b"\r\n* BYE 421 shutting down\r\n")
    return whole


async def test_a_server_that_says_goodbye_in_the_middle_of_a_mail_is_asked_for_it_again() -> None:
    odd, kept = Odd(goodbye, some(3)), Kept()
    async with served(odd) as server, reading(kept, fetching(kept, server)):
        await kept.has(3)

    assert sorted(one.mail for one in kept.envelopes) == sorted(odd.mails.values())
    assert kept.repeats == 0


@pytest.mark.parametrize("more", [-40, -2, -1, 1, 3, 5, 100_000])
async def test_a_mail_that_is_longer_or_shorter_than_was_told_is_never_kept_as_if_it_were_whole(more: int) -> None:
    def miscounted(_odd: Odd, uid: int, mail: bytes) -> bytes:
        return told(uid, mail, count=len(mail) + more if uid == 2 else None)

    odd, kept = Odd(miscounted, some(3)), Kept()
    async with served(odd) as server, reading(kept, fetching(kept, server, timings=HASTY)):
        await kept.has(3)

    whole = {odd.mails[1], odd.mails[3]}
    (head,) = {one.mail for one in kept.envelopes} - whole
    assert head == odd.mails[2].partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert [one.unreadable for one in kept.envelopes if one.unreadable] == [
        "the mail server could not give this mail: number 2 in INBOX"
    ]


async def test_a_mail_of_which_not_even_the_headers_can_be_had_is_left_behind_by_its_number() -> None:
    def never(_odd: Odd, uid: int, mail: bytes) -> bytes:
        return told(uid, mail, count=len(mail) - 1 if uid == 2 else None)

    odd, kept = Odd(never, some(3), has_headers=False), Kept()
    async with served(odd) as server, reading(kept, fetching(kept, server)):
        await kept.has(3)

    assert [one.unreadable for one in kept.envelopes if not one.mail] == [
        "the mail server could not give this mail: number 2 in INBOX"
    ]


@pytest.mark.parametrize(
    "when",
    [
        pytest.param("", id="none"),
        pytest.param("INTERNALDATE NIL ", id="nothing"),
        pytest.param('INTERNALDATE "" ', id="empty"),
        pytest.param('INTERNALDATE "99-Foo-2026 09:00" ', id="no date"),
        pytest.param('INTERNALDATE "02-Mar-0000 09:00:00 +0000" ', id="the year nought"),
        pytest.param('INTERNALDATE "01-Jan-0001 00:00:00 +1400" ', id="before the first year"),
    ],
)
async def test_a_mail_that_came_at_no_moment_came_now(when: str) -> None:
    odd, kept = Odd(lambda odd, uid, mail: told(uid, mail, odd.when), some(1), when=when), Kept()
    async with served(odd) as server, reading(kept, fetching(kept, server)):
        await kept.has(1)

    assert [one.at for one in kept.envelopes] == [NOW]


@pytest.mark.parametrize(("count", "portions"), [(199, [199]), (200, [200]), (201, [200, 1]), (401, [200, 200, 1])])
async def test_never_more_than_two_hundred_are_asked_for_at_once(count: int, portions: list[int]) -> None:
    odd, kept = Odd(lambda _, uid, mail: told(uid, mail), some(count)), Kept()
    async with served(odd) as server, reading(kept, fetching(kept, server)):
        await kept.has(count)

    assert [len(one) for one in odd.asked] == portions
    assert [len(raws) for raws, _ in kept.calls] == portions
    assert kept.repeats == 0


async def test_a_folder_that_is_refused_for_a_while_is_read_afterwards() -> None:
    refusals = ["NO [INUSE] locked by another", "NO [SERVERBUG] internal error", "BAD later"]
    odd, kept = Odd(lambda _, uid, mail: told(uid, mail), some(2), refusals=refusals), Kept()
    turn = OurTurn()
    async with served(odd) as server, reading(kept, fetching(kept, server, turn=turn)) as folder:
        await kept.has(2)
        assert folder.health().is_up

    assert turn.taken == 4
    assert kept.repeats == 0


async def test_a_folder_without_numbers_that_hold_is_read_all_the_same() -> None:
    odd, kept = Odd(lambda _, uid, mail: told(uid, mail), some(2), validity=0), Kept()
    async with served(odd) as server, reading(kept, fetching(kept, server)):
        await kept.has(2)

    assert kept.cursors == {"desk/INBOX": "INBOX:0:2"}
