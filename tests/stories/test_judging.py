"""How urgent a ticket is: by words, tags, the word and the button /urgent, the matrix, and our own people."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.store.reading.queue import Wanted, tickets
from bot.tickets.command import Reply, Resolve, SetUrgency
from sla.clock import State
from sla.duration import instant
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

SERVED = [Channel.TELEGRAM, Channel.SLACK, Channel.EMAIL, Channel.INAPP]
#: The matrix of these stories: a total outage of a premium client is critical, of anybody else high.
MATRIX = (
    ('{ words = ["is down"], urgency = "critical" },', '{ words = ["is down"], impact = "total" },'),
    (
        "[triage]\n",
        (
            '[triage]\nurgent = "high"\nmatrix = [\n'
            '    { impact = "total", plans = ["premium"], urgency = "critical" },\n'
            '    { impact = "total", urgency = "high" },\n'
            '    { plans = ["public"], stated = ["critical", "high"], urgency = "medium" },\n'
            "]\n"
        ),
    ),
)
FRIDAY_NIGHT = NOON + timedelta(days=3, hours=9)
#: Friday at midnight pages the lead, in real time.
PAGING = (('source = "Premium agreement"\n', 'source = "Premium agreement"\noff_hours_ladder = "lead"\n'),)


@pytest.mark.parametrize(
    ("sender", "text", "urgency", "why"),
    [
        pytest.param(
            "lena", "Payroll is down", "critical", "“is down” means impact total, for the plan Premium", id="plan"
        ),
        pytest.param("5001", "Payroll is down", "high", "“is down” means impact total, that is high", id="other plan"),
        pytest.param("5001", "[critical] The logo is too small", "medium", "the client stated critical", id="lowered"),
        pytest.param("lena", "[high] Payroll", "high", "the client stated high", id="stated"),
        pytest.param("lena", "Payroll", "medium", "", id="nothing said"),
    ],
)
async def test_the_matrix_judges_impact_plan_and_what_was_stated(
    make_desk: MakeStory, sender: str, text: str, urgency: str, why: str
) -> None:
    desk = await make_desk(story_desk(*MATRIX))
    await desk.receives(sender=sender, text=text)
    ticket = await desk.ticket()
    assert ticket.urgency == urgency
    card = desk.expect_card(ticket.assignee or "", containing="T-1")
    assert (f"Urgency {urgency}: {why}" in card) if why else ("Urgency medium" not in card)


async def test_later_words_make_it_more_urgent_once_and_say_so(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll is slow")
    desk.forget()
    await desk.fast_forward(minutes=10)
    await desk.receives(sender="lena", text="It is down now")
    desk.expect_message("lena", containing="We treat T-1 as more urgent from now on: you hear from us by")
    ping = desk.expect_ping("vera", containing="T-1 is critical now")
    assert "“is down” means critical" in ping
    assert "Urgency critical: “is down” means critical" in desk.expect_edit("vera", containing="T-1")
    # Fifteen minutes from its beginning would be in five; a change leaves the floor of the policy at least.
    assert (await desk.clock("first_response")).due_at == instant(NOON + timedelta(minutes=25))
    assert "urgency_raised" in await desk.events()
    await desk.does("vera", SetUrgency("low"))
    desk.expect_message("lena", containing="A change for T-1: we answer by 13:00 (your time).")
    await desk.does("vera", Reply("On it"))
    desk.expect_message("lena", containing="On it")
    await desk.receives(sender="lena", text="It is down, still")
    desk.expect_ping("vera", containing="Lena wrote")
    assert (await desk.ticket()).urgency == "low"
    desk.expect_quiet()


async def test_what_one_of_us_said_gives_way_to_nothing_but_a_plain_statement(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll is down")
    await desk.does("vera", SetUrgency("low"))
    assert "Urgency low: set by Vera Kova" in desk.expect_edit("vera", containing="T-1")
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(sender="lena", text="It is down, I tell you")
    assert (await desk.ticket()).urgency == "low"
    await desk.receives(sender="lena", text="high: it is down for everybody")
    assert (await desk.ticket()).urgency == "high"
    await desk.receives(sender="lena", text="critical: it is down")
    assert (await desk.ticket()).urgency == "high"


async def test_no_word_ever_makes_it_less_urgent(desk: Story) -> None:
    await desk.receives(sender="lena", text="[high] Payroll failed")
    await desk.receives(sender="lena", text="low: never mind the invoice")
    await desk.receives(sender="lena", text="And by the way, thank you for everything you did")
    assert (await desk.ticket()).urgency == "high"


async def test_out_of_hours_later_words_page_whoever_is_on_call(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(*PAGING))
    await desk.go_to(FRIDAY_NIGHT)
    await desk.receives(sender="lena", text="Payroll is slow")
    desk.forget()
    await desk.fast_forward(minutes=10)
    await desk.receives(sender="lena", text="Now it is down")
    desk.expect_message("lena", containing="We treat T-1 as more urgent")
    desk.expect_message("lena", containing="we have called those who are on duty now")
    desk.expect_alert("dana", containing="T-1")
    await desk.receives(sender="lena", text="It is down, do you hear?")
    desk.expect_quiet()


async def test_reopened_with_urgent_words_it_is_urgent(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    await desk.fast_forward(hours=1)
    desk.forget()
    await desk.receives(sender="lena", text="It is down again")
    assert (await desk.ticket()).urgency == "critical"
    assert (await desk.clock("next_response")).target.within == timedelta(minutes=15)
    desk.expect_ping("vera", containing="T-1 is critical now")


@pytest.mark.parametrize("channel", SERVED)
async def test_in_every_channel_a_client_says_that_it_cannot_wait(desk: Story, channel: Channel) -> None:
    await desk.receives(channel, sender="lena", text="Payroll failed")
    desk.forget()
    await desk.fast_forward(minutes=5)
    await desk.receives(channel, sender="lena", text="urgent" if channel is Channel.EMAIL else "/urgent")
    assert (await desk.ticket()).urgency == "high"
    desk.expect_message("lena", channel, containing="We treat T-1 as more urgent from now on")
    desk.expect_ping("vera", containing="the client stated high")
    await desk.receives(channel, sender="lena", text="/urgent")
    desk.expect_message("lena", channel, containing="T-1 is treated as urgently as your agreement allows already")
    assert (await desk.clock("first_response")).state is State.RUNNING
    desk.expect_quiet()


@pytest.mark.parametrize("text", ["/urgent payroll failed", "/urgent\npayroll failed"])
async def test_words_behind_urgent_are_a_message_that_says_how_urgent_it_is(desk: Story, text: str) -> None:
    await desk.receives(sender="lena", text=text)
    ticket = await desk.ticket()
    assert (ticket.urgency, ticket.subject) == ("high", "payroll failed")
    await desk.receives(sender="lena", text="/urgent")
    assert not await desk.is_there(2)


async def test_a_client_presses_that_it_is_urgent(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(*MATRIX))
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    telegram = desk.channels[Channel.TELEGRAM]
    answer = await telegram.press("1001", "client.urgent", key="once")
    again = await telegram.press("1001", "client.urgent", key="once")
    later = await telegram.press("1001", "client.urgent")
    await desk.settle()
    assert answer.text.startswith("We treat T-1 as more urgent")
    assert again == answer
    assert "as urgently as your agreement allows" in later.text
    desk.expect_ping("vera", containing="T-1 is high now")
    assert (await desk.events()).count("urgency_raised") == 1
    desk.expect_quiet()


async def test_feature_requests_of_a_plan_that_is_ahead_come_first_in_their_queue(make_desk: MakeStory) -> None:
    ahead = ('name = "Premium"\n', 'name = "Premium"\nahead = ["low"]\n')
    word = ('{ words = ["webhook"], kind = "integration" },', '{ words = ["wish"], urgency = "low" },')
    desk = await make_desk(story_desk(ahead, word))
    await desk.go_to(FRIDAY_NIGHT)
    for sender, text in (("5001", "A wish"), ("5002", "A second wish"), ("5003", "Help"), ("bill", "Our wish")):
        await desk.receives(sender=sender, text=text)
    listed = await desk.database.read(lambda conn: tickets(conn, Wanted()))
    assert [one.ticket.id for one in listed if one.ticket.urgency == "low"] == [4, 1, 2]
    desk.forget()
    await desk.go_to(NOON + timedelta(days=6))
    # They are shared out in this order, and the digest of whoever got it first names it first.
    assert [(await desk.ticket(number)).assignee for number in (1, 3, 4)] == ["oleg", "mira", "mira"]
    desk.expect_ping("mira", containing="2 tickets waited for you\nT-4")
    assert "Ahead in its queue, as the plan Premium says" in desk.expect_edit("mira", containing="T-4")
