"""A client's group: its members are the client, our people answer where they write, an admin says how loud we are."""

import pytest

from adapters.message import Channel
from bot.tickets.command import Reply
from tests.builders import story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

TELEGRAM = Channel.TELEGRAM
GROUP = "-1001234"
SILENT = ('name = "Acme"', 'name = "Acme"\nreceipts = "silent"')


def told(desk: Story, address: str = GROUP) -> list[str]:
    return [one.text for one in desk.channels[TELEGRAM].messages(address)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(('public_plan = "public"', 'public_plan = "public"\nreceipts = "silent"'), id="everywhere"),
        pytest.param(SILENT, id="in all places of a client"),
        pytest.param(('name = "Acme"', 'name = "Acme"\nreceipts_in = { "-1001234" = "silent" }'), id="in one group"),
    ],
)
async def test_receipts_may_be_left_out_in_a_group_and_answers_never_are(
    make_desk: MakeStory, change: tuple[str, str]
) -> None:
    desk = await make_desk(story_desk(change))
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    assert not told(desk)
    desk.expect_card("vera", containing="T-1 · Acme: Payroll failed")
    await desk.does("vera", Reply("Looking"))
    assert told(desk) == ["Looking"]
    await desk.receives(sender="7001", address=GROUP, text="/status")
    assert told(desk)[-1].startswith("T-1: Payroll failed.")
    desk.forget()
    desk.expect_quiet()


async def test_one_group_may_be_loud_where_the_client_is_silent(make_desk: MakeStory) -> None:
    two = ("channels = { telegram = [-1001234] }", "channels = { telegram = [-1001234, -1005678] }")
    own = ('name = "Acme"', 'name = "Acme"\nreceipts = "silent"\nreceipts_in = { "-1005678" = "thread" }')
    desk = await make_desk(story_desk(two, own))
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    await desk.receives(sender="7001", address="-1005678", text="Payroll failed")
    assert (len(told(desk)), len(told(desk, "-1005678"))) == (0, 1)
    desk.forget()
    desk.expect_quiet()


async def test_a_contact_who_writes_alone_is_told_whatever_holds_for_the_group(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(SILENT))
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Thank you, we have it (T-1).")
    desk.forget()
    desk.expect_quiet()


async def test_what_is_silent_stays_silent_when_the_group_moves(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(('name = "Acme"', 'name = "Acme"\nreceipts_in = { "-1001234" = "silent" }')))
    await desk.channels[TELEGRAM].becomes(GROUP, "moved", to="-1009999")
    await desk.settle()
    await desk.receives(sender="7001", address="-1009999", text="Payroll failed")
    assert (await desk.ticket()).client == "acme"
    assert not told(desk, "-1009999")
    desk.forget()
    desk.expect_quiet()


async def test_each_topic_of_a_clients_group_is_a_conversation_of_its_own(desk: Story) -> None:
    await desk.receives(sender="7001", address=f"{GROUP}#55", text="Payroll failed", external_id=f"{GROUP}:60")
    await desk.receives(sender="7001", address=f"{GROUP}#56", text="The export hangs", external_id=f"{GROUP}:61")
    await desk.receives(sender="7002", address=f"{GROUP}#55", text="Also for March", external_id=f"{GROUP}:62")
    assert [(await desk.ticket(number)).subject for number in (1, 2)] == ["Payroll failed", "The export hangs"]
    assert [line.text for line in await desk.lines(1) if line.direction == "in"] == ["Payroll failed", "Also for March"]
    await desk.does("vera", Reply("Looking"), ticket=2)
    assert (told(desk, f"{GROUP}#56")[-1], len(told(desk, f"{GROUP}#55"))) == ("Looking", 1)
    assert {(await desk.ticket(number)).client for number in (1, 2)} == {"acme"}
    desk.forget()
    desk.expect_quiet()


async def test_a_reaction_in_a_group_is_a_courtesy(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    await desk.does("vera", Reply("Mended"))
    name = desk.channels[TELEGRAM].messages(GROUP)[-1].external_id
    before = (await desk.ticket()).version
    desk.forget()
    await desk.channels[TELEGRAM].reacts(GROUP, name, "👍", sender="7001")
    await desk.settle()
    assert (await desk.ticket()).version == before
    assert not await desk.is_there(2)
    desk.expect_quiet()


async def test_a_reaction_in_a_topic_is_one_too_though_nobody_says_which_topic_it_is_in(desk: Story) -> None:
    where = f"{GROUP}#55"
    await desk.receives(sender="7001", address=where, text="Payroll failed", external_id=f"{GROUP}:60")
    await desk.does("vera", Reply("Mended"))
    before = (await desk.ticket()).version
    desk.forget()
    for name in (f"{GROUP}:60", desk.channels[TELEGRAM].messages(where)[-1].external_id):
        await desk.channels[TELEGRAM].reacts(GROUP, name, "👎", sender="7001")
        await desk.settle()
    assert (await desk.ticket()).version == before
    assert [await desk.inbox(state) for state in ("dead", "parked")] == [[], []]
    assert not await desk.is_there(2)
    desk.expect_quiet()


async def test_a_command_in_a_group_names_the_bot(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    await desk.receives(sender="7002", address=GROUP, text="/status@maitred_bot")
    assert told(desk)[-1].startswith("T-1: Payroll failed.")
    desk.forget()
    desk.expect_quiet()


async def test_a_member_who_replies_to_a_message_of_another_ticket_goes_on_with_that_one(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed", external_id=f"{GROUP}:1")
    await desk.receives(sender="7002", address=GROUP, text="/new The export hangs", external_id=f"{GROUP}:2")
    await desk.receives(sender="7002", address=GROUP, text="For March", reply_to=f"{GROUP}:1")
    assert (await desk.lines(1))[-1].text == "For March"
    desk.forget()
    desk.expect_quiet()
