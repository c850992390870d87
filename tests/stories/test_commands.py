"""What our people do to a ticket: each press once, the same key the same answer, and refusals change nothing."""

import asyncio
from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.tickets.command import (
    Acknowledge,
    AddNote,
    Agree,
    AskDetails,
    Command,
    Covered,
    Escalate,
    GiveEta,
    HandOver,
    MarkSpam,
    Merge,
    NeedsNoAnswer,
    NotCovered,
    Reply,
    Resolve,
    SetUrgency,
    Split,
    Take,
    WaitThirdParty,
)
from bot.tickets.ticket import MessageId, TicketId
from routing.people import PersonId
from sla.duration import instant
from sla.policy import Metric
from tests.harness import NOON, Story

DATABASES = ("sqlite", "postgresql")

ALL = [
    Take(),
    Reply("Hello"),
    AddNote("Secret"),
    AskDetails("Which?"),
    GiveEta(instant(NOON + timedelta(hours=5))),
    WaitThirdParty("bank"),
    Resolve("Done"),
    HandOver(PersonId("mira")),
    Escalate("Help"),
    SetUrgency("high"),
    NeedsNoAnswer(),
    Acknowledge(),
    MarkSpam(),
    NotCovered("6.2"),
    Covered(),
    Agree(Metric.FIRST_RESPONSE, timedelta(hours=3)),
    Merge(TicketId(1)),
    Split(MessageId(1)),
]


def named(command: Command) -> str:
    return type(command).__name__


async def opened(desk: Story, sender: str = "lena") -> None:
    await desk.receives(sender=sender, text="Payroll failed")
    desk.forget()


async def unattended(desk: Story) -> None:
    """A ticket of Lena's that came at night and that nobody has."""
    await desk.go_to(NOON + timedelta(hours=8))
    await opened(desk)


async def test_of_two_who_take_a_ticket_at_once_one_wins(desk: Story) -> None:
    await unattended(desk)
    perform = desk.desk.commands.perform
    answers = await asyncio.gather(
        perform(PersonId("oleg"), TicketId(1), Take(), key="a"), perform(PersonId("mira"), TicketId(1), Take(), key="b")
    )
    await desk.settle()
    assert sorted(answer.is_refused for answer in answers) == [False, True]
    (refused,) = [answer for answer in answers if answer.is_refused]
    winner = (await desk.ticket()).assignee
    assert winner in {"oleg", "mira"}
    assert "was faster" in refused.text
    desk.forget()
    desk.expect_quiet()


async def test_a_lead_may_take_what_somebody_has(desk: Story) -> None:
    await opened(desk)
    assert (await desk.does("mira", Take())).is_refused
    assert not (await desk.does("dana", Take())).is_refused
    desk.expect_card("dana", containing="With Dana Orlyk (took it)")
    desk.expect_edit("vera", containing="With Dana Orlyk")
    desk.expect_ping("vera", containing="Dana Orlyk took T-1 (Acme) over from you")
    desk.expect_quiet()


