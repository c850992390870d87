"""Urgent words out of hours: whoever is on call is paged at once and in real time, until somebody has the ticket."""

from datetime import UTC, datetime, timedelta

from adapters.message import Channel
from bot.tickets.command import Acknowledge, Reply, Take
from tests.builders import document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgres")

PAGED = story_desk(
    ('default_urgency = "medium"', 'default_urgency = "medium"\noff_hours_ladder = "oncall"'),
    more="""
[lines.oncall]
people = ["tara"]
calendar = "office"
[ladders.oncall]
steps = [{ after = "0m", tell = "oncall" }, { after = "15m", tell = "lead" }]
""",
)
#: Saturday, 13:00 at +03:00.
SATURDAY = datetime(2026, 3, 7, 10, 0, tzinfo=UTC)
FRIDAY = SATURDAY - timedelta(days=1)
MONDAY = datetime(2026, 3, 9, 7, 0, tzinfo=UTC)


TARA = PAGED[PAGED.index("[people.tara]") : PAGED.index("[people.dana]")]
WITHOUT_TARA = PAGED.replace(TARA, "").replace('people = ["tara"]', 'people = ["mira"]')
#: Somebody who leaves.
GONE = """
[people.gone]
name = "Gone Soon"
roles = ["senior"]
calendar = "office"
identities = { slack = "T1/U8" }
"""


async def critical(make_desk: MakeStory, text: str = "Payroll is down") -> Story:
    story = await make_desk(PAGED, start=SATURDAY)
    await story.receives(sender="lena", text=text)
    story.expect_message("lena", containing="T-1")
    return story


async def test_critical_words_page_who_is_on_call_step_by_step_in_real_time(make_desk: MakeStory) -> None:
    story = await critical(make_desk)
    story.expect_alert("tara", containing="T-1 (Acme): critical outside working hours, and nobody has it yet")
    story.expect_quiet()
    await story.fast_forward(minutes=14)
    story.expect_quiet()
    await story.fast_forward(minutes=2)
    story.expect_alert("dana", containing="critical outside working hours")
    await story.go_to(MONDAY - timedelta(seconds=1))
    story.expect_quiet()
    assert (await story.events())[-2:] == ["alerted", "alerted"]


async def test_what_is_not_urgent_waits_for_the_opening(make_desk: MakeStory) -> None:
    story = await critical(make_desk, text="Payroll failed")
    await story.go_to(MONDAY - timedelta(seconds=1))
    story.expect_quiet()


async def test_in_hours_nobody_is_paged(make_desk: MakeStory) -> None:
    story = await make_desk(PAGED, start=MONDAY)
    await story.receives(sender="lena", text="Payroll is down")
    story.expect_nothing("tara", Channel.SLACK)
    assert (await story.ticket()).ladder is None


async def test_taking_it_ends_the_page(make_desk: MakeStory) -> None:
    story = await critical(make_desk)
    story.forget()
    await story.presses("tara", "ticket.take")
    story.forget()
    await story.go_to(MONDAY - timedelta(seconds=1))
    story.expect_quiet()


async def test_answering_ends_the_page(make_desk: MakeStory) -> None:
    story = await critical(make_desk)
    await story.does("tara", Reply("I am looking"))
    story.forget()
    await story.go_to(MONDAY - timedelta(seconds=1))
    story.expect_quiet()


async def test_an_acknowledged_page_waits_an_hour(make_desk: MakeStory) -> None:
    story = await critical(make_desk)
    await story.does("tara", Acknowledge())
    story.forget()
    await story.fast_forward(minutes=59)
    story.expect_quiet()
    await story.fast_forward(minutes=2)
    story.expect_alert("dana", containing="nobody has it yet")
    story.expect_quiet()


async def test_more_words_page_nobody_twice(make_desk: MakeStory) -> None:
    story = await critical(make_desk)
    story.forget()
    await story.fast_forward(minutes=5)
    await story.receives(sender="lena", text="Hello? Nobody there?")
    story.expect_nothing("tara", Channel.SLACK)


