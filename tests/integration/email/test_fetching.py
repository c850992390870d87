"""Mail is read from a real Dovecot into the journal: nothing lost, nothing twice, and whatever breaks is mended."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from adapters.email.config import Server
from adapters.email.timings import Timings
from tests.integration.email.reading import (
    QUICK,
    Kept,
    OurTurn,
    fetching,
    imap,
    letter,
    reading,
    sent_at,
)
from tests.peers.dovecot import Box
from tests.peers.relay import Relay, relay_to


async def test_three_days_down_and_four_hundred_mails_are_kept_once_with_the_servers_moments(box: Box) -> None:
    mails = [
        letter(number, is_named=number % 10 != 0, name="<shared@acme.test>" if number % 25 == 1 else "")
        for number in range(400)
    ]
    for number, mail in enumerate(mails):
        box.receives(mail, at=sent_at(number))
    box.is_read_by_somebody("1:137")
    kept = Kept()

    async with reading(kept, fetching(kept, imap(box))):
        await kept.has(400)

    assert sorted(one.mail.replace(b"\r\n", b"\n") for one in kept.envelopes) == sorted(mails)
    assert {one.at for one in kept.envelopes} == {sent_at(number) for number in range(400)}
    assert [len(raws) for raws, _ in kept.calls] == [200, 200]
    assert kept.repeats == 0
    assert kept.cursors["desk/INBOX"].endswith(":400")
    assert box.count(mails="UNSEEN") == 400 - 137


async def test_reading_goes_on_where_the_last_commit_stands(box: Box) -> None:
    kept = Kept()
    box.receives(letter(1))
    async with reading(kept, fetching(kept, imap(box))):
        await kept.has(1)
    box.receives(letter(2))
    box.receives(letter(3))

    async with reading(kept, fetching(kept, imap(box))):
        await kept.has(3)

    assert kept.repeats == 0
    assert all(cursor is not None and cursor.fence is not None for _, cursor in kept.calls)


async def test_new_mail_is_pushed_while_the_folder_is_watched(box: Box) -> None:
    kept = Kept()
    never = Timings(idle_for_s=600, poll_every_s=600)
    async with relay_to(box.server.imap) as relay, reading(kept, fetching(kept, imap(box, relay.port), timings=never)):
        await relay.heard_from_client(b"IDLE\r\n")
        box.receives(letter(1))
        await kept.has(1)
        await relay.heard_from_client(b"IDLE\r\n", count=2)
        box.receives(letter(2))
        await kept.has(2)


async def test_idle_is_renewed_and_the_folder_looked_into_each_time(box: Box) -> None:
    kept = Kept()
    often = Timings(idle_for_s=0.05)
    async with relay_to(box.server.imap) as relay, reading(kept, fetching(kept, imap(box, relay.port), timings=often)):
        await relay.heard_from_client(b"DONE\r\n", count=3)
        await relay.heard_from_client(b"SEARCH UID", count=4)


async def test_a_line_that_is_cut_while_it_is_watched_is_noticed_at_once(box: Box) -> None:
    kept = Kept()
    never = Timings(idle_for_s=600, retry_first_s=0.01)
    async with relay_to(box.server.imap) as relay, reading(kept, fetching(kept, imap(box, relay.port), timings=never)):
        await relay.heard_from_client(b"IDLE\r\n")
        relay.cut()
        box.receives(letter(1))
        await kept.has(1)

    assert relay.connections == 2


async def test_a_line_that_is_cut_in_the_middle_of_mails_loses_none(box: Box) -> None:
    for number in range(60):
        box.receives(letter(number, "long " * 20_000))
    kept = Kept()
    async with relay_to(box.server.imap) as relay:
        relay.cut_before = b"Question 31"
        async with reading(kept, fetching(kept, imap(box, relay.port))):
            await kept.has(60)

    assert {one.mail.count(b"Subject: ") for one in kept.envelopes} == {1}
    assert len({one.mail for one in kept.envelopes}) == 60
    assert kept.repeats == 0


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(b"* OK [CAPABILITY", id="at the greeting"),
        pytest.param(b"Logged in", id="at the login"),
        pytest.param(b"UIDVALIDITY", id="at the folder"),
        pytest.param(b"* SEARCH", id="at the search"),
        pytest.param(b"RFC822.SIZE", id="at the sizes"),
        pytest.param(b"BODY[]", id="at the mails"),
        pytest.param(b"+ idling", id="at the watch"),
    ],
)
async def test_a_line_may_break_at_every_step(box: Box, words: bytes) -> None:
    box.receives(letter(1))
    kept = Kept()
    async with relay_to(box.server.imap) as relay:
        relay.cut_before = words
        async with reading(kept, fetching(kept, imap(box, relay.port))) as folder:
            await relay.connected(2)
            box.receives(letter(2))
            await kept.has(2)

    assert kept.repeats == 0
    assert not folder.health().is_up


async def test_a_server_that_falls_silent_is_left(box: Box) -> None:
    box.receives(letter(1))
    kept = Kept()
    async with relay_to(box.server.imap) as relay:
        relay.stalls = True
        hurried = Timings(connect_within_s=3, command_within_s=3, idle_for_s=0.2, retry_first_s=0.01)
        async with reading(kept, fetching(kept, imap(box, relay.port), timings=hurried)) as folder:
            await relay.connected(2)
            assert "no answer in time" in folder.health().detail
            relay.stalls = False
            await kept.has(1)
            relay.stalls = True  # while it is watched: the next renewal finds out
            box.receives(letter(2))
            await relay.connected(relay.connections + 1)
            relay.stalls = False
            await kept.has(2)


async def test_a_server_that_says_goodbye_is_asked_again(box: Box) -> None:
    kept = Kept()
    async with relay_to(box.server.imap) as relay, reading(kept, fetching(kept, imap(box, relay.port))):
        await relay.heard_from_client(b"IDLE\r\n")
        box.kicks()
        await relay.connected(2)
        box.receives(letter(1))
        await kept.has(1)


async def test_a_folder_made_anew_is_read_from_its_beginning_and_nothing_is_kept_twice(box: Box) -> None:
    for number in range(5):
        box.receives(letter(number))
    kept = Kept()
    async with reading(kept, fetching(kept, imap(box))):
        await kept.has(5)
    box.forgets_numbers()
    box.receives(letter(5))

    async with reading(kept, fetching(kept, imap(box))):
        await kept.has(6)

    assert len(kept.raws) == 6
    assert kept.repeats == 5
    assert kept.cursors["desk/INBOX"] == "INBOX:4000000000:6"


async def test_a_desk_that_is_away_keeps_the_mail_later(box: Box) -> None:
    box.receives(letter(1))
    kept = Kept()
    kept.away = 2
    async with reading(kept, fetching(kept, imap(box))):
        await kept.has(1)

    assert len(kept.calls) == 1


async def test_a_mail_above_the_limit_is_kept_with_its_beginning_alone(box: Box) -> None:
    box.receives(letter(1))
    box.receives(letter(2, "x" * 3_000_000))
    box.receives(letter(3))
    kept = Kept()
    async with reading(kept, fetching(kept, imap(box), largest=2**20)):
        await kept.has(3)

    small, large, other = kept.envelopes
    assert large.note == "larger than 1 MB: only its beginning was fetched"
    assert len(large.mail) == 256 * 2**10
    assert b"Subject: Question 2" in large.mail
    assert small.note == other.note == ""


async def test_mail_that_is_kept_goes_where_it_was_asked_to(box: Box) -> None:
    box.make("Processed")
    for number in range(3):
        box.receives(letter(number))
    kept = Kept()
    async with (
        relay_to(box.server.imap) as relay,
        reading(kept, fetching(kept, imap(box, relay.port), processed="Processed")),
    ):
        await relay.heard_from_client(b"IDLE\r\n")
        assert (box.count(), box.count("Processed")) == (0, 3)
        box.receives(letter(4))
        await relay.heard_from_client(b"IDLE\r\n", count=2)

    assert (box.count(), box.count("Processed")) == (0, 4)
    assert len(kept.raws) == 4


async def test_a_folder_for_mail_that_is_kept_is_named_when_it_is_missing_and_reading_goes_on(box: Box) -> None:
    box.receives(letter(1))
    kept = Kept()
    often = Timings(idle_for_s=0.1)
    async with relay_to(box.server.imap) as relay:
        folder = fetching(kept, imap(box, relay.port), processed="Done & gone", timings=often)
        async with reading(kept, folder):
            await relay.heard_from_client(b"IDLE\r\n")
            health = folder.health()
            assert health.is_up
            assert health.trouble
            assert "mail cannot be moved to Done & gone" in health.detail
            assert "make that folder, or remove IMAP_PROCESSED" in health.detail
            assert health.trouble == health.detail
            box.server.doveadm("mailbox", "create", "-u", box.user, "Done & gone")
            async with asyncio.timeout(60):
                while folder.health().detail != "INBOX: listens":  # noqa: ASYNC110 - nobody tells of a move
                    await asyncio.sleep(0.01)
    assert box.count() == 0


@pytest.mark.parametrize(
    ("mailbox", "mend"),
    [
        pytest.param("Locked", "Locked cannot be opened", id="locked"),
        pytest.param("Nowhere", "make it there, or mend IMAP_MAILBOX", id="missing"),
    ],
)
async def test_a_folder_that_cannot_be_opened_is_named_and_others_go_on(box: Box, mailbox: str, mend: str) -> None:
    box.make("Locked")
    box.is_locked("Locked")
    kept = Kept()
    turn = OurTurn()
    closed = fetching(kept, imap(box), mailbox=mailbox, turn=turn)
    async with reading(kept, closed), reading(kept, fetching(kept, imap(box))) as open_one:
        box.receives(letter(1))
        await kept.has(1)
        while turn.taken < 3:  # noqa: ASYNC110 - nobody tells of a failure
            await asyncio.sleep(0.01)
        assert mend in closed.health().detail
        assert not closed.health().is_up
        assert open_one.health().is_up
        if mailbox == "Locked":
            box.is_locked("Locked", is_locked=False)
            box.receives(letter(2), folder="Locked")
            await kept.has(2)


async def test_a_wrong_password_is_said_once_and_tried_seldom(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    kept = Kept()
    turn = OurTurn()
    folder = fetching(kept, imap(box, password="wrong"), turn=turn)
    async with reading(kept, folder):
        while turn.taken < 2:  # noqa: ASYNC110 - nobody tells of a failure
            await asyncio.sleep(0.01)
        assert "mend IMAP_USER and IMAP_PASSWORD" in folder.health().detail
        assert "wrong" not in folder.health().detail


async def test_mail_is_read_over_tls_from_a_server_that_proves_itself(box: Box) -> None:
    box.receives(letter(1))
    kept = Kept()
    server = box.server
    believed = Server(
        "localhost", server.imaps, "implicit", box.user, box.password, ca_file=str(server.certificate.chain)
    )
    async with reading(kept, fetching(kept, believed)):
        await kept.has(1)


async def test_a_server_that_cannot_prove_itself_is_told_no_password(box: Box) -> None:
    kept = Kept()
    turn = OurTurn()
    unknown = Server("localhost", box.server.imaps, "implicit", box.user, box.password)
    folder = fetching(kept, unknown, turn=turn)
    async with reading(kept, folder):
        while turn.taken < 2:  # noqa: ASYNC110 - nobody tells of a failure
            await asyncio.sleep(0.01)

    assert "certificate verify failed" in folder.health().detail
    assert "name the authority that signed it in IMAP_CA_FILE" in folder.health().detail


async def test_several_folders_are_read_side_by_side(box: Box) -> None:
    box.make("Sales/M&APw-nchen")  # as it stands on the disk
    kept = Kept()
    async with AsyncExitStack() as stack:
        for name in ("INBOX", "Sales/München"):
            await stack.enter_async_context(reading(kept, fetching(kept, imap(box), mailbox=name)))
        box.receives(letter(1))
        box.receives(letter(2), folder="Sales/M&APw-nchen")
        await kept.has(2)

    assert {one.mailbox for one in kept.envelopes} == {"INBOX", "Sales/München"}
    assert set(kept.cursors) == {"desk/INBOX", "desk/Sales/München"}


async def test_a_mail_that_always_breaks_the_line_is_left_behind_alone(box: Box) -> None:
    for number in range(21):
        box.receives(letter(number, "POISON" if number == 10 else "fine"))
    kept = Kept()
    async with relay_to(box.server.imap) as relay:
        cutter = asyncio.create_task(_always_cut(relay, b"POISON"))
        try:
            async with reading(kept, fetching(kept, imap(box, relay.port), timings=QUICK)):
                await kept.has(21)
        finally:
            cutter.cancel()

    left = [one for one in kept.envelopes if one.unreadable]
    assert [one.unreadable for one in left] == ["the mail server could not give this mail: number 11 in INBOX"]
    assert [b"From: Lena <lena@acme.test>" in one.mail and b"POISON" not in one.mail for one in left] == [True]
    assert len({one.mail for one in kept.envelopes}) == 21


async def _always_cut(relay: Relay, words: bytes) -> None:
    while True:
        relay.cut_before = words
        await asyncio.sleep(0)
