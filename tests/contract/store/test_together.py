"""What goes in one statement on PostgreSQL is written and read as if each had its own."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import DBAPIError

from bot.store.driver.bulk import add_many, delete_many, insert_many, update_many, upsert_many
from bot.store.driver.committer import savepoint
from bot.store.driver.database import Database
from bot.store.driver.look import Keys, at_once, rows_by_keys
from bot.store.driver.plain import together
from bot.store.tables import schema
from tests.contract.store.rows import plant_conversation, ticket_row

CONTACTS = [{"id": number, "name": f"Lena {number}", "created_at": 5} for number in (1, 2)]
TALKS = [{"id": number, "key": f"inapp:desk:{number}", "contact_id": number, "created_at": 5} for number in (1, 2)]

NAMES = "SELECT id, name, language, created_at FROM contact WHERE id IN {keys} ORDER BY id DESC"
KEYS = "SELECT id, key, EXISTS (SELECT 1 FROM ticket WHERE conversation_id = conversation.id) AS has_ticket "
KEYS += "FROM conversation WHERE key IN {keys} ORDER BY id"


@contextmanager
def counted(conn: Connection) -> Iterator[list[str]]:
    """The statements that are run meanwhile."""
    statements: list[str] = []

    def note(_conn: object, _cursor: object, sql: str, *_rest: object) -> None:
        statements.append(sql)

    event.listen(conn, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(conn, "before_cursor_execute", note)


def alarm(owner: str, due_at: int) -> dict[str, object]:
    return {"owner": owner, "due_at": due_at, "ticket_id": None}


def alarms(conn: Connection) -> dict[str, int]:
    return {row.owner: row.due_at for row in conn.execute(select(schema.alarm))}


async def test_rows_of_several_tables_are_one_statement_on_postgresql(database: Database) -> None:
    def change(conn: Connection) -> int:
        upsert_many(conn, schema.alarm, [alarm("a", 1)])
        add_many(conn, schema.load, [{"person": "vera", "tickets": 1}])
        with counted(conn) as statements, together(conn):
            insert_many(conn, schema.contact, CONTACTS)
            insert_many(conn, schema.conversation, TALKS)  # refers to what goes with it
            upsert_many(conn, schema.alarm, [alarm("a", 2), alarm("b", 3)])
            add_many(conn, schema.load, [{"person": "vera", "tickets": 2}, {"person": "oleg", "tickets": -1}])
        return len(statements)

    assert await database.write(change) == (4 if database.is_sqlite else 1)
    assert await database.read(alarms) == {"a": 2, "b": 3}
    rows = await database.read(lambda conn: list(conn.execute(select(schema.conversation.join(schema.contact)))))
    assert len(rows) == len(TALKS)
    load = await database.read(
        lambda conn: sorted((row.person, row.tickets) for row in conn.execute(select(schema.load)))
    )
    assert load == [("oleg", -1), ("vera", 3)]


async def test_a_table_that_comes_twice_is_written_in_order(database: Database) -> None:
    def change(conn: Connection) -> None:
        with together(conn):
            insert_many(conn, schema.alarm, [alarm("a", 1)])
            insert_many(conn, schema.contact, CONTACTS)
            update_many(conn, schema.alarm, [alarm("a", 2)])
            upsert_many(conn, schema.alarm, [alarm("a", 3)])

    await database.write(change)

    assert await database.read(alarms) == {"a": 3}


async def test_what_is_looked_up_or_counted_between_sees_what_was_written_before(database: Database) -> None:
    def change(conn: Connection) -> tuple[list[str], int]:
        with together(conn):
            insert_many(conn, schema.contact, CONTACTS)
            insert_many(conn, schema.alarm, [alarm("a", 1), alarm("b", 2)])
            names = [row.name for row in rows_by_keys(conn, NAMES, [1, 2])]
            insert_many(conn, schema.conversation, TALKS)
            return names, delete_many(conn, schema.alarm, ["a"])

    assert await database.write(change) == (["Lena 2", "Lena 1"], 1)
    assert await database.read(alarms) == {"b": 2}


async def test_what_fails_together_leaves_nothing_and_nothing_waits_after_it(database: Database) -> None:
    def change(conn: Connection) -> None:
        plant_conversation(conn)
        with suppress(DBAPIError), savepoint(conn), together(conn):
            insert_many(conn, schema.alarm, [alarm("a", 1)])
            insert_many(conn, schema.contact, CONTACTS)  # the first is there already
        with suppress(ZeroDivisionError), savepoint(conn), together(conn):
            insert_many(conn, schema.alarm, [alarm("b", 1)])
            assert 1 // 0
        insert_many(conn, schema.alarm, [alarm("c", 1)])

    await database.write(change)

    assert await database.read(alarms) == {"c": 1}


def apart(conn: Connection) -> tuple[object, ...]:
    names, talks = rows_by_keys(conn, NAMES, [1, 2, 3]), rows_by_keys(conn, KEYS, ["inapp:desk:1", "inapp:desk:2"])
    return (
        [(row.id, row.name, row.language, row.created_at) for row in names],
        [(row.id, row.key, bool(row.has_ticket)) for row in talks],
        list(rows_by_keys(conn, KEYS, ["nobody"])),
        list(rows_by_keys(conn, NAMES, [])),
    )


async def test_what_is_asked_at_once_is_answered_as_if_asked_apart(database: Database) -> None:
    def plant(conn: Connection) -> None:
        contacts = [{**one, "language": None} for one in CONTACTS]
        contacts[0] |= {"name": 'Ліна "Л" \\ Ó\n', "created_at": 2**53 + 1}
        insert_many(conn, schema.contact, contacts)
        insert_many(conn, schema.conversation, TALKS)
        insert_many(conn, schema.ticket, [ticket_row(1)])

    def asked(conn: Connection) -> tuple[int, tuple[object, ...], tuple[object, ...]]:
        before = apart(conn)
        looks: list[tuple[str, Keys]] = [
            (NAMES, [3, 2, 1]),
            (KEYS, ["inapp:desk:2", "inapp:desk:1"]),
            (KEYS, ["nobody"]),
            (NAMES, []),
        ]
        with counted(conn) as statements, at_once(conn, looks):
            found = apart(conn)
        return len(statements), before, found

    await database.write(plant)

    count, before, found = await database.write(asked)
    assert found == before
    assert before[0] == [(2, "Lena 2", None, 5), (1, 'Ліна "Л" \\ Ó\n', None, 2**53 + 1)]
    assert count == (3 if database.is_sqlite else 1)


@pytest.mark.parametrize("is_within", [True, False], ids=["in one of those", "after it"])
async def test_answers_are_of_their_own_question_and_of_no_other(database: Database, *, is_within: bool) -> None:
    def change(conn: Connection) -> list[str]:
        insert_many(conn, schema.contact, CONTACTS)
        insert_many(conn, schema.conversation, TALKS)
        with at_once(conn, [(NAMES, [1]), (KEYS, ["inapp:desk:1"])]):
            update_many(conn, schema.contact, [{"id": number, "name": "Ada"} for number in (1, 2)])
            if is_within:
                return [row.name for row in rows_by_keys(conn, NAMES, [1, 2])]
        return [row.name for row in rows_by_keys(conn, NAMES, [1])]

    assert set(await database.write(change)) == {"Ada"}
