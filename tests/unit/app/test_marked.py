"""A rehearsal says that it is one, on every channel of the world."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from adapters.card import Card, Home, Outbound, OutboundCard, OutboundHome
from adapters.fake import FakeChannel
from adapters.message import Channel, Conversation, OutboundMark, OutboundMessage
from bot.app.channels.marked import MarkedAdapter

AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
VERA = Conversation(Channel.SLACK, "desk", "T1/U1")


def shown(fake: FakeChannel) -> Sequence[str]:
    return [one.text for one in fake.sent]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        pytest.param(OutboundMessage("k", VERA, "We are on it.", AT), "[rehearsal] We are on it.", id="words"),
        pytest.param(OutboundCard("k", VERA, Card("T-1"), AT), "[rehearsal] T-1", id="a card"),
        pytest.param(OutboundHome("k", VERA, Home("My queue", ()), AT), "[rehearsal] My queue", id="a home"),
        pytest.param(OutboundMark("k", VERA, "D1:1.1", "sent", AT), "sent D1:1.1", id="a sign, which has no words"),
    ],
)
async def test_everything_that_is_said_is_marked(message: Outbound, text: str) -> None:
    fake = FakeChannel(Channel.SLACK, "desk", now=lambda: AT)
    await MarkedAdapter(fake).send(message)
    assert shown(fake) == [text]


async def test_a_change_is_marked_and_what_is_sought_is_what_was_sent() -> None:
    fake = FakeChannel(Channel.SLACK, "desk", now=lambda: AT)
    marked = MarkedAdapter(fake)
    words = OutboundMessage("k", VERA, "We are on it.", AT)
    receipt = await marked.send(words)
    await marked.edit(receipt.external_id, OutboundMessage("k", VERA, "It is mended.", AT))
    assert shown(fake) == ["[rehearsal] It is mended."]
    card = OutboundCard("c", VERA, Card("T-1"), AT)
    first = await marked.send(card)
    await marked.edit(first.external_id, OutboundCard("c2", VERA, Card("T-1 closed"), AT))
    assert shown(fake)[-1] == "[rehearsal] T-1 closed"
    assert await marked.reconcile(words) == await fake.reconcile(words)


def test_everything_else_is_the_channels_own() -> None:
    fake = FakeChannel(Channel.SLACK, "desk", now=lambda: AT)
    marked = MarkedAdapter(fake)
    assert (marked.channel, marked.limits, marked.routes, marked.health()) == (
        fake.channel,
        fake.limits,
        fake.routes,
        fake.health(),
    )
