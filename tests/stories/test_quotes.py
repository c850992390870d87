"""What a client points at in another message is read beside their words, and is none of them."""

from datetime import timedelta

import pytest

from adapters.message import Channel, Untrusted
from bot.tickets.command import Resolve
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

TELEGRAM = Channel.TELEGRAM
GROUP = "-1001234"
QUOTED = "Item 2 is 500 EUR."


async def margins(desk: Story) -> list[Untrusted]:
    return [margin.quoted for margin in (await desk.page()).margins.values()]


@pytest.mark.parametrize("address", [None, GROUP], ids=["alone", "in a group"])
async def test_what_is_quoted_is_read_by_whoever_has_the_ticket(desk: Story, address: str | None) -> None:
    await desk.receives(sender="lena", address=address, text="This one is wrong", quoted=QUOTED)
    desk.expect_card("vera", containing=QUOTED)
    assert QUOTED in (await margins(desk))[0]
    assert (await desk.ticket()).subject == "This one is wrong"
    desk.forget()
    await desk.receives(sender="lena", address=address, text="And this", quoted="Item 3 is 700 EUR.")
    desk.expect_under("vera", containing="Item 3 is 700 EUR.")
    desk.expect_edit("vera", containing="Item 3 is 700 EUR.")
    assert [line.text for line in await desk.lines() if line.direction == "in"] == ["This one is wrong", "And this"]
    desk.forget()
    desk.expect_quiet()


async def test_new_words_keep_the_quote(desk: Story) -> None:
    said = await desk.receives(sender="lena", text="This one is wrnog", quoted=QUOTED)
    desk.forget()
    await desk.channels[TELEGRAM].edits(desk.identity("lena", TELEGRAM).address, said, "This one is wrong")
    await desk.settle()
    assert QUOTED in desk.expect_edit("vera", containing="This one is wrong")
    assert QUOTED in (await margins(desk))[0]
    desk.forget()
    desk.expect_quiet()


async def test_a_number_with_a_quote_is_the_same_number(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(more='\n[csat]\nask_after = "1h"\nlow = 2\n'))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    await desk.go_to(NOON + timedelta(days=3, hours=2))
    desk.forget()
    await desk.receives(sender="lena", text="4", quoted="Answer with a number from 1")
    desk.expect_message("lena", containing="Thank you for the 4.")
    assert not await desk.is_there(2)
    desk.forget()
    desk.expect_quiet()


async def test_a_word_of_command_with_a_quote_is_the_same_word(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.receives(sender="lena", text="/status", quoted="/escalate")
    desk.expect_message("lena", containing="T-1: Payroll failed.")
    desk.forget()
    desk.expect_quiet()


async def test_a_note_stays_a_note_whatever_it_quotes(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.writes("vera", "// they owe us", under=desk.card("vera"), quoted="Payroll failed")
    assert [note.text for note in (await desk.page()).notes] == ["they owe us"]
    desk.forget()
    desk.expect_quiet()


async def test_words_in_the_groups_own_name_are_heard_and_said_to_be_unproven(desk: Story) -> None:
    """Whoever is an administrator in secret may be the client's, or one of ours."""
    doubt = "written in the group's own name, by an administrator of it"
    await desk.receives(sender=GROUP, address=GROUP, text="Payroll failed", doubt=doubt)
    desk.expect_card("vera", containing=f"Unverified sender: {doubt}")
    assert (await desk.ticket()).client == "acme"
    assert (await desk.clock("first_response")).state == "running"
    desk.forget()
    await desk.receives(sender=GROUP, address=GROUP, text="1", doubt=doubt)
    assert [line.text for line in await desk.lines() if line.direction == "in"] == ["Payroll failed", "1"]
    desk.forget()
    desk.expect_quiet()
