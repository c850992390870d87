"""Statements that run for every message look things up; none of them reads a table from end to end."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, event

from bot.store import alarms, journal
from bot.store.alarms import Alarm
from bot.store.auditing import violations
from bot.store.channels import buttons, ongoing, presses
from bot.store.channels.buttons import NamedButton
from bot.store.delivery import outbox, parts, patience
from bot.store.delivery.outbox import Put, Settled
from bot.store.delivery.parts import Taken
from bot.store.driver.bulk import delete_many, insert_many, insert_new, update_many
from bot.store.driver.database import Database
from bot.store.driver.ids import take
from bot.store.facts import tickets_beyond, tickets_of
from bot.store.people import tokens
from bot.store.people.contacts import recount_load
from bot.store.people.shifts import people_with_tickets
from bot.store.reading.touch import touch_messages
from bot.store.revisions import Revisions, add_revision
from bot.store.tables import schema
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant
from tests.builders import document
from tests.contract.store.rows import outbox_row, plant_lines, plant_outbox, raw, ticket_row

ROWS = 4_000
NOW = Instant(ROWS * 2)
MINUTE = timedelta(minutes=1)
#: An index was used, or what the statement made for itself has none and is small.
HARMLESS = ("INDEX", "json_each", "CONSTANT ROW", "fresh", "going")

CALLS: dict[str, Callable[[Connection], object]] = {
    "keeping a payload": partial(journal.keep, deliveries=[((raw("new"),), None, NOW)]),
    "keeping what is decided": partial(journal.keep_decided, deliveries=[((raw("other"),), None, NOW)], most=64),
    "looking for new payloads": partial(journal.fresh, after=0, count=64),
    "claiming payloads": partial(journal.claim, ids=[ROWS - 1, ROWS]),
    "finishing payloads": partial(journal.done, ids=[ROWS]),
    "the oldest payload": journal.oldest_unprocessed,
    "counting what waits": journal.counts,
    "listing dead letters": partial(journal.listing, states=["dead"], count=50),
    "claiming rows": partial(outbox.claim, now=NOW, owner="me", claim_for=MINUTE, busy=["lane 1"], count=20),
    "asking about rows": partial(outbox.claim_uncertain, now=NOW, owner="me", claim_for=MINUTE, count=20),
    "recovering rows": outbox.recover,
    "hurrying digests": partial(patience.hurry, now=NOW),
    "settling rows": partial(outbox.settle, settled=[Settled(ROWS, "m1", NOW)]),
    "postponing rows": partial(outbox.postpone, puts=[Put(ROWS, "later", NOW)]),
    "when the next row is ready": partial(outbox.outlook, now=Instant(-1)),
    "whether any row is ready": partial(outbox.outlook, now=NOW),
    "whether any row is uncertain": outbox.clock_and_doubt,
    "sending another way": partial(outbox.reroute, number=ROWS, channel="board", lane="board:desk:vera", reason=""),
    "counting rows": outbox.counts,
    "due alarms": partial(alarms.due, now=Instant(5), count=20),
    "the next alarm": alarms.next_due,
    "taking alarms": partial(alarms.take, owners=["promises:7"], now=NOW),
    "setting an alarm": partial(alarms.put, alarms=[Alarm("promises:7", NOW)]),
    "clearing an alarm": partial(delete_many, table=schema.alarm, keys=["promises:7"]),
    "changing a line": partial(update_many, table=schema.message, rows=[{"id": 7, "text": "x"}]),
    "inserting what is new": partial(insert_new, table=schema.setting, rows=[{"key": "7", "value": ""}], key="key"),
    "making lines visible": partial(touch_messages, message_ids=[7, 8], state="sent"),
    "taking numbers": partial(take, table=schema.message, count=5),
    "finding an answer": partial(presses.answers, keys=["7"]),
    "finding a button": partial(buttons.find, name="7"),
    "keeping buttons": partial(buttons.keep, drawn=[[NamedButton("7", "lane 1", "ticket.take", "T-1", NOW)]]),
    "what was taken of a message": partial(parts.taken, key="7"),
    "taking a part": partial(parts.take, taken=[Taken("7", {0: "m1"}, NOW)]),
    "whose part it is": partial(parts.key_of, external_id="m1"),
    "using a link": partial(tokens.use_link, token="x", purpose="board", now=NOW),
}


def plant(conn: Connection) -> None:
    """Much that is over, and a little that is not: the tail of a table after a year."""
    over = range(1, ROWS - 20)
    for table in (schema.inbound, schema.conversation):
        take(conn, table, ROWS)
    insert_many(
        conn,
        schema.inbound,
        [
            {
                "id": number,
                "key": f"inapp:desk:{number}",
                "channel": "inapp",
                "account": "desk",
                "external_id": str(number),
                "lane": f"lane {number % 50}",
                "payload": b"{}",
                "received_at": number,
                "state": "done" if number in over else "dead" if number % 2 else "new",
                "reason": "",
            }
            for number in range(1, ROWS + 1)
        ],
    )
    plant_lines(conn, ROWS)
    talks = [
        {"id": number, "key": f"inapp:desk:{number}", "contact_id": 1, "created_at": 0} for number in range(2, ROWS)
    ]
    insert_many(conn, schema.conversation, talks)
    rows = [
        outbox_row(number, message_id=number, lane=f"lane {number % 50}", state="sent" if number in over else "pending")
        for number in range(1, ROWS + 1)
    ]
    plant_outbox(conn, rows)
    alarms.put(conn, [Alarm(f"promises:{number}", Instant(number)) for number in range(ROWS)])
    insert_many(conn, schema.setting, [{"key": str(number), "value": ""} for number in range(ROWS)])
    insert_many(conn, schema.press, [{"key": str(number), "answer": "", "at": 0} for number in range(ROWS)])
    links = [
        {"digest": str(number), "purpose": "board", "subject": "vera", "created_at": 0, "expires_at": 0, "uses_left": 0}
        for number in range(ROWS)
    ]
    insert_many(conn, schema.link_token, links)
    conn.exec_driver_sql("ANALYZE")


def whole_scans(conn: Connection, call: Callable[[Connection], object]) -> list[str]:
    """Steps that read a table from end to end, of every statement the call makes."""
    statements: list[tuple[str, object]] = []

    def note(_conn: object, _cursor: object, sql: str, values: object, *_rest: object) -> None:
        statements.append((sql, values))

    event.listen(conn, "before_cursor_execute", note)
    call(conn)
    event.remove(conn, "before_cursor_execute", note)
    explain, bad = ("EXPLAIN QUERY PLAN ", "SCAN ") if conn.dialect.name == "sqlite" else ("EXPLAIN ", "Seq Scan on ")
    found = []
    for sql, values in statements:
        if not sql.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
            continue
        one = values[0] if isinstance(values, list) else values  # of many rows, one is like the others
        for row in conn.exec_driver_sql(explain + sql, one):  # type: ignore[arg-type] # as the driver was given it
            step = str(row[-1])
            is_harmless = any(word in step for word in HARMLESS)
            if bad in step and not is_harmless:
                found.append(f"{step} in {sql}")
    return found


async def test_nothing_is_read_from_end_to_end(database: Database) -> None:
    def look(conn: Connection) -> dict[str, list[str]]:
        found = {}
        for name, call in CALLS.items():
            savepoint = conn.begin_nested()
            found[name] = whole_scans(conn, call)
            savepoint.rollback()
        return {name: scans for name, scans in found.items() if scans}

    await database.write(plant)

    assert await database.write(look) == {}


async def test_reading_back_looks_only_at_what_is_open_or_was_resolved_lately(database: Database) -> None:
    over = {"status": "closed", "is_current": 0}
    tickets = [ticket_row(number, conversation=number, resolved_at=number, **over) for number in range(2, ROWS - 20)]
    tickets += [ticket_row(number, conversation=number) for number in range(ROWS - 20, ROWS)]
    for row in tickets:
        row.setdefault("resolved_at", None)
        row["contact_id"] = 1

    def look(conn: Connection) -> list[str]:
        since = Instant(ROWS - 30)
        assert len(ongoing.conversations(conn, "inapp", since=since)) == 10 + 20 + 1  # and the one of the lines
        calls = [partial(call, channel="inapp", since=since) for call in (ongoing.conversations, ongoing.cards)]
        return [scan for call in calls for scan in whole_scans(conn, call)]

    def planted(conn: Connection) -> None:
        plant(conn)
        insert_many(conn, schema.ticket, tickets)
        for spread in (schema.outbox, schema.message):
            conn.execute(spread.update().where(spread.c.id < ROWS).values(ticket_id=spread.c.id))
        conn.exec_driver_sql("ANALYZE")

    await database.write(planted)

    assert await database.write(look) == []


async def test_what_somebody_has_and_what_stands_still_is_found_among_what_is_open(database: Database) -> None:
    tickets = [ticket_row(number, status="closed", is_current=0, assignee="vera") for number in range(2, ROWS - 20)]
    tickets += [ticket_row(number, is_current=0, assignee="vera") for number in range(ROWS - 20, ROWS)]
    clocks = [
        {"ticket_id": number, "metric": "first_response", "started_at": 0, "state": "met", "value": "{}"}
        for number in range(1, ROWS)
    ]
    revisions = Revisions()
    calls: dict[str, Callable[[Connection], object]] = {
        "tickets of people": partial(tickets_of, people=[PersonId("vera")]),
        "some tickets of one": partial(tickets_beyond, person=PersonId("vera"), after=TicketId(7), most=5),
        "who has tickets": people_with_tickets,
        "counting what each has": recount_load,
        "what stands still": partial(violations, revisions=revisions, now=NOW),
    }

    def planted(conn: Connection) -> None:
        plant(conn)
        add_revision(conn, document(), "", at=NOW, by="cli")
        revisions.refresh(conn)
        insert_many(conn, schema.ticket, tickets)
        insert_many(conn, schema.clock, clocks)
        conn.execute(schema.outbox.update().where(schema.outbox.c.id < ROWS).values(ticket_id=schema.outbox.c.id))
        conn.exec_driver_sql("ANALYZE")

    def look(conn: Connection) -> list[str]:
        found = [scan for call in calls.values() for scan in whole_scans(conn, call)]
        return [scan for scan in found if "AS latest" not in scan and "FROM load" not in scan]  # the newest, and a few

    await database.write(planted)

    assert await database.write(look) == []
