"""What channels call the rows they took: for whoever is told later what became of one, and for whoever lists them."""

from collections.abc import Sequence

from sqlalchemy import Connection

from bot.store.delivery.outbox import Outgoing
from bot.store.driver.look import rows_by_keys

_COLUMNS = ", ".join(f"outbox.{name}" for name in Outgoing.__slots__)
_TAKEN = f"""
SELECT {_COLUMNS}, receipt.lane AS place FROM receipt
JOIN outbox ON outbox.id = receipt.outbox_id WHERE receipt.external_id IN {{keys}}
"""  # noqa: S608 - names of ours
_NAMES = "SELECT outbox_id, external_id FROM receipt WHERE outbox_id IN {keys}"


def taken(conn: Connection, lane: str, external_id: str) -> Outgoing | None:
    """The row that a channel took under this name in this place; None for what is none of ours."""
    for row in rows_by_keys(conn, _TAKEN, [external_id]):
        if row.place == lane:
            return Outgoing(**{name: getattr(row, name) for name in Outgoing.__slots__})
    return None


def names(conn: Connection, rows: Sequence[int]) -> dict[int, str]:
    """What the channel calls each of these rows; those that it has not taken are left out."""
    return {row.outbox_id: row.external_id for row in rows_by_keys(conn, _NAMES, rows)}
