"""Which ticket a message belongs to: the one it names, the current one, one resolved lately, else a new one."""

from datetime import UTC, datetime, timedelta

from adapters.message import Channel
from bot.tickets.command import Reply, Resolve
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")


async def two_open(desk: Story) -> str:
    """Lena has T-1 and, after /new, T-2; gives the name of our last message about T-1."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Which month?"), ticket=1)
    asked = desk.channels[Channel.TELEGRAM].messages("1001")[-1].external_id
    await desk.receives(sender="lena", text="/new")
    await desk.receives(sender="lena", text="The export is slow")
    await desk.fast_forward(minutes=5)
    desk.forget()
    return asked


async def test_a_message_belongs_to_the_conversations_current_ticket(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(sender="lena", text="March, by the way")
    assert "> March, by the way" in desk.expect_ping("vera", containing="Lena wrote on T-1")
    assert [line.text for line in await desk.lines()][-1] == "March, by the way"
    assert not await desk.is_there(2)
    desk.expect_quiet()


async def test_a_burst_is_one_ticket_and_one_card(desk: Story) -> None:
    for text in ("Hello", "Payroll failed", "It says: no such file"):
        await desk.receives(sender="lena", text=text)
    desk.expect_message("lena", containing="Thank you, we have it (T-1)")
    desk.expect_card("vera", containing="T-1 · Acme: Hello")
    assert "It says: no such file" in desk.expect_edit("vera", containing="T-1")
    assert not await desk.is_there(2)
    desk.expect_quiet()


#: Mira of the line stays until 21:00, and chats are covered as long.
MIRA_LATE = (
    'name = "Mira Solano"\nroles = ["manager"]\ncalendar = "office"',
    'name = "Mira Solano"\nroles = ["manager"]\ncalendar = "long"',
)


async def two_waiting(desk: Story) -> None:
    """Lena waits for Vera on two tickets of one conversation."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="lena", text="/new The export is slow")
    assert [(await desk.ticket(number)).assignee for number in (1, 2)] == ["vera", "vera"]
    desk.forget()


async def test_two_tickets_of_one_conversation_go_on_to_others_as_a_shift_ends(make_desk: MakeStory) -> None:
    """Both are decided in one go, and the client is told of both where they talk."""
    desk = await make_desk(story_desk(MIRA_LATE), start=datetime(2026, 3, 3, 15, 50, tzinfo=UTC))
    await two_waiting(desk)
    await desk.go_to(datetime(2026, 3, 3, 16, 0, tzinfo=UTC))
    for number in ("T-1", "T-2"):
        desk.expect_message("lena", containing=f"Mira looks after {number} from now on")
    assert [(await desk.ticket(number)).assignee for number in (1, 2)] == ["mira", "mira"]
    said = [line.text for number in (1, 2) for line in await desk.lines(number) if "from now on" in line.text]
    assert len(said) == 2


async def test_two_tickets_of_one_conversation_go_on_to_others_with_a_leave(desk: Story) -> None:
    await two_waiting(desk)
    answer = await desk.channels[Channel.SLACK].command("T1/U1", "desk", "away")
    await desk.settle()
    assert not answer.is_refused
    for number in ("T-1", "T-2"):
        desk.expect_message("lena", containing=f"looks after {number} from now on")
    await desk.receives(sender="lena", text="And now?")
    assert [line.text for line in await desk.lines(2)][-1] == "And now?"


async def test_a_ticket_resolved_lately_is_reopened_to_the_last_moment(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(("[rules]\n", "[rules]\nclose_after = '9bd'\n")))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.does("vera", Resolve("Fixed"))
    desk.expect_message("lena", containing="write here until Friday 09:10")
    await desk.go_to(NOON + timedelta(days=3, minutes=10))
    desk.forget()
    await desk.receives(sender="lena", text="It fails again")
    desk.expect_message("lena", containing="We have reopened T-1. Vera looks after it.")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    assert (await desk.ticket()).status == "open"
    desk.expect_quiet()


