"""Whoever stands on a ladder is on leave: their stand-in hears, else somebody who is there; and clients the truth."""

from datetime import timedelta

from adapters.message import Channel
from bot.desk.care.auditor import Auditor
from bot.now import Timekeeper
from bot.tickets.command import Acknowledge, Escalate
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_absences import DANA, MIRA, OLEG, VERA, says
from tests.stories.test_paging import PAGED, SATURDAY

DATABASES = ("sqlite", "postgresql")
HOUR = timedelta(hours=1)


async def broken(story: Story) -> None:
    """Acme waits for an hour."""
    await story.receives(sender="lena", text="Payroll failed")
    await story.go_to(NOON + HOUR)
    story.forget()
    await story.fast_forward(seconds=1)


async def test_whoever_stands_in_for_a_lead_hears_what_the_lead_would(desk: Story) -> None:
    answer = await says(desk, "away until friday backup mira", by=DANA)
    assert answer.text.endswith("Mira Solano stands in.")
    await broken(desk)
    desk.expect_ping("vera", containing="overdue")
    desk.expect_alert("mira", containing="first response is overdue")
    await desk.receives(sender="lena", text="/escalate")
    desk.expect_message("lena", containing="Level 1 of 1: Mira Solano.")
    desk.expect_alert("mira", containing="the client asks for the team lead")
    await desk.fast_forward(hours=3)
    desk.expect_quiet()


async def test_the_stand_in_of_the_desk_counts_where_the_leave_names_none(make_desk: MakeStory) -> None:
    named = ('name = "Dana Orlyk"', 'name = "Dana Orlyk"\nbackup = "tara"')
    story = await make_desk(story_desk(named))
    await says(story, "away until friday", by=DANA)
    await broken(story)
    story.expect_ping("vera", containing="overdue")
    story.expect_alert("tara", containing="first response is overdue")
    story.expect_quiet()


async def test_without_a_stand_in_whoever_is_there_hears_and_the_client_reads_who(desk: Story) -> None:
    answer = await says(desk, "away until friday", by=DANA)
    assert "Nobody is left meanwhile on: ladder lead, step 1: lead." in answer.text
    await broken(desk)
    desk.expect_ping("vera", containing="overdue")
    for one in ("oleg", "mira", "tara"):
        desk.expect_alert(one, containing="first response is overdue")
    assert (await desk.events())[-1] == "nobody_to_alert"
    desk.expect_quiet()
    await desk.receives(sender="lena", text="/escalate")
    said = desk.expect_message("lena", containing="We have told")
    assert "Oleg Hnatiuk" in said
    assert "team lead" not in said
    for one in ("oleg", "mira", "tara"):
        desk.expect_alert(one, containing="the client asks for the team lead")
    desk.forget()
    await desk.fast_forward(minutes=5)
    await desk.receives(sender="lena", text="/escalate")
    assert desk.expect_message("lena", containing="We have told") == said
    await desk.fast_forward(hours=3)
    desk.expect_quiet()


async def test_whoever_asks_for_help_reaches_those_who_are_there(desk: Story) -> None:
    await says(desk, "away until friday", by=DANA)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.does("vera", Escalate("I am lost"))
    desk.expect_alert("tara", containing="asks for help")


async def test_where_nobody_at_all_is_there_the_admins_hear_on_their_leave(desk: Story) -> None:
    for one in (VERA, OLEG, MIRA, DANA, "T1/U4"):
        await says(desk, "away until friday", by=one)
    desk.forget()
    await broken(desk)
    desk.expect_alert("dana", containing="first response is overdue")
    desk.expect_quiet()
    auditor = Auditor(
        desk.database, desk.desk.revisions, desk.desk.directory, desk.channels, Timekeeper(wall=desk.time.now), name="x"
    )
    assert [await auditor.look(), await auditor.look()] == [[], []]


async def test_a_page_reaches_somebody_while_all_who_are_on_call_are_on_leave(make_desk: MakeStory) -> None:
    story = await make_desk(PAGED, start=SATURDAY)
    for one in ("T1/U4", DANA):
        await says(story, "away until friday", by=one)
    await story.receives(sender="lena", text="Payroll is down")
    story.expect_message("lena", containing="T-1")
    story.expect_alert("dana", containing="critical outside working hours")
    await story.fast_forward(hours=2)
    story.expect_quiet()


async def test_leave_that_leaves_somebody_on_each_step_warns_of_nothing(desk: Story) -> None:
    answer = await says(desk, "away until friday")
    assert "Nobody is left" not in answer.text
    await says(desk, "back")
    desk.expect_nothing("dana", Channel.SLACK)


CIRCLE = (
    ('name = "Oleg Hnatiuk"', 'name = "Oleg Hnatiuk"\nbackup = "vera"'),
    ('name = "Dana Orlyk"', 'name = "Dana Orlyk"\nbackup = "tara"'),
    ('name = "Tara Lindt"', 'name = "Tara Lindt"\nbackup = "dana"'),
)


async def test_stand_ins_in_a_circle_who_are_all_on_leave_end_at_whoever_is_there(make_desk: MakeStory) -> None:
    story = await make_desk(story_desk(*CIRCLE))
    for one in (VERA, OLEG, DANA, "T1/U4"):
        await says(story, "away until friday", by=one)
    story.forget()
    await story.receives(sender="lena", text="Payroll failed")
    story.expect_message("lena", containing="Mira answers by")
    assert ((await story.ticket()).assignee, (await story.ticket()).rule) == ("mira", "least_loaded")
    await story.go_to(NOON + HOUR + timedelta(seconds=1))
    story.expect_ping("mira", containing="first response is overdue")
    assert not story.mentions("dana", containing="overdue")
    assert not story.mentions("tara", containing="overdue")


async def test_where_the_whole_circle_and_the_line_are_on_leave_the_client_hears_when(make_desk: MakeStory) -> None:
    story = await make_desk(story_desk(*CIRCLE))
    for one in (VERA, OLEG, MIRA):
        await says(story, "away until friday", by=one)
    await story.receives(sender="lena", text="Payroll failed")
    story.expect_message("lena", containing="We are back Friday 07:00")
    assert (await story.ticket()).assignee is None
    await story.go_to(NOON + HOUR + timedelta(seconds=1))
    story.expect_alert("dana", containing="first response is overdue")
    story.expect_nothing("tara", Channel.SLACK)


async def test_a_lead_who_acknowledged_and_goes_on_leave_is_stood_in_for(desk: Story) -> None:
    await broken(desk)
    await desk.does("dana", Acknowledge())
    desk.forget()
    await desk.fast_forward(minutes=10)
    desk.expect_quiet()
    await says(desk, "away until friday backup mira", by=DANA)
    desk.expect_ping("mira", containing="Dana Orlyk is away")
    desk.expect_alert("mira", containing="first response is overdue")
    desk.expect_quiet()
    # Acknowledged on their leave it is looked after, though its alarms come again.
    await desk.does("mira", Acknowledge())
    await desk.does("dana", Acknowledge())
    desk.forget()
    await desk.fast_forward(hours=2)
    desk.expect_quiet()
