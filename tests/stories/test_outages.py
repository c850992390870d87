"""A channel that is down is told to the admins: once, on another channel, and once more when it is well again."""

import pytest

from adapters.message import Channel
from adapters.port import Health
from bot.store.errors import StoreUnavailableError
from tests.builders import story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

NEEDS_A_LOOK = "mail cannot be moved to Processed: make that folder"


async def passes(desk: Story, *, minutes: int) -> None:
    """Time in which the process looks at its channels twice a minute, as it does when it runs."""
    for _ in range(minutes * 2):
        await desk.fast_forward(seconds=30)
        await desk.desk.outages.once()
        await desk.settle()


async def test_a_channel_that_is_down_is_told_once_and_so_is_its_return(desk: Story) -> None:
    desk.channels[Channel.EMAIL].down()
    await passes(desk, minutes=2)
    desk.expect_nothing("dana", Channel.SLACK)
    await passes(desk, minutes=2)
    desk.expect_alert("dana", containing="The channel email has been down since 12:00: down")
    await passes(desk, minutes=20)
    await desk.channels[Channel.EMAIL].up()
    await passes(desk, minutes=2)
    desk.expect_alert("dana", containing="The channel email is well again; the trouble began 12:00")
    await passes(desk, minutes=20)
    desk.expect_quiet()


async def test_other_channels_go_on_meanwhile(desk: Story) -> None:
    desk.channels[Channel.EMAIL].down()
    await passes(desk, minutes=5)
    desk.expect_alert("dana", containing="The channel email has been down")
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1 · Acme")
    desk.expect_quiet()


async def test_whoever_works_on_the_channel_that_is_down_is_told_on_another(make_desk: MakeStory) -> None:
    desk = await make_desk(
        story_desk(('identities = { slack = "T1/U5" }', 'identities = { slack = "T1/U5", telegram = 2005 }'))
    )
    desk.channels[Channel.SLACK].down()
    await passes(desk, minutes=5)
    told = [one.text for one in desk.channels[Channel.TELEGRAM].cards("2005")]
    assert [text.splitlines()[0] for text in told] == ["The channel Slack has been down since 12:00: down"]
    desk.forget()
    desk.expect_quiet()


async def test_a_channel_that_comes_and_goes_is_one_trouble(desk: Story) -> None:
    mail = desk.channels[Channel.EMAIL]
    for _ in range(8):
        mail.down()
        await passes(desk, minutes=1)
        await mail.up()
        await desk.desk.outages.once()
    desk.expect_alert("dana", containing="The channel email has been down since 12:00")
    await passes(desk, minutes=3)
    desk.expect_alert("dana", containing="The channel email is well again")
    desk.expect_quiet()


async def test_a_short_breath_is_told_to_nobody(desk: Story) -> None:
    desk.channels[Channel.EMAIL].down()
    await passes(desk, minutes=2)
    await desk.channels[Channel.EMAIL].up()
    await passes(desk, minutes=10)
    desk.expect_quiet()


async def test_the_process_that_is_started_after_the_mend_tells_that_it_is_well(desk: Story) -> None:
    desk.channels[Channel.EMAIL].down()
    await passes(desk, minutes=5)
    desk.expect_alert("dana", containing="The channel email has been down since 12:00")
    await desk.dies()
    await passes(desk, minutes=5)
    await desk.channels[Channel.EMAIL].up()
    await desk.dies()
    await passes(desk, minutes=5)
    desk.expect_alert("dana", containing="The channel email is well again; the trouble began 12:00")
    desk.expect_quiet()


async def test_another_process_that_hears_the_channel_well_does_not_speak_for_the_one_that_cannot(desk: Story) -> None:
    desk.channels[Channel.EMAIL].down()
    await passes(desk, minutes=5)
    desk.expect_alert("dana", containing="The channel email has been down since 12:00")
    deaf = desk.desk
    await desk.dies()
    listening = desk.desk
    for _ in range(10):
        await desk.fast_forward(seconds=30)
        desk.channels[Channel.EMAIL].down()
        await deaf.outages.once()
        await desk.channels[Channel.EMAIL].up()
        await listening.outages.once()
        await desk.settle()
    desk.expect_quiet()


async def test_what_somebody_has_to_mend_is_told_while_the_channel_works(desk: Story) -> None:
    mail = desk.channels[Channel.EMAIL]
    mail.ails(NEEDS_A_LOOK)
    await passes(desk, minutes=5)
    desk.expect_alert("dana", containing=f"The channel email works and needs a look: {NEEDS_A_LOOK}")
    assert mail.health() == Health(is_up=True, detail=NEEDS_A_LOOK, since=mail.health().since, trouble=NEEDS_A_LOOK)
    mail.ails("")
    await passes(desk, minutes=2)
    desk.expect_alert("dana", containing="The channel email is well again")
    desk.expect_quiet()


async def test_a_database_that_is_away_puts_the_telling_off(desk: Story) -> None:
    desk.channels[Channel.EMAIL].down()
    await passes(desk, minutes=2)
    await desk.fast_forward(minutes=2)
    desk.database.is_away = True
    with pytest.raises(StoreUnavailableError):
        await desk.desk.outages.once()
    desk.database.is_away = False
    await passes(desk, minutes=1)
    desk.expect_alert("dana", containing="The channel email has been down since 12:00")
    desk.expect_quiet()
