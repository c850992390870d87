"""Leave of everybody who might take a ticket: a lead hears of it as it begins, and not only as the promise breaks."""

from datetime import UTC, datetime, timedelta

from adapters.message import Channel
from bot.tickets.command import AskDetails
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_absences import MIRA, OLEG, VERA, says

DATABASES = ("sqlite", "postgresql")

CIRCLE = story_desk(('name = "Oleg Hnatiuk"', 'name = "Oleg Hnatiuk"\nbackup = "vera"'))
#: Tuesday, 22:00 at +03:00, when not even a lead is there.
NIGHT = datetime(2026, 3, 3, 19, 0, tzinfo=UTC)
#: Wednesday, as Dana comes, an hour before everybody else.
COMES = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)


async def all_leave(story: Story, words: str = "away until friday") -> None:
    for one in (OLEG, MIRA, VERA):
        await says(story, words, by=one)


async def test_a_circle_of_stand_ins_who_are_all_away_is_told_to_the_lead_at_that_moment(make_desk: MakeStory) -> None:
    story = await make_desk(CIRCLE)
    await story.receives(sender="lena", text="Payroll failed")
    story.forget()
    await all_leave(story)
    said = story.expect_ping("dana", containing="Nobody else is there for 1 ticket that waits for an answer:")
    assert "Vera Kova is away and back Friday 10:00. Nobody else is there" in said
    assert "T-1 · Payroll failed" in said
    story.expect_message("lena", containing="A change for T-1: we are back Friday 07:00")


async def test_it_is_told_once_however_often_it_is_looked_at(make_desk: MakeStory) -> None:
    story = await make_desk(CIRCLE)
    await story.receives(sender="lena", text="Payroll failed")
    await all_leave(story)
    story.forget()
    await says(story, "away until friday", by=VERA)
    await story.dies()
    await story.go_to(NOON + timedelta(minutes=40))
    assert not story.mentions("dana", containing="Nobody else is there")


async def test_leave_that_begins_at_night_is_told_as_the_lead_comes(make_desk: MakeStory) -> None:
    story = await make_desk(CIRCLE)
    await story.receives(sender="lena", text="Payroll failed")
    await story.receives(Channel.EMAIL, sender="taras", text="Export failed")
    await story.go_to(NIGHT)
    story.forget()
    await all_leave(story)
    await story.go_to(COMES - timedelta(minutes=1))
    story.expect_nothing("dana", Channel.SLACK)
    await story.go_to(COMES + timedelta(minutes=1))
    assert story.mentions("dana", containing="T-1 · Payroll failed")
    assert story.mentions("dana", containing="T-2 · Export failed")


async def test_where_somebody_stands_in_or_the_client_is_waited_for_no_lead_hears(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await says(desk, "away until friday", by=VERA)
    await desk.does("oleg", AskDetails("Which month?"))
    desk.forget()
    for one in (OLEG, MIRA):
        await says(desk, "away until friday", by=one)
    desk.expect_nothing("dana", Channel.SLACK)


async def test_a_night_in_which_nobody_is_there_anyway_is_no_news(make_desk: MakeStory) -> None:
    story = await make_desk(CIRCLE)
    await story.receives(sender="lena", text="Payroll failed")
    await story.go_to(NIGHT)
    story.forget()
    await says(story, "away until tomorrow", by=VERA)
    await story.go_to(COMES + timedelta(minutes=1))
    assert not story.mentions("dana", containing="Nobody else is there")
