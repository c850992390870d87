"""What nobody will ask for again is removed, and nothing that somebody may."""

from bot.store.people import tokens
from bot.tickets.command import Take
from sla.duration import Instant
from tests.harness import Story


async def test_a_closed_link_and_an_old_answer_go_and_a_fresh_answer_still_answers(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Take(), key="the same press")
    until = Instant(desk.time.at + 60_000)
    await desk.desk.database.write(
        lambda conn: tokens.make_link(conn, purpose="board", subject="vera", now=desk.time.at, expires_at=until)
    )
    desk.forget()
    assert await desk.desk.tidy() == 0
    version = (await desk.ticket()).version
    await desk.does("vera", Take(), key="the same press")
    assert (await desk.ticket()).version == version
    desk.time.at = Instant(desk.time.at + 31 * 86_400_000)
    assert await desk.desk.tidy() == 2
    assert await desk.desk.tidy() == 0
    desk.expect_quiet()
