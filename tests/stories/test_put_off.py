"""Leave makes clients wait longer than they were told: each hears it once, and nobody whose word still holds."""

from datetime import UTC, datetime, timedelta

from adapters.message import Channel
from bot.tickets.command import AskDetails, Reply
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_absences import MIRA, OLEG, VERA, says

DATABASES = ("sqlite", "postgresql")
HOUR = timedelta(hours=1)
#: Monday, 21:30 at +03:00; Vera alone may answer Acme.
NIGHT = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
ALONE = story_desk(('people = ["oleg", "mira"]', 'people = ["vera"]'), ('backup = "oleg"\n', ""))
FRIDAY = datetime(2026, 3, 6, 7, 0, tzinfo=UTC)


async def all_leave(story: Story, until: str) -> None:
    for one in (OLEG, MIRA, VERA):
        await says(story, f"away until {until}", by=one)


async def test_a_client_who_waits_hears_once_when_somebody_is_back(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Vera answers by")
    await all_leave(desk, "2026-03-09")
    said = desk.expect_message("lena", containing="A change for T-1: we are back Monday 07:00 (your time)")
    assert "Vera" not in said
    desk.expect_nothing("lena", Channel.TELEGRAM)
    await desk.fast_forward(hours=3)
    await desk.receives(sender="lena", text="Hello?")
    desk.expect_nothing("lena", Channel.TELEGRAM)
    await desk.receives(sender="lena", text="/status")
    desk.expect_message("lena", containing="Vera is back Monday 07:00 (your time)")
    await desk.go_to(NOON + timedelta(days=3))
    desk.expect_nothing("lena", Channel.TELEGRAM)
    assert (await desk.events()).count("put_off") == 1


async def test_told_at_night_when_somebody_is_back_they_hear_that_it_is_later(make_desk: MakeStory) -> None:
    story = await make_desk(ALONE, start=NIGHT)
    await story.receives(sender="lena", text="Payroll failed")
    story.expect_message("lena", containing="Vera is back tomorrow 07:00")
    await says(story, "away until friday")
    story.expect_message("lena", containing="we are back Friday 07:00 (your time)")
    await says(story, "away until friday")
    await story.go_to(FRIDAY - timedelta(minutes=1))
    story.expect_nothing("lena", Channel.TELEGRAM)


async def test_leave_that_is_to_begin_before_the_opening_is_told_at_once(make_desk: MakeStory) -> None:
    story = await make_desk(ALONE, start=NIGHT)
    await story.receives(sender="lena", text="Payroll failed")
    story.forget()
    await says(story, "away from tomorrow until friday")
    story.expect_message("lena", containing="we are back Friday 07:00")
    await story.go_to(FRIDAY - timedelta(minutes=1))
    story.expect_nothing("lena", Channel.TELEGRAM)


async def test_longer_leave_is_told_again_and_shorter_leave_is_not(make_desk: MakeStory) -> None:
    story = await make_desk(ALONE, start=NIGHT)
    await says(story, "away until thursday")
    await story.receives(sender="lena", text="Payroll failed")
    story.expect_message("lena", containing="We are back Thursday 07:00")
    await says(story, "away until friday")
    story.expect_message("lena", containing="we are back Friday 07:00")
    await says(story, "away until thursday")
    await says(story, "away until friday")
    story.expect_nothing("lena", Channel.TELEGRAM)


async def test_leave_without_an_end_and_without_a_stand_in_is_said_as_it_is(make_desk: MakeStory) -> None:
    story = await make_desk(ALONE)
    await story.receives(sender="lena", text="Payroll failed")
    story.forget()
    await says(story, "away")
    story.expect_message("lena", containing="whoever looks after it is away, and we do not know yet")
    await story.fast_forward(hours=3)
    await says(story, "back")
    story.expect_nothing("lena", Channel.TELEGRAM)


async def test_whoever_has_an_answer_or_is_to_answer_hears_nothing(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking"))
    await desk.receives(Channel.EMAIL, sender="taras@globex.test", text="Export failed")
    await desk.does("oleg", AskDetails("Which one?"), ticket=2)
    desk.forget()
    await all_leave(desk, "2026-03-09")
    desk.expect_nothing("lena", Channel.TELEGRAM)
    desk.expect_nothing("taras", Channel.EMAIL)


async def test_a_waiting_list_whose_people_leave_is_told_later(make_desk: MakeStory) -> None:
    story = await make_desk(start=NIGHT)
    await story.receives(sender="bill", text="Export failed")
    story.expect_message("bill", containing="We are back tomorrow")
    await says(story, "away until thursday", by=OLEG)
    story.expect_nothing("bill", Channel.TELEGRAM)
    await says(story, "away until friday", by=MIRA)
    story.expect_message("bill", containing="A change for T-1: we are back Thursday")


async def test_killed_after_the_leave_was_said_they_still_hear_it_once(make_desk: MakeStory) -> None:
    story = await make_desk(ALONE, start=NIGHT)
    await story.receives(sender="lena", text="Payroll failed")
    story.forget()
    await story.channels[Channel.SLACK].command(VERA, "desk", "away until friday", key="once")
    await story.dies()
    await story.channels[Channel.SLACK].command(VERA, "desk", "away until friday", key="once")
    await story.settle()
    story.expect_message("lena", containing="we are back Friday 07:00")
    await story.fast_forward(minutes=5)
    story.expect_nothing("lena", Channel.TELEGRAM)