async def test_taking_ones_own_ticket_opens_it_and_a_second_press_finds_nothing_to_do(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", Take())
    version = (await desk.ticket()).version
    assert (await desk.ticket()).status == "open"
    await desk.does("vera", Take())
    assert (await desk.ticket()).version == version
    desk.expect_quiet()


async def test_a_reply_reaches_the_client_on_the_channel_they_wrote_on(desk: Story) -> None:
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    desk.forget()
    answer = await desk.presses("vera", "ticket.reply", text="Looking at it")
    assert not answer.is_refused
    desk.expect_message("lena", Channel.EMAIL, containing="Looking at it")
    desk.expect_quiet()


async def test_whoever_answers_a_ticket_that_nobody_has_has_it_from_then_on(desk: Story) -> None:
    await unattended(desk)
    await desk.does("tara", Reply("Looking"))
    desk.expect_message("lena", containing="Looking")
    ticket = await desk.ticket()
    assert (ticket.assignee, ticket.rule) == ("tara", "taken")
    desk.forget()
    desk.expect_quiet()


async def test_a_note_never_leaves_the_desk(desk: Story) -> None:
    canary = "canary-8c1f"
    for channel in (Channel.TELEGRAM, Channel.SLACK, Channel.EMAIL, Channel.INAPP):
        await desk.receives(channel, sender="lena", text="Payroll failed")
    for number in (1, 2, 3, 4):
        await desk.does("vera", AddNote(f"{canary}: they owe us money"), ticket=number)
        await desk.does("vera", Reply("Looking"), ticket=number)
        await desk.does("vera", HandOver(PersonId("mira")), ticket=number)
        await desk.does("mira", Resolve("Fixed"), ticket=number)
    await desk.fast_forward(days=14)
    shown = [one.text for fake in desk.channels.values() for one in fake.sent]
    assert len(shown) > 20
    assert not [text for text in shown if canary in text]
    assert [note.text for note in (await desk.page()).notes] == [f"{canary}: they owe us money"]


async def test_an_empty_reply_note_or_question_is_refused(desk: Story) -> None:
    await opened(desk)
    version = (await desk.ticket()).version
    for command in (Reply("  \n"), Reply("\u200b\u2060"), AddNote(""), AddNote("\u200b"), AskDetails(" ")):
        assert (await desk.does("vera", command)).is_refused
    assert (await desk.ticket()).version == version
    desk.expect_quiet()


async def test_an_escalation_calls_the_lead_with_the_reason(desk: Story) -> None:
    await opened(desk)
    await desk.presses("vera", "ticket.escalate", why="The bank refuses")
    desk.expect_alert("dana", containing="T-1 (Acme): Vera Kova asks for help. The bank refuses")
    desk.expect_quiet()


async def test_an_urgency_nobody_knows_is_refused_with_those_there_are(desk: Story) -> None:
    await opened(desk)
    answer = await desk.does("vera", SetUrgency("asap"))
    assert answer.is_refused
    assert "critical, high, medium, low" in answer.text
    desk.expect_quiet()


async def test_the_urgency_is_one_press_away(desk: Story) -> None:
    await opened(desk)
    await desk.presses("vera", "Urgency", urgency="high")
    assert (await desk.ticket()).urgency == "high"
    assert "high" in desk.expect_edit("vera", containing="T-1")
    desk.expect_quiet()


async def test_an_acknowledged_alert_is_kept_and_ends_nothing(desk: Story) -> None:
    await opened(desk)
    await desk.go_to(NOON + timedelta(minutes=61))
    desk.forget()
    answer = await desk.presses("dana", "ticket.ack")
    assert answer.text == "Done."
    assert "acknowledged" in await desk.events()
    assert (await desk.clock("first_response")).state == "breached"
    desk.expect_quiet()


@pytest.mark.parametrize("command", ALL, ids=named)
async def test_an_executive_looks_and_touches_nothing(desk: Story, command: Command) -> None:
    await opened(desk)
    before = await desk.ticket()
    answer = await desk.does("ines", command)
    assert answer.is_refused
    assert "Only admin, head, lead, manager, senior may do this." in answer.text
    assert await desk.ticket() == before
    desk.expect_quiet()


@pytest.mark.parametrize("command", ALL, ids=named)
async def test_the_same_key_gives_the_same_answer_and_one_effect(desk: Story, command: Command) -> None:
    await opened(desk)
    first = await desk.does("vera", command, key="press-1")
    version = (await desk.ticket()).version
    desk.forget()
    await desk.does("dana", Escalate("meanwhile"))
    desk.forget()
    again = await desk.does("vera", command, key="press-1")
    assert again == first
    assert (await desk.ticket()).version in {version, version + 1}
    assert (await desk.events()).count("escalated") <= 2
    desk.expect_quiet()


@pytest.mark.parametrize("command", [one for one in ALL if not isinstance(one, AddNote | Reply)], ids=named)
async def test_a_closed_ticket_is_closed(desk: Story, command: Command) -> None:
    await opened(desk)
    await desk.does("vera", Resolve("Fixed"))
    await desk.fast_forward(days=14)
    desk.forget()
    before = await desk.ticket()
    answer = await desk.does("vera", command)
    assert answer.is_refused
    assert "T-1 is already closed; nothing was changed." in answer.text
    assert await desk.ticket() == before
    desk.expect_quiet()


async def test_a_last_word_and_a_note_are_still_taken_on_a_closed_ticket(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", Resolve("Fixed"))
    await desk.fast_forward(days=14)
    desk.forget()
    await desk.does("vera", Reply("It was the bank, by the way."))
    desk.expect_message("lena", containing="It was the bank")
    await desk.does("vera", AddNote("It was the bank"))
    assert (await desk.ticket()).status == "closed"
    await desk.fast_forward(days=14)
    desk.expect_quiet()


async def test_a_client_who_finds_a_button_is_refused(desk: Story) -> None:
    await opened(desk)
    answer = await desk.channels[Channel.SLACK].command("T2/U9", "ticket.resolve", "T-1")
    assert answer.is_refused
    assert (await desk.ticket()).status == "new"
    desk.expect_quiet()


@pytest.mark.parametrize("value", ["", "T-", "T-99", "T-1; DROP TABLE ticket", "T-99999999999999999999"])
async def test_a_press_about_no_ticket_is_refused(desk: Story, value: str) -> None:
    answer = await desk.channels[Channel.SLACK].command("T1/U1", "ticket.take", value)
    assert answer.is_refused
    desk.expect_quiet()


async def test_a_button_that_does_not_exist_is_refused(desk: Story) -> None:
    await opened(desk)
    answer = await desk.channels[Channel.SLACK].command("T1/U1", "ticket.explode", "T-1")
    assert answer.is_refused
    desk.expect_quiet()
