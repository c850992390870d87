"""Mail from a server of other people's making: with XOAUTH2, and without the extensions that Dovecot has."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.email.config import Server
from tests.integration.email.reading import QUICK, Kept, OurTurn, fetching, letter, reading
from tests.peers.hoodiecrow import EVERYTHING, PASSWORD, TOKEN, USER, Hoodiecrow, hoodiecrow
from tests.peers.relay import relay_to

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def plain() -> Iterator[Hoodiecrow]:
    """A server that can do nothing but IMAP4rev1."""
    with hoodiecrow() as server:
        yield server


@pytest.fixture
def able() -> Iterator[Hoodiecrow]:
    with hoodiecrow(*EVERYTHING) as server:
        yield server


def known(server: Hoodiecrow, password: str = PASSWORD) -> Server:
    return Server("127.0.0.1", server.port, "none", USER, password)


async def test_a_server_without_idle_is_asked_again_and_again(plain: Hoodiecrow) -> None:
    await asyncio.to_thread(plain.receives, letter(1), at=AT)
    kept = Kept()
    async with reading(kept, fetching(kept, known(plain))):
        await kept.has(1)
        await asyncio.to_thread(plain.receives, letter(2), at=AT, flags=r"(\Seen)")
        await kept.has(2)

    assert [one.at for one in kept.envelopes] == [AT, AT]
    assert [one.mail.replace(b"\r\n", b"\n") for one in kept.envelopes] == [letter(1), letter(2)]


async def test_a_server_without_move_has_mail_copied_and_deleted(plain: Hoodiecrow) -> None:
    await asyncio.to_thread(plain.receives, letter(1))
    kept = Kept()
    async with reading(kept, fetching(kept, known(plain), processed="Processed")) as folder:
        await kept.has(1)
        async with asyncio.timeout(60):
            while await asyncio.to_thread(plain.count):
                pass
        await asyncio.to_thread(plain.receives, letter(2))
        await kept.has(2)
        assert folder.health().is_up

    assert await asyncio.to_thread(plain.count, "Processed") >= 1
    assert len(kept.raws) == 2


async def test_new_mail_is_pushed_by_another_server_too(able: Hoodiecrow) -> None:
    kept = Kept()
    async with reading(kept, fetching(kept, known(able))):
        for number in (1, 2):
            await asyncio.to_thread(able.receives, letter(number))
            await kept.has(number)


async def test_a_token_is_asked_for_at_each_login_and_takes_the_passwords_place(able: Hoodiecrow) -> None:
    tokens = ["stale-token"]
    await asyncio.to_thread(able.receives, letter(1))
    kept = Kept()
    turn = OurTurn()
    server = Server("127.0.0.1", able.port, "none", USER, token=lambda: tokens[-1])
    patient = replace(QUICK, refused_first_s=600, refused_longest_s=600, look_every_s=0.05)
    async with reading(kept, fetching(kept, server, turn=turn, timings=patient)) as folder:
        while "refuses our login" not in folder.health().detail:  # noqa: ASYNC110 - nobody tells of a failure
            await asyncio.sleep(0.01)
        assert "mend IMAP_USER and MAIL_TOKEN_FILE" in folder.health().detail
        tokens.append(TOKEN)  # renewed: nobody rests for ten minutes now
        await kept.has(1)

    assert turn.taken == 2


async def test_a_token_that_runs_out_while_the_folder_is_watched_is_followed_by_the_next(able: Hoodiecrow) -> None:
    tokens = [TOKEN]
    kept = Kept()
    patient = replace(QUICK, refused_first_s=600, refused_longest_s=600, look_every_s=0.05)
    async with relay_to(able.port) as relay:
        server = Server("127.0.0.1", relay.port, "none", USER, token=lambda: tokens[-1])
        async with reading(kept, fetching(kept, server, timings=patient)) as folder:
            await relay.heard_from_client(b"IDLE\r\n")
            tokens.append("expired-token")
            relay.cut()
            await asyncio.to_thread(able.receives, letter(1))
            while "refuses our login" not in folder.health().detail:  # noqa: ASYNC110 - nobody tells of a failure
                await asyncio.sleep(0.01)
            tokens.append(TOKEN)
            await kept.has(1)

    assert kept.repeats == 0


async def test_a_server_that_refuses_the_password_is_known_by_its_words(able: Hoodiecrow) -> None:
    kept = Kept()
    turn = OurTurn()
    folder = fetching(kept, known(able, "wrong"), turn=turn)
    async with reading(kept, folder):
        async with asyncio.timeout(60):
            while turn.taken < 2:  # noqa: ASYNC110 - nobody tells of a failure
                await asyncio.sleep(0.01)
        assert "refuses our login" in folder.health().detail
