"""Topics of places that our own people share: which one is about what.

`place` is the place's address, `thread` the channel's name of the topic there. A topic that is gone is made anew and
takes the old one's place here.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.store.driver.bulk import upsert_many
from bot.store.driver.look import rows_by_keys
from bot.store.tables import channel_schema, schema
from bot.tickets.ticket import TicketId
from routing.people import ClientId
from sla.duration import Instant

_THERE = "SELECT place, key, thread, name FROM topic WHERE place IN {keys}"
_NEWEST = f"""
SELECT max(id) AS id FROM ticket WHERE client IN {{keys}} AND {schema.is_one_of("status", schema.OPEN)}
"""  # noqa: S608 - words of ours


@dataclass(frozen=True, slots=True)
class Known:
    """A topic, and what it was called when it was last named."""

    thread: str
    name: str


def find(conn: Connection, place: str, key: str) -> Known | None:
    """The topic that is about this; None where there is none yet."""
    rows = (row for row in rows_by_keys(conn, _THERE, [place]) if row.key == key)
    return next((Known(row.thread, row.name) for row in rows), None)


def keep(conn: Connection, place: str, key: str, topic: Known, *, at: Instant) -> None:
    """Remember a topic, in place of the one that was about this before."""
    row = {"place": place, "key": key, "thread": topic.thread, "name": topic.name, "at": at}
    upsert_many(conn, channel_schema.topic, [row])


def key_of(conn: Connection, place: str, thread: str) -> str | None:
    """What a topic is about; None for one that we did not make."""
    return next((row.key for row in rows_by_keys(conn, _THERE, [place]) if row.thread == thread), None)


def newest_open(conn: Connection, client: ClientId) -> TicketId | None:
    """The client's ticket that was opened last and that somebody still works on."""
    found = next(iter(rows_by_keys(conn, _NEWEST, [client])), None)
    return TicketId(found.id) if found is not None and found.id is not None else None
