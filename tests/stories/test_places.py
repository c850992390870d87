"""What becomes of places: a group moves, the bot is taken in, put out or blocked, a channel has lost something."""

from datetime import timedelta

import pytest

from adapters.errors import MovedError, PermanentError, TemporaryError
from adapters.message import Channel, Conversation
from bot.store import audit
from bot.tickets.command import Reply, Resolve
from bot.tickets.ticket import Status
from sla.clock import State
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
TELEGRAM = Channel.TELEGRAM
GROUP, NEW = "-1001234", "-1009999"


async def becomes(desk: Story, address: str, change: str, **more: str) -> None:
    await desk.channels[TELEGRAM].becomes(address, change, **more)  # type: ignore[arg-type]
    await desk.settle()


async def deeds(desk: Story, action: str) -> list[audit.Deed]:
    return [one for one in await desk.database.read(lambda conn: audit.latest(conn, count=50)) if one.action == action]


def told(desk: Story, address: str) -> list[str]:
    return [one.text for one in desk.channels[TELEGRAM].messages(address)]


# A group becomes a supergroup


async def test_a_group_that_moved_goes_on_with_its_ticket(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    desk.forget()
    await becomes(desk, GROUP, "moved", to=NEW)
    alert = desk.expect_alert("dana", containing="A group on Telegram has a new id.")
    assert "please write -1009999 in place of -1001234." in alert
    assert "clients.acme.channels.telegram" in alert
    await desk.receives(sender="7001", address=NEW, text="Any news?")
    assert not await desk.is_there(2)
    await desk.does("vera", Reply("Looking"))
    assert told(desk, NEW)[-1] == "Looking"
    await desk.receives(sender="7002", address=NEW, text="/new And the export hangs")
    assert (await desk.ticket(2)).client == "acme"
    (deed,) = await deeds(desk, "moved")
    assert (deed.subject, deed.particulars) == ("telegram:desk:-1001234", {"from": GROUP, "to": NEW})
    desk.forget()
    desk.expect_quiet()


async def test_what_waited_for_the_old_group_arrives_in_the_new_one_in_its_order(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    telegram = desk.channels[TELEGRAM]
    telegram.fail_next(TemporaryError("not now"), times=2)
    await desk.does("vera", Reply("First"))
    await desk.does("vera", Reply("Second"))
    await becomes(desk, GROUP, "moved", to=NEW)
    await desk.fast_forward(minutes=5)
    assert told(desk, NEW) == ["First", "Second"]
    assert not await desk.outbox("pending")
    desk.forget()
    desk.expect_quiet()


async def test_a_move_that_a_refusal_tells_of_is_followed_at_once(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    desk.forget()
    there = Conversation(TELEGRAM, "desk", NEW)
    desk.channels[TELEGRAM].fail_next(MovedError("the group was upgraded to a supergroup", to=there))
    await desk.does("vera", Reply("Looking"))
    assert told(desk, NEW) == ["Looking"]
    await becomes(desk, GROUP, "moved", to=NEW)
    desk.expect_alert("dana", containing="A group on Telegram has a new id.")
    assert len(await deeds(desk, "moved")) == 1
    desk.forget()
    desk.expect_quiet()


async def test_a_group_that_spoke_before_we_heard_of_its_move_keeps_both_tickets(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    await desk.receives(sender="7001", address=NEW, text="The export hangs")
    await becomes(desk, GROUP, "moved", to=NEW)
    await desk.does("vera", Reply("About payroll"), ticket=1)
    assert told(desk, NEW)[-1] == "About payroll"
    await desk.receives(sender="7001", address=NEW, text="Well?")
    assert (await desk.lines(2))[-1].text == "Well?"
    assert (await desk.ticket(1)).status.is_open
    desk.forget()
    desk.expect_quiet()


async def test_a_move_is_followed_through_further_moves_and_a_restart(desk: Story) -> None:
    await becomes(desk, GROUP, "moved", to=NEW)
    await becomes(desk, NEW, "moved", to="-1008888")
    await desk.dies()
    await desk.receives(sender="7001", address="-1008888", text="Payroll failed")
    assert (await desk.ticket()).client == "acme"
    desk.forget()
    desk.expect_quiet()


async def test_a_desk_that_names_the_new_group_ends_the_following(desk: Story) -> None:
    await becomes(desk, GROUP, "moved", to=NEW)
    await desk.apply(document(story_desk(("[-1001234]", "[-1009999]"))))
    await desk.receives(sender="7001", address=NEW, text="Payroll failed")
    assert (await desk.ticket()).client == "acme"
    await desk.apply(document(story_desk()))
    await desk.receives(sender="7001", address=NEW, text="/new Another thing")
    assert (await desk.ticket(2)).client is None
    desk.forget()
    desk.expect_quiet()


async def test_a_group_that_is_nobodys_moves_without_a_word(desk: Story) -> None:
    await becomes(desk, "-1005555", "moved", to="-1006666")
    desk.expect_quiet()


# The bot is blocked or put out


async def test_whoever_has_the_ticket_hears_at_once_that_the_contact_blocked_the_bot(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await becomes(desk, "1001", "blocked", by="1001")
    alert = desk.expect_alert("vera", containing="T-1: Acme has blocked the bot on Telegram.")
    assert "Lena is also known on: email, live chat, Slack" in alert
    assert "[Another channel]" in alert
    await becomes(desk, "1001", "unblocked", by="1001")
    back = desk.expect_ping("vera", containing="T-1: Acme has unblocked the bot on Telegram.")
    assert "did not arrive" not in back
    assert (await desk.events())[-2:] == ["place_lost", "place_back"]
    await becomes(desk, "1001", "unblocked", by="1001")
    desk.expect_quiet()


async def test_words_that_failed_are_offered_again_once_the_bot_is_unblocked_and_leave_only_if_somebody_says_so(
    desk: Story,
) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.channels[TELEGRAM].fail_next(PermanentError("the contact has blocked the bot"))
    await desk.does("vera", Reply("Looking"))
    desk.forget()
    await becomes(desk, "1001", "unblocked", by="1001")
    alert = desk.expect_alert("vera", containing="T-1: Acme has unblocked the bot on Telegram.")
    assert "This did not arrive and is not sent by itself: Looking" in alert
    assert "[Reply]" in alert
    await desk.dies()
    await desk.fast_forward(minutes=10)
    assert "Looking" not in told(desk, "1001")
    form = (await desk.own.press("T1/U1", "ticket.reply")).form
    assert form is not None
    assert [one.initial for one in form.inputs] == ["Looking"]
    await desk.presses("vera", "ticket.reply", text="Looking")
    assert told(desk, "1001")[-1] == "Looking"
    assert (await desk.clock("first_response")).state is State.MET
    form = (await desk.own.press("T1/U1", "ticket.reply")).form
    assert form is not None
    assert [one.initial for one in form.inputs] == [""]
    await becomes(desk, "1001", "blocked", by="1001")
    desk.forget()
    await becomes(desk, "1001", "unblocked", by="1001")
    assert "did not arrive" not in desk.expect_ping("vera", containing="has unblocked the bot")
    desk.expect_quiet()


async def test_a_group_that_takes_the_bot_in_again_is_told_to_whoever_has_its_ticket(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    desk.forget()
    await becomes(desk, GROUP, "left", by="7001")
    desk.expect_alert("vera", containing="the bot is no longer in the group of Acme")
    await becomes(desk, GROUP, "joined", by="7001", title="Acme")
    desk.expect_ping("vera", containing="T-1: the bot is in the group of Acme on Telegram again.")
    desk.expect_quiet()


async def test_words_that_wait_for_somebody_who_blocked_us_have_failed_and_are_owed_again(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.channels[TELEGRAM].fail_next(TemporaryError("not now", retry_after=timedelta(minutes=5)))
    await desk.does("vera", Reply("Looking"))
    assert (await desk.clock("first_response")).state is State.MET
    desk.forget()
    await becomes(desk, "1001", "blocked", by="1001")
    desk.expect_alert("vera", containing="did not reach Acme: the contact has blocked the bot")
    assert (await desk.clock("first_response")).state is State.RUNNING
    await desk.fast_forward(minutes=10)
    assert "Looking" not in told(desk, "1001")
    assert (await desk.lines())[-1].state == "failed"
    desk.forget()
    desk.expect_quiet()


async def test_a_group_that_put_the_bot_out_is_told_of_though_nothing_is_open(desk: Story) -> None:
    await becomes(desk, GROUP, "left", by="7001")
    desk.expect_alert("vera", containing="The bot is no longer in the group of Acme on Telegram.")
    desk.expect_quiet()


async def test_a_stranger_who_blocks_the_bot_disturbs_nobody(desk: Story) -> None:
    await becomes(desk, "5001", "blocked", by="5001")
    desk.expect_quiet()


async def test_a_refusal_offers_another_channel_and_the_ticket_goes_on_there(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.channels[TELEGRAM].fail_next(PermanentError("the contact blocked us"))
    await desk.does("vera", Reply("Looking"))
    desk.expect_alert("vera", containing="did not reach Acme: the contact blocked us")
    desk.forget()
    await desk.presses("vera", "ticket.other_channel", channel="slack", text="Looking at it")
    desk.expect_message("lena", Channel.SLACK, containing="Looking at it")
    assert (await desk.clock("first_response")).state is State.MET
    assert "other_channel" in await desk.events()
    await desk.receives(Channel.SLACK, sender="lena", text="Thank you, when?")
    assert (await desk.lines())[-1].text == "Thank you, when?"
    await desk.does("vera", Reply("In an hour"))
    desk.expect_message("lena", Channel.SLACK, containing="In an hour")
    await desk.receives(sender="lena", text="I am back here")
    assert (await desk.lines())[-1].text == "I am back here"
    assert not await desk.is_there(2)
    desk.forget()
    desk.expect_quiet()


async def test_nothing_is_offered_to_whom_nobody_knows_elsewhere(desk: Story) -> None:
    await desk.receives(sender="5001", text="Payroll failed")
    desk.channels[TELEGRAM].fail_next(PermanentError("the contact blocked us"))
    await desk.does("mira", Reply("Looking"))
    alert = desk.expect_alert("mira", containing="did not reach")
    assert "known on" not in alert
    assert "Another channel" not in alert
    desk.forget()
    desk.expect_quiet()


# The bot is taken in


async def test_admins_are_told_how_to_give_a_new_group_to_a_client_once_a_day(desk: Story) -> None:
    await becomes(desk, "-1007777", "joined", by="7001", title="Acme <b>ops")
    alert = desk.expect_alert("dana", containing="The bot was taken into a group on Telegram: Acme <b>ops.")
    assert "channels = { telegram = [-1007777] }" in alert
    await becomes(desk, "-1007777", "joined", by="7001", title="Acme ops")
    desk.expect_quiet()


async def test_a_group_that_is_a_clients_already_is_joined_without_a_word(desk: Story) -> None:
    await becomes(desk, GROUP, "joined", by="7001", title="Acme")
    desk.expect_quiet()


async def test_an_unmapped_group_is_served_as_strangers_are(desk: Story) -> None:
    await desk.receives(sender="7001", address="-1007777", text="Payroll failed")
    ticket = await desk.ticket()
    assert (ticket.plan, ticket.is_verified) == ("public", False)
    desk.forget()
    desk.expect_quiet()


# A channel has lost something


async def test_admins_are_told_what_a_channel_may_have_dropped(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    telegram = desk.channels[TELEGRAM]
    raw = await telegram.drops(37, NOON - timedelta(hours=26), NOON)
    await desk.settle()
    alert = desk.expect_alert("dana", containing="Telegram may have dropped up to 37 updates between")
    assert "between March 2, 10:00 and 12:00." in alert
    await telegram.redelivers(raw)
    await desk.settle()
    (deed,) = await deeds(desk, "gap")
    assert deed.particulars["at_most"] == 37
    desk.expect_quiet()


async def test_clients_with_an_open_ticket_there_are_asked_to_write_again_where_the_desk_says_so(
    make_desk: MakeStory,
) -> None:
    desk = await make_desk(story_desk(('public_plan = "public"', 'public_plan = "public"\ntell_after_gap = true')))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="lena", text="/new The export hangs")
    await desk.receives(sender="bill", text="Done?")
    await desk.receives(Channel.SLACK, sender="taras", text="Hello")
    await desk.does("mira", Resolve("Done"), ticket=3)
    assert (await desk.ticket(3)).status is Status.RESOLVED
    desk.forget()
    await desk.channels[TELEGRAM].drops(3, NOON - timedelta(hours=2), NOON)
    await desk.settle()
    desk.expect_message("lena", containing="We could not be reached here between 07:00 and 09:00. If you wrote")
    desk.expect_alert("dana", containing="Telegram may have dropped up to 3 updates")
    desk.expect_quiet()


@pytest.mark.parametrize("change", ["joined", "left", "blocked", "unblocked", "moved"])
async def test_whatever_becomes_of_a_place_is_decided_before_what_is_said_after_it(desk: Story, change: str) -> None:
    more = {"to": NEW} if change == "moved" else {}
    await becomes(desk, "-1007777", change, **more)
    await desk.receives(sender="lena", text="Payroll failed")
    assert not await desk.inbox("new")
    assert not await desk.inbox("dead")
    desk.forget()
    desk.expect_quiet()
