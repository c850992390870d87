"""Whose turn it is: one process at a time, another soon after it died, and nobody late."""

import asyncio
from datetime import timedelta

import pytest

from adapters.errors import TurnLostError
from bot.app.turn import Pace, StoredTurn
from bot.store import leases
from bot.store.driver.database import Database

NAME = "telegram:1"
PATIENCE_S = 60
MINUTE = timedelta(minutes=1)
QUICK = Pace(lease_for=MINUTE, renew_every_s=0.05, ask_every_s=0.02)


def turn(database: Database, owner: str | None = None, pace: Pace = QUICK) -> StoredTurn:
    return StoredTurn(database, NAME, pace, owner=owner)


async def holder(database: Database) -> str | None:
    return await database.read(lambda conn: leases.holder(conn, NAME))


async def test_another_waits_until_it_is_given_back(database: Database) -> None:
    order: list[str] = []
    is_begun, may_end = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with turn(database, "first").held():
            order.append("first")
            is_begun.set()
            await may_end.wait()
            order.append("first ends")

    async def second() -> None:
        await is_begun.wait()
        async with turn(database, "second").held():
            order.append("second")

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        group.create_task(first())
        group.create_task(second())
        await is_begun.wait()
        assert await holder(database) == "first"
        may_end.set()
    assert order == ["first", "first ends", "second"]
    assert await holder(database) is None


async def test_it_is_ours_for_longer_than_one_lease(database: Database) -> None:
    loop = asyncio.get_running_loop()
    short = Pace(lease_for=timedelta(seconds=4), renew_every_s=0.05)
    over_at = loop.time() + 1.5 * short.lease_for.total_seconds()
    is_over = asyncio.Event()
    loop.call_at(over_at, is_over.set)
    async with turn(database, "first", short).held():
        await is_over.wait()
        assert await holder(database) == "first"


async def test_whoever_died_is_followed_once_their_lease_is_over(database: Database) -> None:
    dead_for = timedelta(milliseconds=300)
    await database.write(lambda conn: leases.acquire(conn, NAME, owner="dead", lease_for=dead_for))
    async with asyncio.timeout(PATIENCE_S), turn(database, "second").held() as fence:
        assert fence.epoch == 2


async def test_what_another_has_taken_is_cancelled_at_once(database: Database) -> None:
    async def taken_from_us() -> None:
        async with asyncio.timeout(PATIENCE_S), turn(database, "first").held() as fence:
            await database.write(lambda conn: leases.release(conn, NAME, epoch=fence.epoch))
            await database.write(lambda conn: leases.acquire(conn, NAME, owner="other", lease_for=MINUTE))
            await asyncio.Event().wait()

    with pytest.raises(TurnLostError):
        await taken_from_us()
    assert await holder(database) == "other"  # what was lost is not given back


async def test_what_cannot_be_renewed_in_time_is_left_in_time(database: Database) -> None:
    never = Pace(lease_for=timedelta(milliseconds=200), renew_every_s=3_600)
    with pytest.raises(TurnLostError):
        async with asyncio.timeout(PATIENCE_S), turn(database, "first", never).held():
            await asyncio.Event().wait()


async def test_what_goes_wrong_inside_comes_out_as_it_is_and_the_turn_is_given_back(database: Database) -> None:
    with pytest.raises(TimeoutError, match="another"):
        async with turn(database, "first").held():
            raise TimeoutError("another")
    assert await holder(database) is None


async def test_whoever_is_alone_with_its_file_takes_up_after_itself_and_others_do_not(database: Database) -> None:
    await database.write(lambda conn: leases.acquire(conn, NAME, owner="alone", lease_for=MINUTE))
    asked = asyncio.create_task(_held(turn(database)))
    done, _ = await asyncio.wait({asked}, timeout=PATIENCE_S if database.is_sqlite else 0.5)
    assert bool(done) is database.is_sqlite
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)


async def _held(mine: StoredTurn) -> None:
    async with mine.held():
        pass
