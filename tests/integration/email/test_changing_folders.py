"""Folders that change while they are read: emptied, made anew, handed to another process, of whatever name."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from adapters.email.timings import Timings
from adapters.errors import TurnLostError
from adapters.port import Cursor, Raw
from tests.integration.email.reading import QUICK, Kept, OurTurn, fetching, imap, letter, reading
from tests.peers.dovecot import Box
from tests.peers.relay import relay_to


class Meddled(Kept):
    """A journal in whose midst something happens to the folder, once, before this call is kept."""

    def __init__(self, happens: Callable[[], None], *, at_call: int = 1) -> None:
        super().__init__()
        self._happens, self._at_call, self._heard = happens, at_call, 0

    async def journal(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        self._heard += 1
        if self._heard == self._at_call:
            await asyncio.to_thread(self._happens)
        await super().journal(raws, cursor)


async def test_a_folder_made_anew_while_it_is_read_loses_nothing_and_doubles_nothing(box: Box) -> None:
    for number in range(250):
        box.receives(letter(number))

    def anew() -> None:
        box.server.doveadm("mailbox", "update", "-u", box.user, "--uid-validity", "4000000000", "INBOX")
        for number in range(250, 260):
            box.receives(letter(number))

    kept = Meddled(anew)
    async with reading(kept, fetching(kept, imap(box), timings=replace(QUICK, idle_for_s=0.1))):
        await kept.until(lambda: len(kept.raws) >= 260 and "4000000000" in kept.cursors["desk/INBOX"])

    assert len({one.mail for one in kept.envelopes}) == len(kept.raws) == 260


async def test_a_folder_made_anew_while_it_is_watched_is_read_from_its_beginning(box: Box) -> None:
    for number in range(5):
        box.receives(letter(number))
    kept = Kept()
    async with (
        relay_to(box.server.imap) as relay,
        reading(kept, fetching(kept, imap(box, relay.port), timings=replace(QUICK, idle_for_s=0.1))),
    ):
        await kept.has(5)
        await relay.heard_from_client(b"IDLE\r\n")
        box.server.doveadm("mailbox", "update", "-u", box.user, "--uid-validity", "4000000000", "INBOX")
        box.receives(letter(5))
        await kept.until(lambda: len(kept.raws) >= 6 and "4000000000" in kept.cursors["desk/INBOX"])

    assert len(kept.raws) == 6


async def test_mail_that_is_removed_while_it_is_read_stops_nothing(box: Box) -> None:
    for number in range(230):
        box.receives(letter(number))
    kept = Meddled(lambda: box.deletes("UID 201:215"))
    async with reading(kept, fetching(kept, imap(box))):
        await kept.until(lambda: kept.cursors.get("desk/INBOX", "").endswith(":230"))

    assert len(kept.raws) in {215, 230}
    assert kept.repeats == 0


@pytest.mark.parametrize("asked", [b"RFC822.SIZE", b"BODY.PEEK"])
async def test_mail_that_is_removed_before_a_question_about_it_is_none(box: Box, asked: bytes) -> None:
    for number in range(30):
        box.receives(letter(number))
    kept = Kept()
    async with relay_to(box.server.imap) as relay:
        relay.before, relay.happens = asked, lambda: box.deletes("UID 5:9")
        async with reading(kept, fetching(kept, imap(box, relay.port))):
            await kept.until(lambda: kept.cursors.get("desk/INBOX", "").endswith(":30"))

    assert len(kept.raws) in {25, 30}
    assert kept.repeats == 0


async def test_mail_that_comes_while_others_are_read_is_read_after_them(box: Box) -> None:
    for number in range(3):
        box.receives(letter(number))
    kept = Meddled(lambda: box.receives(letter(3)))
    never = replace(QUICK, idle_for_s=600)
    async with reading(kept, fetching(kept, imap(box), timings=never)):
        await kept.has(4)

    assert kept.repeats == 0


class Fenced(Kept):
    """A journal that refuses its second call, because the turn has gone to another process."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = 0

    async def journal(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        if not self.refused and len(self.calls) == 1:
            self.refused += 1
            raise TurnLostError("another process reads it")
        await super().journal(raws, cursor)


async def test_a_turn_that_is_lost_between_two_portions_is_gone_on_from_where_the_first_was_kept(box: Box) -> None:
    for number in range(401):
        box.receives(letter(number))
    kept, turn = Fenced(), OurTurn()
    async with reading(kept, fetching(kept, imap(box), turn=turn)):
        await kept.has(401)

    assert (turn.taken, kept.refused, kept.repeats) == (2, 1, 0)


@pytest.mark.parametrize(
    "name",
    [
        "Für Kunden & Co",
        'Say "yes"',
        "back\\slash",
        "Вхідні/Підтримка",
        "日本語 mail",
        "emoji 😀 box",
        "per%cent*star",
        "a:b:c",
        "trailing space ",
        "&",
        "&-",
    ],
)
async def test_a_folder_may_have_any_name(box: Box, name: str) -> None:
    box.server.doveadm("mailbox", "create", "-u", box.user, name)
    kept = Kept()
    box.server.save(box.user, name, letter(1))
    async with reading(kept, fetching(kept, imap(box), mailbox=name)):
        await kept.has(1)
    async with reading(kept, fetching(kept, imap(box), mailbox=name)) as folder:
        box.server.save(box.user, name, letter(2))
        await kept.has(2)
        assert folder.health().is_up

    assert [one.mailbox for one in kept.envelopes] == [name, name]
    assert kept.repeats == 0


async def test_a_folder_that_only_holds_others_is_named_and_no_other_is_harmed(box: Box) -> None:
    box.server.doveadm("mailbox", "create", "-u", box.user, "Clients/Acme")
    kept, turn = Kept(), OurTurn()
    shelf = fetching(kept, imap(box), mailbox="Clients", turn=turn)
    async with reading(kept, shelf), reading(kept, fetching(kept, imap(box))):
        box.receives(letter(1))
        await kept.has(1)
        while turn.taken < 3:  # noqa: ASYNC110 - nobody tells of a failure
            await asyncio.sleep(0.01)
        assert "Clients cannot be opened" in shelf.health().detail


async def test_a_folder_for_mail_that_is_kept_and_may_not_be_written_to_is_named(box: Box) -> None:
    box.make("Processed")
    box.is_locked("Processed")
    box.receives(letter(1))
    kept = Kept()
    async with relay_to(box.server.imap) as relay:
        folder = fetching(kept, imap(box, relay.port), processed="Processed")
        async with reading(kept, folder):
            await relay.heard_from_client(b"IDLE\r\n")
            assert "mail cannot be moved to Processed" in folder.health().trouble
            assert folder.health().is_up
    box.is_locked("Processed", is_locked=False)
    assert (len(kept.raws), box.count()) == (1, 1)


async def test_a_folder_for_mail_that_is_kept_may_go_while_it_is_used(box: Box) -> None:
    box.make("Processed")
    box.receives(letter(1))
    kept = Kept()
    often = Timings(idle_for_s=0.1)
    async with relay_to(box.server.imap) as relay:
        folder = fetching(kept, imap(box, relay.port), processed="Processed", timings=often)
        async with reading(kept, folder):
            await relay.heard_from_client(b"IDLE\r\n")
            box.server.doveadm("mailbox", "delete", "-u", box.user, "Processed")
            box.receives(letter(2))
            await kept.has(2)
            async with asyncio.timeout(60):
                while not folder.health().trouble:  # noqa: ASYNC110 - nobody tells of a move
                    await asyncio.sleep(0.01)
            assert folder.health().is_up
            assert "make that folder, or remove IMAP_PROCESSED" in folder.health().detail
            box.server.doveadm("mailbox", "create", "-u", box.user, "Processed")
            async with asyncio.timeout(60):
                while folder.health().detail != "INBOX: listens":  # noqa: ASYNC110 - nobody tells of a move
                    await asyncio.sleep(0.01)
    assert box.count() == 0
    assert len(kept.raws) == 2
