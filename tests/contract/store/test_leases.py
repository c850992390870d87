"""Leases: one holder at a time, by the database's clock, and a late writer is fenced off."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.store import leases
from bot.store.driver.database import Database
from bot.store.errors import LeaseLostError
from bot.store.remembered import recall, remember

MINUTE = timedelta(minutes=1)
OVER = timedelta(minutes=-1)  # a lease that has run out the moment it is taken


async def acquire(database: Database, owner: str, lease_for: timedelta = MINUTE) -> int | None:
    return await database.write(lambda conn: leases.acquire(conn, "telegram", owner=owner, lease_for=lease_for))


async def test_one_process_holds_a_lease(database: Database) -> None:
    assert await acquire(database, "first") == 1
    assert await acquire(database, "second") is None
    assert await database.read(lambda conn: leases.holder(conn, "telegram")) == "first"


async def test_a_lease_that_ran_out_changes_hands_with_a_new_epoch(database: Database) -> None:
    assert await acquire(database, "first", OVER) == 1
    assert await acquire(database, "second") == 2
    assert await acquire(database, "first") is None


async def test_a_restarted_holder_takes_its_lease_again_with_a_new_epoch(database: Database) -> None:
    assert await acquire(database, "first") == 1
    assert await acquire(database, "first") == 2


async def test_a_lease_given_back_is_free_at_once(database: Database) -> None:
    await acquire(database, "first")

    await database.write(lambda conn: leases.release(conn, "telegram", epoch=1))

    assert await database.read(lambda conn: leases.holder(conn, "telegram")) is None
    assert await acquire(database, "second") == 2


async def test_a_renewed_lease_stays(database: Database) -> None:
    await acquire(database, "first")
    await database.write(lambda conn: leases.renew(conn, "telegram", epoch=1, lease_for=MINUTE))

    assert await acquire(database, "second") is None


@pytest.mark.parametrize("lost", [pytest.param("second", id="to another"), pytest.param(None, id="to time alone")])
async def test_a_holder_who_slept_too_long_can_neither_renew_nor_write(database: Database, lost: str | None) -> None:
    await acquire(database, "first", OVER)
    if lost:
        await acquire(database, lost)

    def write_late(conn: Connection) -> None:
        remember(conn, "offset", "41")
        leases.guard(conn, "telegram", epoch=1)

    with pytest.raises(LeaseLostError):
        await database.write(lambda conn: leases.renew(conn, "telegram", epoch=1, lease_for=MINUTE))
    with pytest.raises(LeaseLostError):
        await database.write(write_late)
    assert await database.read(lambda conn: recall(conn, "offset")) is None


async def test_the_holder_writes(database: Database) -> None:
    epoch = await acquire(database, "first")
    assert epoch is not None

    await database.write(lambda conn: leases.guard(conn, "telegram", epoch=epoch))
