"""A mail server that asks for patience gets it: minutes between tries, the author told after an hour, nobody twice."""

from datetime import timedelta

from adapters.errors import TemporaryError
from adapters.message import Channel
from bot.tickets.command import Reply
from tests.harness import NOON, Story

MAIL = Channel.EMAIL


async def test_a_refusal_for_now_is_tried_again_after_one_five_fifteen_and_sixty_minutes(desk: Story) -> None:
    await desk.receives(MAIL, sender="lena", text="Payroll failed")
    desk.forget()
    desk.channels[MAIL].fail_next(TemporaryError("451 try again later"), times=4)
    await desk.does("vera", Reply("Looking at it"))
    tried = []
    for minutes in (1, 6, 21, 80):
        await desk.go_to(NOON + timedelta(minutes=minutes - 1))
        before = (await desk.outbox("postponed"))[0].attempts
        await desk.go_to(NOON + timedelta(minutes=minutes))
        tried.append((await desk.outbox("postponed"))[0].attempts - before)
    assert tried == [1, 1, 1, 0]
    desk.expect_nothing("lena", MAIL)
    await desk.go_to(NOON + timedelta(minutes=82))
    desk.expect_message("lena", MAIL, containing="Looking at it")
    assert not await desk.outbox("postponed")


async def test_whoever_wrote_is_told_once_after_an_hour(desk: Story) -> None:
    await desk.receives(MAIL, sender="lena", text="Payroll failed")
    desk.forget()
    desk.channels[MAIL].fail_next(TemporaryError("451 try again later"), times=7)
    await desk.does("vera", Reply("Looking at it"))
    await desk.fast_forward(minutes=59)
    assert not [one for one in desk.seen("vera") if "may not have reached" in one.text]
    await desk.fast_forward(hours=3)
    assert len([one for one in desk.seen("vera") if "may not have reached Acme" in one.text]) == 1
