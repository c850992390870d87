"""Writing many rows at once gives the same rows on both databases."""

from collections.abc import Sequence
from contextlib import suppress

import pytest
from sqlalchemy import Connection, select

from bot.store.driver.bulk import (
    add_many,
    delete_many,
    insert_many,
    insert_new,
    update_many,
    update_versioned,
    upsert_many,
)
from bot.store.driver.committer import savepoint
from bot.store.driver.database import Database
from bot.store.driver.ids import take, take_each
from bot.store.errors import StaleError
from bot.store.tables import schema
from tests.contract.store.rows import plant_conversation, ticket_row


def alarms(conn: Connection) -> dict[str, tuple[int, int | None]]:
    return {row.owner: (row.due_at, row.ticket_id) for row in conn.execute(select(schema.alarm))}


async def test_what_a_row_leaves_out_takes_the_default(database: Database) -> None:
    await database.write(lambda conn: insert_many(conn, schema.contact, [{"id": 1, "name": "Lena", "created_at": 5}]))
    await database.write(
        lambda conn: insert_many(
            conn, schema.identity, [{"key": "inapp:1", "contact_id": 1, "source": "host", "linked_at": 5}]
        )
    )

    row = await database.read(lambda conn: conn.execute(select(schema.identity.join(schema.contact))).one())

    assert (row.is_verified, row.client, row.name) == (0, None, "Lena")


@pytest.mark.parametrize("count", [1, 3, 64, 65, 500])
async def test_as_many_rows_arrive_as_were_sent(database: Database, count: int) -> None:
    rows = [{"owner": f"promises:{n}", "due_at": n, "ticket_id": n if n % 2 else None} for n in range(count)]

    await database.write(lambda conn: insert_many(conn, schema.alarm, rows))

    stored = await database.read(alarms)
    assert stored == {f"promises:{n}": (n, n if n % 2 else None) for n in range(count)}


async def test_no_rows_are_no_statement(database: Database) -> None:
    def change(conn: Connection) -> int:
        insert_many(conn, schema.alarm, [])
        upsert_many(conn, schema.alarm, [])
        add_many(conn, schema.load, [])
        update_many(conn, schema.alarm, [])
        return update_versioned(conn, schema.ticket, []) + delete_many(conn, schema.alarm, [])

    assert await database.write(change) == 0


async def test_existing_rows_are_passed_over_or_replaced_as_asked(database: Database) -> None:
    def change(conn: Connection) -> None:
        insert_many(conn, schema.alarm, [{"owner": "a", "due_at": 1, "ticket_id": 7}])
        insert_many(conn, schema.alarm, [{"owner": "a", "due_at": 2}], skip_existing=True)
        upsert_many(conn, schema.alarm, [{"owner": "b", "due_at": 3, "ticket_id": 8}])
        upsert_many(conn, schema.alarm, [{"owner": "b", "due_at": 4}, {"owner": "c", "due_at": 5}])

    await database.write(change)

    assert await database.read(alarms) == {"a": (1, 7), "b": (4, None), "c": (5, None)}


async def test_new_keys_are_told_from_known_ones(database: Database) -> None:
    def change(conn: Connection) -> tuple[set[str], set[str], set[str]]:
        none = insert_new(conn, schema.alarm, [], key="owner")
        first = insert_new(conn, schema.alarm, [{"owner": "a", "due_at": 1}], key="owner")
        again = [{"owner": "a", "due_at": 2}, {"owner": "b", "due_at": 3}, {"owner": "b", "due_at": 4}]
        return none, first, insert_new(conn, schema.alarm, again, key="owner")

    assert await database.write(change) == (set(), {"a"}, {"b"})
    assert await database.read(alarms) == {"a": (1, None), "b": (3, None)}


async def test_a_row_is_written_only_over_the_version_before_it(database: Database) -> None:
    def change(conn: Connection) -> tuple[int, int]:
        plant_conversation(conn, 1)
        plant_conversation(conn, 2)
        insert_many(conn, schema.ticket, [ticket_row(1, version=3), ticket_row(2, conversation=2, version=3)])
        fresh = [{"id": 1, "version": 4, "status": "resolved"}, {"id": 2, "version": 4, "status": "resolved"}]
        stale = [{"id": 1, "version": 4, "status": "spam"}, {"id": 2, "version": 5, "status": "closed"}]
        return (
            update_versioned(conn, schema.ticket, fresh),
            update_versioned(conn, schema.ticket, stale),
        )

    assert await database.write(change) == (2, 1)
    statuses = await database.read(
        lambda conn: list(conn.execute(select(schema.ticket.c.status).order_by(schema.ticket.c.id)).scalars())
    )
    assert statuses == ["resolved", "closed"]


async def test_rows_are_deleted_by_key(database: Database) -> None:
    def change(conn: Connection) -> int:
        insert_many(conn, schema.alarm, [{"owner": owner, "due_at": 1} for owner in "abc"])
        return delete_many(conn, schema.alarm, ["a", "c", "d"])

    assert await database.write(change) == 2
    assert await database.read(alarms) == {"b": (1, None)}


async def test_numbers_are_fresh_and_rising(database: Database) -> None:
    def change(conn: Connection) -> list[int]:
        first = list(take(conn, schema.contact, 3))
        insert_many(conn, schema.contact, [{"id": number, "name": "Lena", "created_at": 0} for number in first])
        return [*first, *take(conn, schema.contact, 2), *take(conn, schema.contact, 0)]

    taken = await database.write(change)

    assert taken == [1, 2, 3, 4, 5]


async def test_numbers_taken_before_their_rows_are_written_are_never_the_same(database: Database) -> None:
    taken = await database.write(lambda conn: [*take(conn, schema.contact, 2), *take(conn, schema.contact, 1)])

    assert taken == [1, 2, 3]


async def test_what_is_undone_leaves_its_numbers_to_others_in_a_file(database: Database) -> None:
    """A server's sequence does not go back; see `ids`."""

    def change(conn: Connection) -> Sequence[int]:
        with suppress(StaleError), savepoint(conn):
            take(conn, schema.contact, 2)
            raise StaleError("somebody was faster")
        return take(conn, schema.contact, 1)

    assert list(await database.write(change)) == ([1] if database.is_sqlite else [3])
    assert list(await database.write(lambda conn: take(conn, schema.contact, 1))) == (
        [1] if database.is_sqlite else [4]
    )


async def test_rows_that_name_other_columns_than_the_first_are_refused(database: Database) -> None:
    rows = [{"owner": "a", "due_at": 1}, {"owner": "b", "due_at": 1, "ticket_id": 7}]

    with pytest.raises(ValueError, match="the same columns"):
        await database.write(lambda conn: insert_many(conn, schema.alarm, rows))

    assert await database.read(alarms) == {}


async def test_numbers_of_several_tables_are_taken_at_once(database: Database) -> None:
    wanted = {schema.message: 2, schema.note: 0, schema.event: 1}

    taken = await database.write(lambda conn: take_each(conn, wanted))

    assert {table.name: list(numbers) for table, numbers in taken.items()} == {
        "message": [1, 2],
        "note": [],
        "event": [1],
    }
