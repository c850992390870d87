"""What cannot be computed is never no promise: an admin is told, once for each ticket and revision of the desk."""

import asyncio

from sqlalchemy import text

from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store.driver.engine import open_database
from sla.clock import State
from tests.harness import Story
from tests.stories.test_other_hours import HOLIDAY, LONGER, late_ticket

DATABASES = ("sqlite", "postgresql")

TOLD = "T-1: when it is due cannot be computed, so nobody is reminded by itself."
LOST = "UPDATE clock SET value = replace(value, '\"office\"', '\"attic\"')"
FOUND = "UPDATE clock SET value = replace(value, '\"attic\"', '\"office\"')"


async def damaged(desk: Story, how: str = LOST) -> None:
    """Somebody has mended the database by hand: the promise counts in a calendar that no desk has."""
    await desk.database.write(lambda conn: conn.execute(text(how)))


async def test_an_alarm_that_cannot_be_decided_is_told_once_and_tried_on(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="bill", text="Also payroll")
    desk.forget()
    await damaged(desk)
    await desk.fast_forward(minutes=32)
    told = desk.expect_alert("dana", containing=TOLD)
    assert "there is no calendar 'attic', which a promise counts in: restore it" in told
    desk.expect_alert("dana", containing="T-2: when it is due cannot be computed")
    desk.expect_quiet()
    await damaged(desk, FOUND)
    await desk.fast_forward(minutes=20)  # the mark that was missed is told with the next one
    desk.expect_ping("vera", containing="T-1 (Acme): ")
    assert (await desk.clock("first_response")).state is State.RUNNING


async def test_a_ticket_that_cannot_be_counted_anew_keeps_no_other_waiting(desk: Story) -> None:
    await late_ticket(desk)
    await damaged(desk)
    await desk.receives(sender="bill", text="Also payroll")
    desk.forget()
    await desk.apply(LONGER)
    await desk.settle()
    desk.expect_alert("dana", containing=TOLD)
    assert "recounted" in await desk.events(2)
    await desk.desk.recount()
    await desk.dies()
    await desk.desk.recount()
    await desk.settle()
    desk.expect_quiet()
    await desk.apply(HOLIDAY)
    await desk.settle()
    desk.expect_message("bill", containing="A change for T-2: we answer by Thursday 01:30 (your time).")
    desk.expect_alert("dana", containing=TOLD)
    desk.expect_quiet()


async def test_two_processes_that_count_at_once_move_each_ticket_once(desk: Story) -> None:
    await desk.fast_forward(hours=6, minutes=30)
    for sender in ("lena", "bill", "taras", "5001"):
        await desk.receives(sender=sender, text="Payroll failed")
    await desk.apply_unseen(LONGER)
    database = await open_database(desk.database.url)
    other = Desk(database, desk.channels, Timekeeper(wall=desk.time.now))
    await other.refresh()
    await desk.desk.refresh()

    await asyncio.gather(desk.desk.recount(), other.recount())
    await database.close()
    assert [(await desk.events(number)).count("recounted") for number in (1, 2, 3, 4)] == [1, 1, 1, 1]
