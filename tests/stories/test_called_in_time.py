"""Whoever should know is called when they should: not at night for what can wait, at night for what cannot."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.message import Channel
from bot.tickets.command import Acknowledge, GiveEta, Take
from sla.duration import instant
from tests.builders import story_desk
from tests.harness import NOON
from tests.stories.conftest import MakeStory
from tests.stories.test_paging import PAGED

DATABASES = ("sqlite", "postgresql")
#: Leads share a place, where a promise is also shown that nobody is called for yet.
SHARED = story_desk(("public_plan =", 'alerts = { slack = "T1/CLEADS" }\npublic_plan ='))
NIGHT = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
#: Wednesday, 9:00 at +03:00: the lead's hours begin.
NINE = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)
#: Tuesday, 17:30 at +03:00; the office closes at 19:00.
LATE = datetime(2026, 3, 3, 14, 30, tzinfo=UTC)


async def test_a_time_that_was_named_and_passes_at_night_wakes_nobody(make_desk: MakeStory) -> None:
    desk = await make_desk(start=NOON)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", GiveEta(instant(NIGHT)))
    desk.forget()
    await desk.go_to(NINE - timedelta(seconds=1))
    desk.expect_quiet()
    await desk.go_to(NINE + timedelta(seconds=1))
    desk.expect_alert("dana", containing="promised time is overdue")
    desk.forget()
    await desk.dies()
    await desk.fast_forward(minutes=20)
    desk.expect_nothing("dana", Channel.SLACK)


async def test_the_place_that_leads_share_shows_at_once_what_calls_nobody_yet(make_desk: MakeStory) -> None:
    desk = await make_desk(SHARED, start=NOON)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", GiveEta(instant(NIGHT)))
    desk.forget()
    await desk.go_to(NIGHT + timedelta(minutes=1))
    shown = desk.expect_in("T1/CLEADS", containing="promised time is overdue")
    assert "Dana Orlyk is called as their hours begin: tomorrow 09:00." in shown or "begin: 09:00." in shown
    desk.expect_nothing("dana", Channel.SLACK)
    desk.forget()
    await desk.go_to(NINE + timedelta(seconds=1))
    assert "is called as" not in desk.expect_in("T1/CLEADS", containing="promised time is overdue")


@pytest.mark.parametrize("is_heeded", [pytest.param(True, id="looked after"), pytest.param(False, id="left alone")])
async def test_what_is_broken_as_the_office_closes_calls_those_on_call(
    make_desk: MakeStory, *, is_heeded: bool
) -> None:
    desk = await make_desk(PAGED, start=LATE)
    await desk.receives(sender="lena", text="Payroll is down")
    await desk.fast_forward(minutes=75)
    desk.expect_alert("dana", containing="overdue")
    if is_heeded:
        await desk.does("dana", Acknowledge())
    desk.forget()
    await desk.dies()
    await desk.fast_forward(minutes=16)
    if is_heeded:
        desk.expect_nothing("tara", Channel.SLACK)
        return
    desk.expect_alert("tara", containing="critical, and Vera Kova, who has it, is not on shift")
    desk.forget()
    # Paged once: further words page again only when somebody has looked after it.
    await desk.receives(sender="lena", text="Still down")
    desk.expect_nothing("tara", Channel.SLACK)
    assert not (await desk.does("tara", Take())).is_refused
    assert (await desk.ticket()).assignee == "tara"


async def test_each_level_that_a_client_reaches_by_words_is_heard(make_desk: MakeStory) -> None:
    down = '{ words = ["is down"], urgency = "critical" },'
    desk = await make_desk(story_desk((down, f'{down} {{ words = ["is slow"], urgency = "high" }},')), start=NOON)
    await desk.receives(sender="lena", text="A question")
    await desk.receives(sender="lena", text="The dashboard is slow")
    assert (await desk.ticket()).urgency == "high"
    await desk.receives(sender="lena", text="Now Payroll is down")
    assert (await desk.ticket()).urgency == "critical"
    desk.expect_ping("vera", containing="T-1 is critical now")
    await desk.receives(sender="lena", text="The dashboard is slow")
    assert (await desk.ticket()).urgency == "critical"
