"""A channel holds back what clients write for a while: nothing is lost, and an admin knows."""

from datetime import timedelta

from adapters.message import Channel
from tests.harness import NOON
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")


async def test_admins_hear_once_an_hour_that_a_channel_holds_back(make_desk: MakeStory) -> None:
    desk = await make_desk()
    slack = desk.channels[Channel.SLACK]
    for minute in (0, 1):
        await slack.drops(0, NOON + timedelta(minutes=minute), NOON + timedelta(minutes=minute + 1))
        await desk.settle()
    desk.expect_alert("dana", containing="Slack holds back what clients write")
    desk.expect_quiet()
    await desk.fast_forward(hours=1)
    await slack.drops(0, NOON + timedelta(hours=1), NOON + timedelta(hours=1, minutes=1))
    await desk.settle()
    desk.expect_alert("dana", containing="all of it is read again and comes late")
    desk.expect_quiet()
