"""Small values the desk remembers about itself: the time zone data it last counted with, when it last ran."""

from sqlalchemy import Connection, bindparam, select

from bot.store.driver.bulk import upsert_many
from bot.store.tables.schema import setting

_RECALL = select(setting.c.value).where(setting.c.key == bindparam("name"))


def recall(conn: Connection, key: str) -> str | None:
    """The remembered value, None if there is none."""
    return conn.execute(_RECALL, {"name": key}).scalar()


def remember(conn: Connection, key: str, value: str) -> None:
    """Remember a value in place of the one before."""
    upsert_many(conn, setting, [{"key": key, "value": value}])
