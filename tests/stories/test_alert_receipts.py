"""Each alert leaves a trace: sent, delivered, acknowledged, acted upon; and somebody hears of each odd case."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.errors import PermanentError
from adapters.message import Channel
from bot.store.delivery.alert_receipts import AlertReceipt
from bot.tickets.command import Acknowledge, Reply, Take
from sla.duration import instant
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

BROKEN = NOON + timedelta(hours=1)
#: Dana is reached on Telegram as well.
TWO_WAYS = ('identities = { slack = "T1/U5" }', 'identities = { slack = "T1/U5", telegram = 2005 }')
TOGETHER = 'public_plan = "public"\nalerts = { slack = "T1/C9" }'
WITH_HANA = """
[people.hana]
name = "Hana Berg"
roles = ["lead"]
calendar = "long"
identities = { slack = "T1/U7" }
"""


async def receipts(story: Story) -> list[AlertReceipt]:
    """Of the breach, not of the last call before it."""
    return [one for one in (await story.page()).alerts if "overdue" in one.title and one.person != "vera"]


async def broken(story: Story) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    await story.go_to(BROKEN + timedelta(minutes=1))
    story.forget()


async def test_an_alert_is_delivered_then_acknowledged_then_acted_upon(desk: Story) -> None:
    await broken(desk)
    (one,) = await receipts(desk)
    assert (one.person, one.channel, one.state) == ("dana", "slack", "sent")
    assert one.sent_at is not None
    assert one.delivered_at is not None
    assert (one.acknowledged_at, one.acted_at) == (None, None)
    await desk.fast_forward(minutes=5)
    await desk.does("dana", Acknowledge())
    await desk.fast_forward(minutes=5)
    await desk.does("dana", Take())
    (one,) = await receipts(desk)
    assert one.acknowledged_at == instant(BROKEN + timedelta(minutes=6))
    assert one.acted_at == instant(BROKEN + timedelta(minutes=11))


async def test_what_others_do_is_not_told_of_whoever_was_alerted(desk: Story) -> None:
    await broken(desk)
    await desk.does("vera", Reply("Looking"))
    (one,) = await receipts(desk)
    assert (one.acknowledged_at, one.acted_at) == (None, None)


async def test_who_is_told_together_has_a_receipt_each(make_desk: MakeStory) -> None:
    story = await make_desk(story_desk(('public_plan = "public"', TOGETHER), more=WITH_HANA))
    await broken(story)
    await story.does("hana", Acknowledge())
    found = await receipts(story)
    assert [one.person for one in found] == ["dana", "hana"]
    assert all(one.delivered_at is not None for one in found)
    assert [one.acknowledged_at is not None for one in found] == [False, True]


async def test_a_channel_that_refuses_leaves_the_alert_to_the_next_one(make_desk: MakeStory) -> None:
    story = await make_desk(story_desk(TWO_WAYS))
    await story.receives(sender="lena", text="Payroll failed")
    await story.go_to(NOON + timedelta(minutes=59, seconds=59))
    story.forget()
    story.channels[Channel.SLACK].fail_next(PermanentError("is_archived"), times=3)
    await story.go_to(BROKEN + timedelta(minutes=1))
    assert "first response is overdue" in "\n".join(
        one.text for one in story.seen("dana") if one.channel is Channel.TELEGRAM
    )
    (one,) = await receipts(story)
    assert (one.channel, one.state) == ("telegram", "sent")
    assert one.delivered_at is not None


async def test_a_client_who_asks_higher_is_told_who_and_how_far_up(make_desk: MakeStory) -> None:
    lead = '{ after = "0m", tell = "lead" }'
    more = f'{lead}, {{ after = "30m", tell = "head" }}, {{ after = "2h", tell = "executive" }}'
    steps = (f"steps = [{lead}]", f"steps = [{more}]")
    story = await make_desk(story_desk(steps))
    await story.receives(sender="lena", text="Payroll failed")
    story.forget()
    await story.receives(sender="lena", text="/escalate")
    story.expect_message("lena", containing="We have told the team lead about T-1. Level 1 of 3: Dana Orlyk.")
    story.expect_alert("dana", containing="the client asks")
    # Nobody heads the department: that step is skipped, and the one above it told.
    await story.fast_forward(minutes=31)
    await story.receives(sender="lena", text="/escalate")
    story.expect_message("lena", containing="We have told somebody higher up about T-1. Level 3 of 3: Ines Prado.")
    story.expect_alert("ines", containing="the client asks")
    story.expect_quiet()


async def test_backups_that_go_in_a_circle_end_at_the_line(make_desk: MakeStory) -> None:
    away = """
[calendars.away]
zone = "fixed:+03:00"
week = { sun = ["10:00-19:00"] }
"""
    oleg = 'name = "Oleg Hnatiuk"\nroles = ["manager"]\ncalendar = '
    circle = (
        ('calendar = "office"\nbackup = "oleg"', 'calendar = "away"\nbackup = "oleg"'),
        (f'{oleg}"office"', f'{oleg}"away"\nbackup = "vera"'),
    )
    story = await make_desk(story_desk(*circle, more=away))
    await story.receives(sender="lena", text="Payroll failed")
    story.expect_card("mira", containing="fewest open tickets on the line")
    story.expect_message("lena", containing="Mira answers by")
    story.expect_quiet()


START = story_desk().index("[people.vera]")
WITHOUT_VERA = (
    story_desk()
    .replace(story_desk()[START : story_desk().index("[people.oleg]")], "")
    .replace('manager = "vera"\n', 'manager = "oleg"\n')
)


@pytest.mark.parametrize("dies", [False, True], ids=["while we run", "and we start anew"])
async def test_tickets_of_somebody_who_left_go_on_at_once_and_admins_hear_of_it(desk: Story, *, dies: bool) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    if dies:
        await desk.apply_unseen(document(WITHOUT_VERA))
        await desk.dies()
    else:
        await desk.apply(document(WITHOUT_VERA))
    await desk.settle()
    desk.expect_card("oleg", containing="T-1 · Acme: Payroll failed")
    desk.expect_message("lena", containing="Oleg looks after T-1 from now on")
    told = desk.expect_alert("dana", containing="vera is no longer in the desk directory: 1 ticket went on")
    assert "T-1 · Payroll failed → Oleg Hnatiuk" in told
    desk.expect_quiet()
    await desk.dies()
    await desk.settle()
    desk.expect_quiet()


async def test_at_night_the_tickets_of_somebody_who_left_wait_for_the_opening(make_desk: MakeStory) -> None:
    desk = await make_desk(start=datetime(2026, 3, 3, 15, 0, tzinfo=UTC))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(datetime(2026, 3, 3, 20, 0, tzinfo=UTC))
    desk.forget()
    await desk.apply(document(WITHOUT_VERA))
    await desk.settle()
    assert "nobody on shift" in desk.expect_alert("dana", containing="1 ticket went on")
    desk.expect_quiet()
    await desk.go_to(datetime(2026, 3, 4, 7, 0, tzinfo=UTC))
    desk.expect_card("oleg", containing="T-1 · Acme")
    assert (await desk.ticket()).assignee == "oleg"
