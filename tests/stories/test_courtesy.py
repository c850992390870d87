"""Thanks are kept and answered by silence; edits and deletions are versions; a reaction is nothing at all."""

from datetime import timedelta

import pytest

from adapters.message import Attachment, Channel, Untrusted
from bot.tickets.command import Reply, Resolve
from sla.clock import State
from tests.harness import NOON, Story


async def answered(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Fixed"))
    await desk.fast_forward(minutes=10)
    desk.forget()


@pytest.mark.parametrize("text", ["Thanks!", "ok, thank you", "👍", "Great", "[sticker 👍]"])
async def test_thanks_after_an_answer_start_no_clock_and_disturb_nobody(desk: Story, text: str) -> None:
    await answered(desk)
    await desk.receives(sender="lena", text=text)
    assert {clock.metric for clock in (await desk.page()).facts.clocks} == {"first_response"}
    assert (await desk.lines())[-1].text == text
    await desk.fast_forward(days=1)
    desk.expect_quiet()


@pytest.mark.parametrize("text", ["Thanks, but it fails again", "Great?", "ok so what now then"])
async def test_more_than_thanks_is_a_message(desk: Story, text: str) -> None:
    await answered(desk)
    await desk.receives(sender="lena", text=text)
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    assert (await desk.clock("next_response")).state is State.RUNNING
    desk.expect_quiet()


async def test_thanks_with_a_file_are_a_message(desk: Story) -> None:
    await answered(desk)
    await desk.receives(sender="lena", text="Thanks", attachments=(Attachment(Untrusted("log.txt"), "text/plain", 7),))
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    desk.expect_quiet()


async def test_thanks_in_the_clients_own_language(desk: Story) -> None:
    await desk.receives(sender="taras", text="Не працює")
    await desk.does("oleg", Reply("Готово"))
    desk.forget()
    await desk.receives(sender="taras", text="Щиро дякую!")
    desk.expect_quiet()


async def test_thanks_reopen_nothing_and_open_nothing(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    desk.forget()
    await desk.receives(sender="lena", text="Thank you")
    assert (await desk.ticket()).status == "resolved"
    await desk.fast_forward(days=7)
    await desk.receives(sender="lena", text="Many thanks")
    assert (await desk.ticket()).status == "closed"
    assert not await desk.is_there(2)
    desk.expect_quiet()


async def test_thanks_before_any_answer_are_no_courtesy(desk: Story) -> None:
    await desk.receives(sender="lena", text="Thank you")
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="Thank you")
    desk.expect_quiet()


async def test_a_reaction_is_nothing(desk: Story) -> None:
    await answered(desk)
    version = (await desk.ticket()).version
    await desk.channels[Channel.TELEGRAM].reacts("1001", "out-1", "👎")
    await desk.settle()
    assert (await desk.ticket()).version == version
    desk.expect_quiet()


async def test_an_edit_is_a_version_on_the_card_and_never_a_new_ticket(desk: Story) -> None:
    name = await desk.receives(sender="lena", text="Payrol faild")
    desk.forget()
    await desk.edits("lena", name, "Payroll failed")
    assert "> Payroll failed" in desk.expect_edit("vera", containing="T-1")
    page = await desk.page()
    line = page.lines[0]
    assert (line.text, line.is_edited) == ("Payroll failed", True)
    assert [one.text for one in page.versions[line.id]] == ["Payrol faild"]
    assert not await desk.is_there(2)
    desk.expect_quiet()


async def test_an_edit_that_comes_after_a_later_one_changes_nothing(desk: Story) -> None:
    name = await desk.receives(sender="lena", text="Pay 100")
    telegram, first = desk.channels[Channel.TELEGRAM], NOON + timedelta(seconds=10)
    await desk.fast_forward(minutes=1)
    await telegram.edits("1001", name, "Pay 300", at=first + timedelta(seconds=10))
    await desk.settle()
    desk.forget()
    await telegram.edits("1001", name, "Pay 200", at=first)  # kept back on its way, or told once more
    await desk.settle()
    assert (await desk.lines())[0].text == "Pay 300"
    desk.expect_quiet()


async def test_a_deletion_takes_the_words_from_the_card_and_keeps_them_for_us(desk: Story) -> None:
    name = await desk.receives(sender="lena", text="My password is hunter2")
    desk.forget()
    await desk.edits("lena", name, None)
    assert "hunter2" not in desk.expect_edit("vera", containing="T-1").partition("\n")[2]
    page = await desk.page()
    assert (page.lines[0].text, page.lines[0].is_deleted) == ("", True)
    assert [one.text for one in page.versions[page.lines[0].id]] == ["My password is hunter2"]
    assert "message_deleted" in await desk.events()
    desk.expect_quiet()


async def test_an_edit_of_something_we_never_had_changes_nothing(desk: Story) -> None:
    await desk.edits("lena", "in-77", "Payroll failed")
    assert not await desk.is_there(1)
    desk.expect_quiet()


async def test_an_edit_of_a_closed_ticket_opens_nothing(desk: Story) -> None:
    name = await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    await desk.fast_forward(days=14)
    desk.forget()
    await desk.edits("lena", name, "Payroll failed in March")
    assert (await desk.ticket()).status == "closed"
    assert not await desk.is_there(2)
    desk.expect_quiet()
