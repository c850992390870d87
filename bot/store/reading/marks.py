"""Whether anything people can see has changed since the last look, whichever process wrote it.

One look at the end of a few indexes, so an open page may ask every second.
"""

from sqlalchemy import Connection

_MARK = """
SELECT (SELECT max(id) FROM event) AS event, (SELECT max(id) FROM message) AS message,
(SELECT max(id) FROM outbox) AS outbox, (SELECT max(outbox_id) FROM receipt) AS receipt,
(SELECT max(number) FROM revision) AS revision
"""

Mark = tuple[int | None, ...]


def mark(conn: Connection) -> Mark:
    """Differs from an earlier one when something was said, done, sent or applied since."""
    return tuple(conn.exec_driver_sql(_MARK).one())