async def test_after_the_opening_a_breach_climbs_the_plans_own_ladder(make_desk: MakeStory) -> None:
    story = await critical(make_desk)
    await story.go_to(MONDAY + timedelta(minutes=1))
    story.forget()
    assert (await story.ticket()).ladder is None
    await story.does("vera", Take())
    await story.go_to(MONDAY + timedelta(minutes=14, seconds=59))
    story.forget()
    await story.go_to(MONDAY + timedelta(minutes=16))
    story.expect_ping("vera", containing="overdue")
    story.expect_alert("dana", containing="first response is overdue")
    story.expect_quiet()


async def test_a_page_that_reaches_nobody_reaches_the_admins(make_desk: MakeStory) -> None:
    steps = 'tell = "oncall" }, { after = "15m", tell = "lead" }'
    story = await make_desk(PAGED.replace(steps, 'tell = "gone" }') + GONE, start=FRIDAY)
    await story.receives(sender="lena", text="Payroll is down")
    await story.does("vera", Reply("Looking"))
    await story.apply(document(PAGED))
    await story.go_to(SATURDAY)
    story.forget()
    await story.receives(sender="lena", text="Once more")
    story.expect_message("lena", containing="T-1")
    story.expect_under("vera", containing="Once more")
    story.expect_alert("dana", containing="critical, and Vera Kova, who has it, is not on shift")
    assert (await story.events())[-1] == "nobody_to_alert"
    await story.go_to(MONDAY - timedelta(seconds=1))
    story.expect_quiet()


async def test_a_step_that_fell_while_we_were_down_is_paged_at_once(make_desk: MakeStory) -> None:
    story = await critical(make_desk)
    story.forget()
    await story.dies()
    story.time.at += 16 * 60_000  # type: ignore[assignment] # nobody runs; then the next process begins
    await story.settle()
    story.expect_alert("dana", containing="nobody has it yet")
    await story.fast_forward(hours=1)
    story.expect_quiet()


async def test_who_asked_for_the_lead_by_day_is_paged_for_at_night(make_desk: MakeStory) -> None:
    story = await make_desk(PAGED, start=FRIDAY)
    await story.receives(sender="lena", text="Payroll is down")
    await story.receives(sender="lena", text="/escalate")
    await story.does("vera", Reply("Looking"))
    await story.go_to(SATURDAY)
    story.forget()
    await story.receives(sender="lena", text="Once more")
    story.expect_message("lena", containing="T-1")
    story.expect_alert("tara", containing="critical, and Vera Kova, who has it, is not on shift")
    story.expect_edit("vera", containing="T-1")
    story.expect_quiet()


async def test_whoever_acknowledged_a_page_and_left_the_desk_keeps_nothing_quiet(make_desk: MakeStory) -> None:
    story = await critical(make_desk)
    await story.fast_forward(minutes=5)
    await story.does("tara", Acknowledge())
    story.forget()
    await story.fast_forward(minutes=25)
    story.expect_quiet()
    await story.apply(document(WITHOUT_TARA))
    await story.settle()
    told = story.expect_alert("dana", containing="tara is no longer in the desk directory: 1 ticket went on")
    assert "T-1 · Payroll is down → had acknowledged it; its ladder goes on" in told
    story.expect_alert("dana", containing="T-1 (Acme): critical outside working hours, and nobody has it yet")
    assert (await story.events())[-2:] == ["acknowledgement_ended", "alerted"]
    await story.dies()
    await story.go_to(MONDAY - timedelta(seconds=1))
    story.expect_quiet()


async def test_who_was_told_before_the_acknowledgement_is_not_told_twice_as_it_ends(make_desk: MakeStory) -> None:
    story = await critical(make_desk)
    await story.fast_forward(minutes=16)
    await story.does("tara", Acknowledge())
    story.forget()
    await story.apply(document(WITHOUT_TARA))
    await story.settle()
    story.expect_alert("dana", containing="tara is no longer in the desk directory: 1 ticket went on")
    story.expect_quiet()
    await story.fast_forward(hours=2)
    story.expect_quiet()


async def test_an_acknowledgement_by_who_is_still_here_outlives_the_others(make_desk: MakeStory) -> None:
    story = await critical(make_desk)
    await story.does("tara", Acknowledge())
    await story.does("dana", Acknowledge())
    story.forget()
    await story.apply(document(WITHOUT_TARA))
    await story.fast_forward(minutes=59)
    story.expect_quiet()
    await story.fast_forward(minutes=2)
    story.expect_alert("dana", containing="nobody has it yet")
    story.expect_quiet()
