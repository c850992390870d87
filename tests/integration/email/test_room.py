"""A mail box that fills up, on a real Dovecot that counts: told before it is full, and nothing lost when it is."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.email.check import doubts
from adapters.email.config import Config
from adapters.email.fetching import Fetching
from tests.integration.email.reading import QUICK, Kept, fetching, imap, letter, reading
from tests.peers import dovecot as dovecots
from tests.peers.dovecot import Box, Dovecot

OFTEN = replace(QUICK, idle_for_s=0.05, room_every_s=0.05)


@pytest.fixture(scope="module")
def crowded() -> Iterator[Dovecot]:
    """A server whose mail boxes hold a hundred kilobytes."""
    server = dovecots.start(room="100k")
    yield server
    dovecots.end(server)


@pytest.fixture
def small(crowded: Dovecot) -> Box:
    return crowded.box()


async def says(folder: Fetching, words: str) -> None:
    """Wait until its trouble holds these words; none: until it has none."""
    async with asyncio.timeout(60):
        while (words not in folder.health().trouble) if words else folder.health().trouble:  # noqa: ASYNC110 - it is asked, and tells nobody
            await asyncio.sleep(0.02)


async def test_a_box_that_fills_up_is_told_before_it_is_full_and_no_more_once_there_is_room(small: Box) -> None:
    kept = Kept()
    small.receives(letter(1, "x" * 60_000))
    async with reading(kept, fetching(kept, imap(small), timings=OFTEN)) as folder:
        await kept.has(1)
        assert folder.health().trouble == ""
        small.receives(letter(2, "x" * 33_000))
        await kept.has(2)
        await says(folder, "make room in it, before new mail is refused")
        assert folder.health().is_up
        small.receives(letter(3, "x" * 20_000))  # by somebody who does not count
        await kept.has(3)
        await says(folder, "make room in it, new mail is refused")
        small.deletes("1")
        await says(folder, "")


async def test_what_cannot_be_put_elsewhere_for_want_of_room_stays_and_is_kept_once(small: Box) -> None:
    small.make("Processed")
    kept = Kept()
    small.receives(letter(1, "x" * 60_000))
    async with reading(kept, fetching(kept, imap(small), processed="Processed", timings=OFTEN)) as folder:
        await says(folder, "mail cannot be moved to Processed")
        assert "make room in the mail box" in folder.health().trouble
        small.receives(letter(2))
        await kept.has(2)
        assert kept.repeats == 0
        assert small.count() == 2
        assert small.count("Processed") == 0
        small.deletes("1")
        await says(folder, "")
    assert len(kept.raws) == 2
    assert small.count("Processed") == 1


async def test_whoever_asks_beforehand_hears_of_it(small: Box) -> None:
    small.receives(letter(1, "x" * 95_000))
    (doubt,) = await doubts(Config("support@desk.test", imap=imap(small)), timings=QUICK)
    assert not doubt.is_error
    assert "make room in it" in doubt.mend
