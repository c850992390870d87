"""Open tickets after a new desk: decided many in a transaction, until there are no more.

Only by what is known of the newest desk. Where another is put in force meanwhile, what is left is for whoever knows
that one: else an older desk would have the last word.
"""

from collections.abc import Callable

from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.revisions import Revisions
from bot.tickets.ticket import TicketId

#: Decides the next tickets after this one: how many of them moved, and which they were; none where there are no more.
Turn = Callable[[Connection, TicketId], tuple[int, list[TicketId]]]


async def in_batches(
    database: Database, revisions: Revisions, turn: Turn, *, then: Callable[[Connection], None]
) -> int:
    """Turn after turn, each in a transaction; how many tickets moved. `then` goes with the last one."""
    moved, last = 0, TicketId(0)

    def taken(conn: Connection) -> tuple[int, list[TicketId]]:
        if not revisions.is_newest(conn):
            return 0, []
        done, ids = turn(conn, last)
        if not ids:
            then(conn)
        return done, ids

    while True:
        done, ids = await database.write(taken)
        moved += done
        if not ids:
            return moved
        last = ids[-1]
