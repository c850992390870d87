"""A short scripted day in which every crash point is met at least three times; between two steps everything settles."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from adapters.fake_payload import payload_from_inbound
from adapters.message import Channel, Conversation, Identity, InboundEdit, InboundLine, InboundMessage, Untrusted
from sla.duration import moment
from tests.chaos.driver import Driver
from tests.chaos.wire import ACCOUNT

Step = Callable[[Driver], None]


def writes(channel: Channel, address: str, name: str) -> Step:
    def step(driver: Driver) -> None:
        where, by = Conversation(channel, ACCOUNT, address), Identity(channel, address)
        text = Untrusted(f"{name} please")
        _say(driver, InboundMessage(where, name, by, Untrusted(address), text, moment(driver.now)), name)

    return step


def writes_on(channel: Channel, address: str, *names: str) -> Step:
    """Several messages at once: the first is decided in the commit that keeps it, the rest in their turn."""

    def step(driver: Driver) -> None:
        for name in names:
            writes(channel, address, name)(driver)

    return step


def rewords(channel: Channel, address: str, name: str) -> Step:
    def step(driver: Driver) -> None:
        where, by = Conversation(channel, ACCOUNT, address), Identity(channel, address)
        edit = InboundEdit(where, name, by, Untrusted(f"{name} at once"), moment(driver.now))
        _say(driver, edit, f"{name}, reworded")

    return step


def presses(person: str, action: str, ticket: int, **fields: str) -> Step:
    def step(driver: Driver) -> None:
        key = f"{person} {action} {ticket} {fields}"
        driver.far_end.sides[Channel.SLACK].presses(key, person, f"ticket.{action}", f"T-{ticket}", fields)

    return step


def passes(**length: float) -> Step:
    return lambda driver: driver.passes(timedelta(**length))


STEPS: Final[tuple[Step, ...]] = (
    writes(Channel.TELEGRAM, "1001", "payroll"),
    writes_on(Channel.SLACK, "T3/U21", "invoice", "march"),
    writes(Channel.TELEGRAM, "7777", "stranger"),
    passes(minutes=3),
    writes(Channel.TELEGRAM, "1001", "anybody"),
    writes_on(Channel.SLACK, "T3/U21", "still", "waiting"),
    rewords(Channel.SLACK, "T3/U21", "invoice"),
    presses("T1/U2", "reply", 2, text="We look into it."),
    presses("T1/U1", "note", 1, text="Third time this year."),
    passes(minutes=46),
    passes(minutes=12),
    presses("T1/U1", "reply", 1, text="Payroll runs again."),
    presses("T1/U1", "resolve", 1),
    writes(Channel.TELEGRAM, "1001", "again"),
    writes_on(Channel.SLACK, "T3/U21", "thanks", "and one more"),
    passes(minutes=50),
)


async def live_through(driver: Driver) -> None:
    """Do everything in order; whoever crashes meanwhile is started again and goes on."""
    for step in STEPS:
        step(driver)
        await driver.settle()


def _say(driver: Driver, inbound: InboundLine, name: str) -> None:
    where = inbound.conversation
    driver.far_end.sides[where.channel].says(name, where.address, payload_from_inbound(inbound))
