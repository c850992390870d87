"""Nobody is called outside their own hours but for what is urgent, counts in real time, or a client asks for."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.message import Channel
from bot.tickets.command import Reply
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

STEPS = '[ladders.lead]\nsteps = [{ after = "0m", tell = "lead" }]'
INES = 'name = "Ines Prado"\nroles = ["executive"]\ncalendar = "office"'
#: An executive in Los Angeles: at noon in the office it is one in the morning there.
FAR = story_desk(
    (STEPS, STEPS.replace(" }]", ' }, { after = "30m", tell = "executive" }]')),
    (INES, INES.replace("office", "west")),
    more="""
[calendars.west]
zone = "America/Los_Angeles"
week = { mon-fri = ["05:00-17:00"] }
""",
)
#: 5:00 in Los Angeles, an hour after the breach of what was said at noon.
WEST = datetime(2026, 3, 3, 13, 0, tzinfo=UTC)


async def broken(make_desk: MakeStory, desk: str = FAR, text: str = "Payroll failed") -> Story:
    """Half past the breach of what was said at noon."""
    story = await make_desk(desk, start=NOON)
    await story.receives(sender="lena", text=text)
    await story.fast_forward(hours=1, minutes=1)
    story.expect_alert("dana", containing="overdue")
    story.forget()
    return story


async def test_an_executive_elsewhere_reads_of_a_breach_as_their_day_begins(make_desk: MakeStory) -> None:
    story = await broken(make_desk)
    await story.go_to(WEST - timedelta(seconds=1))
    story.expect_quiet()
    await story.dies()
    await story.go_to(WEST)
    story.expect_alert("ines", containing="first response is overdue")
    assert (await story.events())[-1] == "alerted"
    await story.fast_forward(hours=2)
    story.expect_quiet()


async def test_what_is_answered_before_their_day_begins_they_never_read_of(make_desk: MakeStory) -> None:
    story = await broken(make_desk)
    await story.go_to(WEST - timedelta(minutes=5))
    await story.does("vera", Reply("Mended"))
    story.forget()
    await story.go_to(WEST + timedelta(hours=1))
    story.expect_quiet()


@pytest.mark.parametrize(
    "desk",
    [
        pytest.param(FAR, id="urgent"),
        pytest.param(
            FAR.replace('first_response = { within = "1h"', 'first_response = { unit = "wall", within = "1h"'),
            id="in real time",
        ),
    ],
)
async def test_what_is_urgent_or_counts_in_real_time_does_not_wait(make_desk: MakeStory, desk: str) -> None:
    story = await broken(make_desk, desk, "Payroll is down" if desk == FAR else "Payroll failed")
    await story.fast_forward(minutes=30)
    story.forget()
    assert "ines" in (await story.ticket()).ladder.people  # type: ignore[union-attr] # it is broken


async def test_a_client_who_asks_for_more_is_told_the_truth_at_once(make_desk: MakeStory) -> None:
    story = await broken(make_desk)
    await story.receives(sender="lena", text="/escalate")
    said = story.expect_message("lena", containing="T-1")
    assert "Ines Prado" in said
    story.expect_alert("ines", containing="the client asks for the team lead")


async def test_a_lead_whose_day_is_over_is_not_called_while_whoever_has_it_is_there(make_desk: MakeStory) -> None:
    early = 'calendar = "long"\nidentities = { slack = "T1/U5" }'
    desk = story_desk(
        (early, early.replace("long", "early")),
        more='[calendars.early]\nzone = "fixed:+03:00"\nweek = { mon-fri = ["06:00-08:00"] }\n',
    )
    story = await make_desk(desk)
    await story.receives(sender="lena", text="Payroll failed")
    await story.fast_forward(hours=2)
    story.expect_ping("vera", containing="overdue")
    story.expect_nothing("dana", Channel.SLACK)
    await story.go_to(datetime(2026, 3, 4, 3, 0, tzinfo=UTC))
    story.expect_alert("dana", containing="overdue")
