"""While no channel of theirs is up people are told nothing; the first that is back says once what is still so."""

from adapters.message import Channel
from bot.tickets.command import Acknowledge, Reply
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
LATE = "This comes late: no channel of yours could be reached since 12:05."


async def looks(desk: Story) -> None:
    """The process looks who is within reach, as it does every few seconds."""
    await desk.desk.unreached.once()
    await desk.settle()


async def all_down(desk: Story) -> None:
    """At 12:05 no channel works any more."""
    await desk.fast_forward(minutes=5)
    desk.forget()
    await looks(desk)
    for channel in desk.channels.values():
        if channel.channel is not Channel.BOARD:
            channel.down()
    await looks(desk)


async def up(desk: Story, *channels: Channel) -> None:
    for channel in channels:
        await desk.channels[channel].up()
    await looks(desk)


def told(desk: Story, channel: Channel, address: str) -> list[str]:
    """What somebody was told there as a message of its own and nobody has expected yet."""
    seen = desk.seen(address)
    return [one.text for one in seen if one.channel is channel and one.is_mention and not one.is_edit]


async def test_what_broke_while_nobody_could_be_told_is_said_once_by_the_first_way_that_is_back(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await all_down(desk)
    await desk.fast_forward(hours=2)
    assert told(desk, Channel.TELEGRAM, "2001") == told(desk, Channel.SLACK, "T1/U5") == []
    desk.forget()

    await up(desk, Channel.TELEGRAM)
    (alert,) = told(desk, Channel.TELEGRAM, "2001")
    assert "T-1 (Acme): first response is overdue since 13:00" in alert
    assert LATE in alert
    desk.forget()
    await desk.fast_forward(hours=1)
    await looks(desk)
    assert told(desk, Channel.SLACK, "T1/U5") == []

    await up(desk, *desk.channels)
    (alert,) = told(desk, Channel.SLACK, "T1/U5")
    assert "first response is overdue since 13:00" in alert
    assert LATE in alert
    assert told(desk, Channel.SLACK, "T1/U1") == [], "who has heard it on one way hears it on no other"
    desk.forget()
    await desk.dies()
    await looks(desk)
    await desk.fast_forward(days=1)
    await looks(desk)
    desk.expect_quiet()


async def test_what_is_over_or_was_acknowledged_meanwhile_is_said_to_nobody(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="bill", text="The export hangs")
    await all_down(desk)
    await desk.fast_forward(minutes=70)
    await desk.does("vera", Reply("Looking"), ticket=1)
    await desk.does("dana", Acknowledge(), ticket=2)
    await up(desk, *desk.channels)
    assert [one for one in desk.seen("T1/U5") if "overdue" in one.text and one.is_mention] == []
    desk.forget()
    await looks(desk)
    desk.expect_quiet()


async def test_many_things_are_one_digest_and_another_process_may_find_the_way_back(make_desk: MakeStory) -> None:
    desk = await make_desk()
    for number in range(5):
        await desk.receives(sender=str(5000 + number), text="Export failed")
    await all_down(desk)
    await desk.fast_forward(minutes=70)
    await desk.dies()
    await looks(desk)
    desk.forget()
    await up(desk, *desk.channels)
    (digest,) = told(desk, Channel.SLACK, "T1/U5")
    assert "5 promises need you; the most pressing:" in digest
    assert digest.count("overdue since 13:00") == 5
    assert LATE in digest
    desk.forget()
    await desk.dies()
    await looks(desk)
    desk.expect_quiet()


async def test_whoever_has_left_meanwhile_is_told_nothing(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await all_down(desk)
    await desk.fast_forward(minutes=70)
    await desk.channels[Channel.SLACK].becomes("T1/U1", "closed", by="T1/U1")
    await up(desk, *desk.channels)
    assert told(desk, Channel.SLACK, "T1/U1") == told(desk, Channel.TELEGRAM, "2001") == []
    assert len(told(desk, Channel.SLACK, "T1/U5")) == 2, "what broke, and that Vera has left"
    desk.forget()
    await looks(desk)
    desk.expect_quiet()
