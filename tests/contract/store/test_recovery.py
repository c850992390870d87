"""Deaths in a row: whatever a dead process held is free at once for a process that is alone."""

from datetime import timedelta

from sqlalchemy import Connection

from bot.store.delivery import outbox
from bot.store.driver.database import Database
from sla.duration import Instant
from tests.contract.store.rows import outbox_row, plant_lines, plant_outbox

NOW = Instant(1_000)
MINUTE = timedelta(minutes=1)


async def test_a_process_that_died_while_it_asked_a_channel_holds_nothing_up(database: Database) -> None:
    def plant(conn: Connection) -> None:
        plant_lines(conn, 1)
        plant_outbox(conn, [outbox_row(1, message_id=1)])

    def dies(conn: Connection) -> int:
        return outbox.recover(conn, everything=True)

    def asks(conn: Connection) -> list[int]:
        return [one.id for one in outbox.claim_uncertain(conn, now=NOW, owner="me", claim_for=MINUTE, count=1)]

    await database.write(plant)
    await database.write(lambda conn: outbox.claim(conn, now=NOW, owner="me", claim_for=MINUTE, count=1))
    assert await database.write(dies) == 1
    assert await database.write(asks) == [1]
    assert await database.write(asks) == []
    assert await database.write(dies) == 0
    assert await database.write(asks) == [1]