async def test_a_ticket_resolved_too_long_ago_is_left_alone(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(("[rules]\n", "[rules]\nclose_after = '9bd'\n")))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.does("vera", Resolve("Fixed"))
    await desk.go_to(NOON + timedelta(days=3, minutes=10, seconds=1))
    desk.forget()
    await desk.receives(sender="lena", text="Something else")
    desk.expect_message("lena", containing="Thank you, we have it (T-2)")
    desk.expect_card("vera", containing="T-2 · Acme: Something else")
    assert (await desk.ticket(1)).status == "resolved"
    desk.expect_quiet()


async def test_reopened_at_night_the_client_hears_when_we_go_on(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    await desk.go_to(datetime(2026, 3, 3, 20, 0, tzinfo=UTC))
    desk.forget()
    await desk.receives(sender="lena", text="It fails again")
    desk.expect_message("lena", containing="We have reopened T-1. We are back tomorrow 07:00 (your time)")
    desk.expect_quiet()
    await desk.go_to(datetime(2026, 3, 4, 7, 0, tzinfo=UTC))
    desk.expect_ping("vera", containing="1 ticket waited for you")
    desk.expect_quiet()


async def test_a_reply_to_one_of_our_messages_belongs_to_its_ticket(desk: Story) -> None:
    asked = await two_open(desk)
    await desk.receives(sender="lena", text="March", reply_to=asked)
    assert "> March" in desk.expect_ping("vera", containing="Lena wrote on T-1")
    await desk.fast_forward(minutes=5)
    await desk.receives(sender="lena", text="Twenty minutes")
    assert "> Twenty minutes" in desk.expect_ping("vera", containing="Lena wrote on T-2")
    desk.expect_quiet()


async def test_a_reply_to_a_message_of_their_own_belongs_to_its_ticket(desk: Story) -> None:
    first = await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="lena", text="/new The export is slow")
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(sender="lena", text="For March", reply_to=first)
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    desk.expect_quiet()


async def test_a_ticket_named_by_its_number_takes_the_message(desk: Story) -> None:
    await two_open(desk)
    await desk.receives(sender="lena", text="T-1 is about March")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    desk.expect_quiet()


async def test_a_ticket_goes_on_in_another_channel_when_its_contact_names_it(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="lena", text="More about T-1: it was March")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    assert [line.channel for line in await desk.lines()] == ["telegram", "telegram", "email"]
    await desk.does("vera", Reply("Thank you"))
    desk.expect_message("lena", Channel.EMAIL, containing="Thank you")
    desk.expect_quiet()


async def test_the_number_of_somebody_elses_ticket_opens_no_door(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.receives(sender="5001", text="What about T-1?")
    desk.expect_message("5001", containing="Thank you, we have it (T-2)")
    desk.expect_card("mira", containing="T-2 · 5001")
    assert len(await desk.lines(1)) == 2
    desk.expect_quiet()


async def test_a_reference_to_a_ticket_closed_long_ago_is_no_reference(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    await desk.fast_forward(days=14)
    desk.forget()
    await desk.receives(sender="lena", text="Like T-1, but the export")
    desk.expect_message("lena", containing="Thank you, we have it (T-2)")
    desk.expect_card("vera", containing="T-2 · Acme")
    assert (await desk.ticket(1)).status == "closed"
    desk.expect_quiet()


async def test_a_late_word_on_an_old_ticket_does_not_take_the_conversation_back(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    await desk.fast_forward(days=14)
    await desk.receives(sender="lena", text="The export is slow")
    await desk.does("vera", Reply("By the way, payroll runs since."), ticket=1)
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(sender="lena", text="Twenty minutes now")
    desk.expect_ping("vera", containing="Lena wrote on T-2")
    desk.expect_quiet()


async def test_an_answered_side_ticket_and_the_current_one_live_side_by_side(desk: Story) -> None:
    asked = await two_open(desk)
    await desk.does("vera", Resolve("Payroll runs"), ticket=1)
    await desk.receives(sender="lena", text="No, it does not", reply_to=asked)
    assert ((await desk.ticket(1)).status, (await desk.ticket(2)).status) == ("open", "new")
    await desk.does("vera", Resolve("The export is quick"), ticket=2)
    await desk.does("vera", Resolve("Payroll runs now"), ticket=1)
    await desk.fast_forward(days=14)
    desk.forget()
    await desk.receives(sender="lena", text="Something new")
    desk.expect_message("lena", containing="(T-3)")
    desk.expect_card("vera", containing="T-3 · Acme")
    desk.expect_quiet()
