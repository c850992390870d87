"""A mail server that asks for patience gets it: minutes between tries, the author told after an hour, nobody twice.

After five days it is given up, as mail servers do, and its author is told that.
"""

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


async def test_what_nobody_takes_for_five_days_is_given_up_and_its_author_is_told(desk: Story) -> None:
    await desk.receives(MAIL, sender="lena", text="Payroll failed")
    a_day = timedelta(days=1)
    desk.channels[MAIL].fail_next(TemporaryError("451 try again later", retry_after=a_day), times=20)
    await desk.does("vera", Reply("Looking at it"))
    await desk.go_to(NOON + timedelta(days=5) - timedelta(minutes=1))
    (waits,) = [one for one in await desk.outbox("postponed") if one.what == "reply"]
    assert waits.attempts == 5
    assert (await desk.clock("first_response")).state == "met"
    desk.forget()
    await desk.go_to(NOON + timedelta(days=5, hours=2))
    desk.expect_ping("vera", containing="did not reach Acme: given up after 5 days: 451 try again later")
    (row,) = [one for one in await desk.outbox("failed") if one.what == "reply"]
    assert row.attempts == 6
    page = await desk.page()
    (line,) = [one for one in page.lines if one.kind == "reply"]
    assert line.state == "failed"
    assert [page.deliveries[line.id].state] == ["failed"]
    assert (await desk.clock("first_response")).state != "met"
    assert [one for one in await desk.events() if one == "delivery_failed"] == ["delivery_failed"]
    await desk.go_to(NOON + timedelta(days=7))
    desk.expect_nothing("lena", MAIL)


async def test_a_letter_that_is_old_at_its_first_tries_is_not_given_up_at_them(desk: Story) -> None:
    """Servers send whoever they do not know away at first, to see whether they come again."""
    await desk.receives(MAIL, sender="lena", text="Payroll failed")
    desk.forget()
    desk.channels[MAIL].fail_next(TemporaryError("421 closed for repairs", retry_after=timedelta(days=6)))
    desk.channels[MAIL].fail_next(TemporaryError("451 try again later"), times=2)
    await desk.does("vera", Reply("Looking at it"))
    await desk.fast_forward(days=6, hours=1)
    desk.expect_message("lena", MAIL, containing="Looking at it")
    assert not [one for one in await desk.outbox("failed") if one.what == "reply"]
