"""Buttons by their opaque names, for a channel that gives nothing else of them back."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select

from bot.store.driver.bulk import upsert_many
from bot.store.tables.channel_schema import button
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class NamedButton:
    """What a press of it is, where it was put, and when it was last drawn there."""

    name: str
    conversation: str
    action: str
    value: str
    at: Instant


_FIND = select(button).where(button.c.name == bindparam("wanted"))
_OLD = delete(button).where(button.c.at < bindparam("before"))


def keep(conn: Connection, drawn: Sequence[Sequence[NamedButton]]) -> Sequence[None]:
    """Keep the buttons of messages; one that is known is drawn again and kept for longer. A Change."""
    rows = {
        one.name: {
            "name": one.name,
            "conversation": one.conversation,
            "action": one.action,
            "value": one.value,
            "at": one.at,
        }
        for buttons in drawn
        for one in buttons
    }
    upsert_many(conn, button, [rows[name] for name in sorted(rows)])
    return [None] * len(drawn)


def find(conn: Connection, name: str) -> NamedButton | None:
    """The button of that name."""
    row = conn.execute(_FIND, {"wanted": name}).mappings().first()
    return NamedButton(**row) if row is not None else None


def forget(conn: Connection, *, before: Instant) -> int:
    """Remove buttons that were not drawn since; returns how many."""
    return conn.execute(_OLD, {"before": before}).rowcount
