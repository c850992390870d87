"""A send that hangs holds up its own place for as long as it may take, and the others of its channel for a moment."""

import asyncio
from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.desk.sending.claims import HANGS_AFTER, MOST_BESIDE_HANGING
from sla.duration import later
from tests.harness import Story

TELEGRAM = Channel.TELEGRAM


class Held:
    """Sends of a channel that end when they are let go; the others of their time pass at once."""

    def __init__(self) -> None:
        self.begun = 0
        self.is_over = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        await self.is_over.wait()


@pytest.fixture
async def held(desk: Story) -> Held:
    held = Held()
    desk.channels[TELEGRAM].slow(held)
    return held


async def take(desk: Story, *, after: timedelta = timedelta(0)) -> None:
    """Let time pass, and the sender take what it may."""
    desk.time.at = later(desk.time.at, after)
    for _ in range(3):
        await desk.desk.sender.once()
    await asyncio.sleep(0)


async def write(desk: Story, *names: str) -> None:
    for name in names:
        await desk.arrives(TELEGRAM, sender=name, text="Payroll failed")
        await desk.desk.intake.once()


async def test_others_go_on_once_a_send_hangs_and_its_own_place_waits(desk: Story, held: Held) -> None:
    await write(desk, "lena", "lena", "bill")
    await take(desk)
    assert held.begun == 1
    await take(desk, after=HANGS_AFTER - timedelta(milliseconds=1))
    assert held.begun == 1, "a slow answer is no reason to have two in doubt"
    await take(desk, after=timedelta(milliseconds=1))
    assert held.begun == 2
    await take(desk, after=timedelta(seconds=1))
    assert held.begun == 2, "the second is in no doubt yet, and the first one's place waits for it"
    held.is_over.set()
    await desk.settle()
    for name in ("lena", "bill"):
        desk.expect_message(name, containing="we have it")
    desk.forget()
    desk.expect_quiet()


async def test_no_more_than_a_few_are_ever_in_doubt(desk: Story, held: Held) -> None:
    await write(desk, "lena", "bill", "taras", "max", "nina")
    for _ in range(6):
        await take(desk, after=HANGS_AFTER)
    assert held.begun == MOST_BESIDE_HANGING
    held.is_over.set()
    desk.channels[TELEGRAM].slow(None)
    await desk.settle()
    for name in ("lena", "bill"):
        desk.expect_message(name, containing="we have it")
    desk.forget()
    desk.expect_quiet()
