"""Promises beside the first answer: the follow-up, the resolution, and what one client is promised alone."""

from bot.tickets.command import AskDetails, Reply, Resolve
from sla.clock import State
from sla.promise import ReplyKind
from tests.builders import STORY_DESK
from tests.harness import Story
from tests.stories.conftest import MakeStory

MEDIUM = '[policies.premium.targets.medium]\nfirst_response = { within = "1h", quote = "within 1 hour" }\n'
FOLLOWED_UP = STORY_DESK.replace(MEDIUM, MEDIUM + 'follow_up = { within = "2h" }\nresolution = { within = "5h" }\n')
ADDENDUM = """
[clients.acme.addendum]
source = "Addendum of March"
calendar = "office"
[clients.acme.addendum.targets.medium]
first_response = { within = "20m", quote = "twenty minutes" }
"""


async def open_ticket(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=10)
    await desk.does("vera", Reply("We are at it", ReplyKind.ANSWER))
    desk.forget()


async def test_a_client_who_waits_hears_from_us_again_or_the_lead_does(make_desk: MakeStory) -> None:
    desk = await make_desk(FOLLOWED_UP)
    await open_ticket(desk)
    await desk.fast_forward(minutes=119)
    desk.expect_ping("vera", containing="24 min left for the follow-up")
    desk.expect_ping("vera", containing="Last call for T-1")
    desk.expect_alert("dana", containing="Last call for T-1")

    await desk.fast_forward(minutes=2)

    desk.expect_ping("vera", containing="follow-up is overdue since 14:10")
    desk.expect_alert("dana", containing="follow-up is overdue since 14:10")
    desk.expect_quiet()


async def test_each_word_to_the_client_begins_the_follow_up_anew(make_desk: MakeStory) -> None:
    desk = await make_desk(FOLLOWED_UP)
    await open_ticket(desk)
    await desk.fast_forward(minutes=60)
    await desk.does("vera", Reply("Still at it", ReplyKind.ANSWER))
    desk.expect_message("lena", containing="Still at it")

    await desk.fast_forward(minutes=90)

    states = [one.state for one in (await desk.page()).facts.clocks if one.metric == "follow_up"]
    assert states == [State.MET, State.RUNNING]
    desk.expect_quiet()


async def test_a_follow_up_waits_with_the_client(make_desk: MakeStory) -> None:
    desk = await make_desk(FOLLOWED_UP)
    await open_ticket(desk)
    await desk.does("vera", AskDetails("Which month?"))
    desk.forget()

    await desk.fast_forward(hours=4)

    assert (await desk.clock("follow_up")).state is State.PAUSED
    assert (await desk.clock("resolution")).state is State.PAUSED
    desk.expect_quiet()


async def test_resolving_ends_them_all(make_desk: MakeStory) -> None:
    desk = await make_desk(FOLLOWED_UP)
    await open_ticket(desk)
    await desk.does("vera", Resolve("Mended"))
    desk.forget()

    await desk.fast_forward(hours=8)

    assert (await desk.clock("follow_up")).state is State.CANCELLED
    assert (await desk.clock("resolution")).state is State.STOPPED
    desk.expect_quiet()


async def test_a_work_that_takes_too_long_is_told(make_desk: MakeStory) -> None:
    desk = await make_desk(FOLLOWED_UP.replace('follow_up = { within = "2h" }\n', ""))
    await open_ticket(desk)
    await desk.fast_forward(hours=4)
    desk.forget()

    await desk.fast_forward(hours=1)

    desk.expect_ping("vera", containing="resolution is overdue since 17:00")
    desk.expect_alert("dana", containing="resolution is overdue since 17:00")
    desk.forget()
    assert (await desk.clock("resolution")).state is State.BREACHED


async def test_one_client_may_be_promised_more_than_its_plan(make_desk: MakeStory) -> None:
    desk = await make_desk(STORY_DESK + ADDENDUM)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Vera answers by 09:20")
    desk.expect_card("vera", containing="due 12:20")
    await desk.receives(sender="bill", text="Export failed")
    desk.expect_message("bill", containing="by 04:00")
    desk.forget()
    assert (await desk.ticket()).policy == "acme.addendum"
    assert (await desk.clock("first_response")).target.layer == "acme.addendum"
    assert (await desk.ticket(2)).policy == "premium"


async def test_nobody_gets_a_clients_addendum_who_is_not_proven_to_be_theirs(make_desk: MakeStory) -> None:
    desk = await make_desk(STORY_DESK + ADDENDUM)
    await desk.receives(sender="lena", text="Payroll failed", address="4711")
    await desk.receives(sender="mallory", text="I am Lena of Acme", address="4712")
    assert (await desk.ticket(2)).policy == "premium"
    desk.forget()
    desk.expect_quiet()
