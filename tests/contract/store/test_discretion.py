"""What a client wrote is no part of an error, whichever way a statement took: errors reach the log."""

import io
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.log import configure
from bot.store.driver.bulk import insert_many
from bot.store.driver.database import Database
from bot.store.driver.plain import rows_of
from bot.store.tables import schema

WORDS = "we were robbed\nlast (night)"


def _in_bulk(conn: Connection) -> None:
    insert_many(conn, schema.contact, [{"id": 1, "name": WORDS, "created_at": None}])


def _built(conn: Connection) -> None:
    conn.execute(schema.contact.insert().values(id=1, name=WORDS, created_at=None))


def _by_hand(conn: Connection) -> None:
    sql = "SELECT nothing FROM contact WHERE name = "
    rows_of(conn, sql + ("?" if conn.dialect.name == "sqlite" else "$1"), (WORDS,))


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, stream = root.handlers[:], root.level, io.StringIO()
    configure("text", stream=stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_in_bulk, id="rows written together"),
        pytest.param(_built, id="a statement built for us"),
        pytest.param(_by_hand, id="a statement written by hand"),
    ],
)
async def test_an_error_of_the_database_names_no_words_of_a_client(
    database: Database, change: Callable[[Connection], None], logged: io.StringIO
) -> None:
    with pytest.raises(DBAPIError) as caught:
        await database.write(change)
    structlog.get_logger().error("payload could not be decided", exc_info=caught.value)
    assert "Traceback" in logged.getvalue()
    assert "robbed" not in logged.getvalue()
    assert "night" not in logged.getvalue()
