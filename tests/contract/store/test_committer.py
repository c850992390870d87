"""Group commit: everybody is served together, the bad one fails alone, and nobody hears of success too early."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection

from bot.store.driver.bulk import insert_many
from bot.store.driver.committer import Committer
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.driver.sqlite import SqliteDatabase
from bot.store.errors import StaleError, StoreUnavailableError
from bot.store.remembered import recall, remember
from bot.store.tables import schema


class Batches:
    """A change that keeps its items as settings and remembers how many came at once."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def keep(self, conn: Connection, items: Sequence[str]) -> Sequence[str]:
        self.sizes.append(len(items))
        insert_many(conn, schema.setting, [{"key": item, "value": "kept"} for item in items])
        if "poison" in items:
            raise StaleError("somebody was faster")
        return [f"{item} is kept" for item in items]


def kept(conn: Connection) -> set[str]:
    return set(conn.exec_driver_sql("SELECT key FROM setting").scalars())


async def test_one_item_is_written_and_answered(database: Database, committer: Committer) -> None:
    assert await committer.commit(Batches().keep, "alone") == "alone is kept"
    assert await database.read(kept) == {"alone"}


async def test_what_waits_is_written_together_and_in_order(committer: Committer) -> None:
    batches = Batches()

    answers = await asyncio.gather(*(committer.commit(batches.keep, f"item {n}") for n in range(150)))

    assert answers == [f"item {n} is kept" for n in range(150)]
    assert batches.sizes == [64, 64, 22]
    assert committer.waiting == 0


async def test_what_is_urgent_goes_first_into_a_batch_that_is_short(database: Database, committer: Committer) -> None:
    """An alarm whose moment has come waits for what is being written, and not for all that came before it.

    A server writes it beside that.
    """
    batches, alarms = Batches(), Batches()
    many = [committer.begin(batches.keep, f"item {n}") for n in range(150)]
    await asyncio.sleep(0)  # the first batch is on its way

    told = await committer.commit_all(alarms.keep, ["alarm 1", "alarm 2"], is_urgent=True)

    assert told == ["alarm 1 is kept", "alarm 2 is kept"]
    if database.is_sqlite:
        assert batches.sizes[:2] == [64, 8]  # the third may be on its way before we are told
    await asyncio.gather(*many)
    assert (batches.sizes, alarms.sizes) == ([64, 8, 64, 14] if database.is_sqlite else [64, 64, 22], [2])


async def test_nobody_starves_behind_what_is_urgent(committer: Committer) -> None:
    batches, alarms = Batches(), Batches()
    pressing = [committer.begin(alarms.keep, f"alarm {n}", is_urgent=True) for n in range(60)]

    assert await committer.commit(batches.keep, "patient") == "patient is kept"
    await asyncio.gather(*pressing)


async def test_a_poison_item_fails_alone(database: Database, committer: Committer) -> None:
    batches = Batches()
    names = ["first", "poison", "last"]

    answers = await asyncio.gather(*(committer.commit(batches.keep, name) for name in names), return_exceptions=True)

    assert [str(answer) for answer in answers] == ["first is kept", "somebody was faster", "last is kept"]
    assert isinstance(answers[1], StaleError)
    assert await database.read(kept) == {"first", "last"}


async def test_a_poison_item_that_came_alone_fails_too(database: Database, committer: Committer) -> None:
    with pytest.raises(StaleError):
        await committer.commit(Batches().keep, "poison")

    assert await database.read(kept) == set()
    assert await committer.commit(Batches().keep, "after") == "after is kept"


@pytest.mark.parametrize("names", [["poison"], ["first", "poison", "last"]])
async def test_what_cannot_be_done_is_done_otherwise_and_nothing_of_it_twice(
    database: Database, committer: Committer, names: Sequence[str]
) -> None:
    def only_note(conn: Connection, items: Sequence[str]) -> Sequence[str]:
        insert_many(conn, schema.setting, [{"key": f"note of {item}", "value": "kept"} for item in items])
        return [f"{item} is noted" for item in items]

    batches = Batches()
    answers = await asyncio.gather(*(committer.commit(batches.keep, name, otherwise=only_note) for name in names))

    wanted = [f"{name} is noted" if name == "poison" else f"{name} is kept" for name in names]
    assert answers == wanted
    assert await database.read(kept) == {f"note of {name}" if name == "poison" else name for name in names}


async def test_what_can_be_done_neither_way_is_refused(database: Database, committer: Committer) -> None:
    def refuse(_conn: Connection, _items: Sequence[str]) -> Sequence[str]:
        raise ValueError("never")

    with pytest.raises(ValueError, match="never"):
        await committer.commit(Batches().keep, "poison", otherwise=refuse)

    assert await database.read(kept) == set()


async def test_a_failing_kind_of_change_does_not_harm_the_others(database: Database, committer: Committer) -> None:
    def refuse(_conn: Connection, _items: Sequence[str]) -> Sequence[str]:
        raise ValueError("never")

    batches = Batches()
    answers = await asyncio.gather(
        committer.commit(batches.keep, "one"),
        committer.commit(refuse, "two"),
        committer.commit(batches.keep, "three"),
        return_exceptions=True,
    )

    assert [str(answer) for answer in answers] == ["one is kept", "never", "three is kept"]
    assert await database.read(kept) == {"one", "three"}


