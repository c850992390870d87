"""What random kills found: a new process takes up everything the last one left, and a kill can repeat one send only."""

import asyncio

from adapters.message import Channel
from tests.harness import Story


async def test_what_a_dead_process_kept_is_decided_however_busy_the_new_one_is(desk: Story) -> None:
    await desk.arrives(sender="lena", text="Payroll failed")
    await desk.dies()
    await desk.arrives(sender="taras", text="Invoices are late")
    assert await desk.desk.intake.once() == 2


async def test_a_channel_that_cannot_tell_a_repeat_is_sent_to_one_by_one(desk: Story) -> None:
    assert await under_way(desk, Channel.TELEGRAM) == 1
    await desk.settle()
    desk.expect_message("lena", containing="we have it")
    desk.expect_message("bill", containing="we have it")


async def test_a_channel_that_recognises_repeats_is_sent_to_at_once(desk: Story) -> None:
    assert await under_way(desk, Channel.INAPP) == 2


async def under_way(desk: Story, channel: Channel) -> int:
    """How many sends a channel has to bear at the same time when two clients have written."""
    gate = asyncio.Event()
    begun: list[None] = []

    async def hangs() -> None:
        begun.append(None)
        await gate.wait()

    desk.channels[channel].slow(hangs)
    for name in ("lena", "bill"):
        await desk.arrives(channel, sender=name, text="Payroll failed")
    await desk.desk.intake.once()
    for _ in range(3):
        await desk.desk.sender.once()
    await asyncio.sleep(0)
    count = len(begun)
    gate.set()
    desk.channels[channel].slow(None)
    await desk.desk.sender.drain()
    return count
