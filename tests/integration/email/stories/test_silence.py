"""tests/stories/test_silence.py, by mail."""

from bot.tickets.command import SetUrgency, WaitThirdParty
from tests.harness import Story
from tests.stories.test_silence import *  # noqa: F403 - its stories are collected here


async def test_the_client_ends_the_wait_for_a_third_party(desk: Story) -> None:  # type: ignore[no-redef] # told otherwise by mail
    """One mail a day and ticket is answered by itself: by when we answer now is said with what one of us does next."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", WaitThirdParty("bank 4711"))
    await desk.fast_forward(hours=1)
    desk.forget()
    await desk.receives(sender="lena", text="The bank says it is you")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    desk.expect_quiet()
    await desk.does("vera", SetUrgency("low"))
    desk.expect_message("lena", containing="A change for T-1: we answer by 14:00 (your time).")
    desk.expect_quiet()