async def test_a_change_that_answers_too_little_is_an_error_and_not_a_hang(committer: Committer) -> None:
    def forgetful(_conn: Connection, _items: Sequence[str]) -> Sequence[str]:
        return []

    answers = await asyncio.gather(
        committer.commit(forgetful, "one"), committer.commit(forgetful, "two"), return_exceptions=True
    )

    assert [type(answer) for answer in answers] == [ValueError, ValueError]


async def test_a_caller_who_leaves_takes_nobody_along(database: Database, committer: Committer) -> None:
    batches = Batches()
    leaving = asyncio.create_task(committer.commit(batches.keep, "leaving"))
    staying = asyncio.create_task(committer.commit(batches.keep, "staying"))
    await asyncio.sleep(0)
    leaving.cancel()

    assert await staying == "staying is kept"
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert "staying" in await database.read(kept)


async def test_what_attends_is_the_last_of_each_batch_it_attends(database: Database, committer: Committer) -> None:
    seen: list[set[str]] = []
    written: list[str] = []

    def attend(conn: Connection, items: Sequence[str]) -> Sequence[str]:
        seen.append(kept(conn))
        return items

    committer.attend(attend, lambda: "attending", lambda answer: written.append(answer.result()))
    batches = Batches()
    async with asyncio.TaskGroup() as group:
        group.create_task(committer.commit(batches.keep, "before"))
        group.create_task(committer.commit(batches.keep, "attended", is_attended=True))
    await committer.commit(batches.keep, "alone")

    assert seen == [{"before", "attended"}]
    assert written == ["attending"]
    assert await database.read(kept) == {"before", "attended", "alone"}


async def test_nobody_attends_who_wants_nothing_and_whoever_fails_harms_nobody(
    database: Database, committer: Committer
) -> None:
    wishes = iter([None, "poison"])
    failed: list[BaseException | None] = []
    batches, attending = Batches(), Batches()
    committer.attend(attending.keep, lambda: next(wishes), lambda answer: failed.append(answer.exception()))

    await committer.commit(batches.keep, "first", is_attended=True)
    assert attending.sizes == []
    await committer.commit(batches.keep, "second", is_attended=True)

    assert [str(error) for error in failed] == ["somebody was faster"]
    assert await database.read(kept) == {"first", "second"}


async def test_too_many_callers_wait_outside(database: Database) -> None:
    committer = Committer(database, room=2)
    batches = Batches()

    await asyncio.gather(*(committer.commit(batches.keep, f"item {n}") for n in range(6)))

    assert max(batches.sizes) <= 2
    assert sum(batches.sizes) == 6


async def test_closing_writes_what_waits(database: Database) -> None:
    committer = Committer(database)
    writing = [asyncio.create_task(committer.commit(Batches().keep, f"item {n}")) for n in range(3)]
    await asyncio.sleep(0)

    await committer.close()

    assert [await one for one in writing] == [f"item {n} is kept" for n in range(3)]


async def test_a_full_disk_acknowledges_nothing_and_recovers(sqlite: SqliteDatabase) -> None:
    committer = Committer(sqlite)
    wide = "x" * 100_000

    def write_wide(conn: Connection, items: Sequence[str]) -> Sequence[None]:
        for item in items:
            remember(conn, item, wide)
        return [None] * len(items)

    pages = await sqlite.write(lambda conn: conn.exec_driver_sql("PRAGMA page_count").scalar_one())
    await sqlite.write(lambda conn: conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + 40}").scalar_one())
    answers = await asyncio.gather(
        *(committer.commit(write_wide, f"item {n}") for n in range(5)), return_exceptions=True
    )

    assert {str(answer) for answer in answers} == {"the disk is full"}
    assert all(isinstance(answer, StoreUnavailableError) for answer in answers)
    assert await sqlite.read(kept) == set()

    await sqlite.write(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count = 1073741823").scalar_one())
    await asyncio.gather(*(committer.commit(write_wide, f"item {n}") for n in range(5)))
    assert await sqlite.read(kept) == {f"item {n}" for n in range(5)}


async def test_replicas_that_insert_the_same_key_at_once_both_succeed(database_url: str) -> None:
    """Each looks, finds nothing and inserts; on PostgreSQL one of them is refused by the index and looks again."""

    def find_or_make(conn: Connection, items: Sequence[str]) -> Sequence[str]:
        answers = []
        for item in items:
            if recall(conn, item) is None:
                insert_many(conn, schema.setting, [{"key": item, "value": "made"}])
            answers.append(recall(conn, item) or "")
        return answers

    databases = [await open_database(database_url) for _ in range(2)]
    committers = [Committer(database) for database in databases]
    for batch in range(20):
        answers = await asyncio.gather(
            *(one.commit(find_or_make, f"{batch}/{n}") for one in committers for n in range(3))
        )
        assert set(answers) == {"made"}
    for database in databases:
        await database.close()
