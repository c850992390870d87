"""Which conversations stand in one place: every thread in it, for who draws the place as a whole."""

from sqlalchemy import Connection, text

_THREADS = text("SELECT key FROM conversation WHERE substr(key, 1, :length) = :start ORDER BY id")


def threads_in(conn: Connection, place_key: str) -> list[str]:
    """The keys of the threads in the conversation of that key, in the order they began. Reads every conversation."""
    start = f"{place_key}#"
    return [row.key for row in conn.execute(_THREADS, {"length": len(start), "start": start})]
