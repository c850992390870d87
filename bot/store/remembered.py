"""Small values the desk remembers about itself: the time zone data it last counted with, when it last ran."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from bot.store.driver.bulk import delete_many, upsert_many
from bot.store.driver.plain import rows_of_built
from bot.store.tables.schema import setting

_RECALL = select(setting.c.value).where(setting.c.key == bindparam("name"))
_NAMES = select(setting.c.key).order_by(setting.c.key)


def recall(conn: Connection, key: str) -> str | None:
    """The remembered value, None if there is none."""
    return next((row.value for row in rows_of_built(conn, _RECALL, {"name": key})), None)


def remember(conn: Connection, key: str, value: str) -> None:
    """Remember a value in place of the one before."""
    upsert_many(conn, setting, [{"key": key, "value": value}])


def names_under(conn: Connection, start: str) -> Sequence[str]:
    """The names that begin so, in their order, of everything that is remembered."""
    return [name for name in conn.execute(_NAMES).scalars() if name.startswith(start)]


def forget(conn: Connection, keys: Sequence[str]) -> None:
    """Remember these no longer."""
    delete_many(conn, setting, keys)
