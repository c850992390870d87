"""The auditor looks after alerts too: each is acknowledged or escalated, and a page that does not go on is found."""

from datetime import timedelta

import pytest

from bot.store import alarms
from bot.tickets.command import Acknowledge, AddNote, Command, Take
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_auditor import auditor_of, twice
from tests.stories.test_paging import MONDAY, PAGED, SATURDAY

DATABASES = ("sqlite", "postgres")


async def paged(make_desk: MakeStory) -> Story:
    """On Saturday Tara is paged, and Dana a quarter of an hour later."""
    story = await make_desk(PAGED, start=SATURDAY)
    await story.receives(sender="lena", text="Payroll is down")
    await story.fast_forward(minutes=16)
    return story


async def test_a_page_that_nobody_acknowledged_within_an_hour_is_found(make_desk: MakeStory) -> None:
    story = await paged(make_desk)
    auditor = auditor_of(story)
    await story.fast_forward(minutes=58)
    assert await twice(auditor) == []
    await story.fast_forward(minutes=2)
    assert await twice(auditor) == ["unheeded: T-1"]
    assert "nobody acknowledged: T-1" in auditor.health().detail
    await story.does("tara", Take())
    assert await auditor.look() == []


@pytest.mark.parametrize(
    "deed", [pytest.param(Acknowledge(), id="a press"), pytest.param(AddNote("I see"), id="a note")]
)
async def test_a_page_that_somebody_heard_is_well(make_desk: MakeStory, deed: Command) -> None:
    story = await paged(make_desk)
    await story.does("dana", deed)
    await story.go_to(MONDAY - timedelta(minutes=1))
    assert await twice(auditor_of(story)) == []


async def test_a_page_that_does_not_go_on_is_found(make_desk: MakeStory) -> None:
    story = await make_desk(PAGED, start=SATURDAY)
    await story.receives(sender="lena", text="Payroll is down")
    auditor = auditor_of(story)
    assert await twice(auditor) == []
    await story.database.write(lambda conn: alarms.clear(conn, ["promises:1"]))
    assert "ladder: T-1" in await twice(auditor)


async def test_the_last_step_counts_in_the_time_of_its_ladder(make_desk: MakeStory) -> None:
    """Broken at 18:50, with Dana told at once: the office closes ten minutes later, and the night is no time."""
    story = await make_desk(start=SATURDAY - timedelta(days=1) + timedelta(hours=4, minutes=50))
    await story.receives(sender="lena", text="Payroll failed")
    auditor = auditor_of(story)
    await story.go_to(MONDAY + timedelta(minutes=45))
    assert await twice(auditor) == []
    await story.go_to(MONDAY + timedelta(minutes=55))
    assert await twice(auditor) == ["unheeded: T-1"]
