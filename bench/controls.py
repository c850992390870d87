"""What the intake is compared with: the least SQLite must do for a message, and the same work as most bots do it.

The twin is written as a web application with an ORM is written by default: a session a message, look, insert, flush and
commit at each step. It keeps the same rows as one opened ticket of ours, without rules, texts or clocks to compute.
"""

import sqlite3
from pathlib import Path

import asyncpg
from sqlalchemy import ForeignKey, create_engine, event, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bench.measure import Pace, timed

#: The rows of one message in the raw limit, and how many messages share a transaction.
ROWS = 8
TOGETHER = 50


def raw_limit(folder: Path, messages: int, *, together: int = TOGETHER) -> None:
    """Insert eight rows a message with plain sqlite3, so many messages a transaction; nothing is read."""
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    for place in range(ROWS):
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS t{place} (id INTEGER PRIMARY KEY, key TEXT, body TEXT, at INTEGER)"
        )
        connection.execute(f"CREATE INDEX IF NOT EXISTS i{place} ON t{place} (key)")
    last = connection.execute("SELECT coalesce(max(id), 0) FROM t0").fetchone()[0]
    for first in range(last + 1, last + messages + 1, together):
        numbers = range(first, min(first + together, last + messages + 1))
        connection.execute("BEGIN IMMEDIATE")
        for place in range(ROWS):
            rows = [(number, f"telegram:desk:{number}", "x" * 100, number) for number in numbers]
            connection.executemany(f"INSERT INTO t{place} VALUES (?, ?, ?, ?)", rows)  # noqa: S608 - a number of ours
        connection.execute("COMMIT")
    connection.close()


async def raw_postgres(url: str, messages: int) -> Pace:
    """The same limit on PostgreSQL: one array a column, eight statements for fifty messages."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    for place in range(ROWS):
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS t{place} (id BIGSERIAL PRIMARY KEY, key TEXT, body TEXT, at BIGINT)"
        )
        await connection.execute(f"CREATE INDEX IF NOT EXISTS i{place} ON t{place} (key)")
    with timed(messages) as pace:
        for first in range(0, messages, TOGETHER):
            numbers = list(range(first, min(first + TOGETHER, messages)))
            keys = [f"telegram:desk:{number}" for number in numbers]
            async with connection.transaction():
                for place in range(ROWS):
                    await connection.execute(
                        f"INSERT INTO t{place} (key, body, at) "  # noqa: S608 - a number of ours
                        "SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])",
                        keys,
                        ["x" * 100] * len(keys),
                        numbers,
                    )
    await connection.close()
    return pace


class _Table(DeclarativeBase):
    pass


class _Inbound(_Table):
    __tablename__ = "inbound"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[bytes]
    state: Mapped[str]


class _Contact(_Table):
    __tablename__ = "contact"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class _Ticket(_Table):
    __tablename__ = "ticket"
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), index=True)
    status: Mapped[str]
    subject: Mapped[str]
    assignee: Mapped[str | None]


class _Message(_Table):
    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    text: Mapped[str]


class _Clock(_Table):
    __tablename__ = "clock"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    due_at: Mapped[int]


class _Event(_Table):
    __tablename__ = "event"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    what: Mapped[str]


class _Outbox(_Table):
    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    text: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)


def orm_twin(folder: Path, messages: int, *, first: int = 0) -> None:
    """Take messages in one by one, committing at each step."""
    engine = create_engine(f"sqlite:///{folder / 'twin.db'}")

    @event.listens_for(engine, "connect")
    def _configure(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    _Table.metadata.create_all(engine)
    for number in range(first, first + messages):
        with Session(engine) as session:
            _take_in(session, number)
    engine.dispose()


def _take_in(session: Session, number: int) -> None:
    inbound = _Inbound(key=f"telegram:{number}", payload=b"x" * 300, state="new")
    session.add(inbound)
    session.commit()
    contact = session.scalars(select(_Contact).where(_Contact.key == f"telegram:{number}")).first()
    if contact is None:
        contact = _Contact(key=f"telegram:{number}", name=f"Contact {number}")
        session.add(contact)
        session.commit()
    ticket = _Ticket(contact_id=contact.id, status="new", subject="Payroll failed", assignee=None)
    session.add(ticket)
    session.commit()
    session.add(_Message(ticket_id=ticket.id, text="x" * 100))
    session.commit()
    ticket.assignee = "vera"
    session.add(_Event(ticket_id=ticket.id, what="assigned"))
    session.commit()
    session.add(_Clock(ticket_id=ticket.id, due_at=number))
    session.commit()
    for text in ("receipt", "card"):
        session.add(_Outbox(ticket_id=ticket.id, text=text, state="pending"))
        session.commit()
    inbound.state = "done"
    session.commit()
