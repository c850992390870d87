"""The in-app channel and the port: what sending, editing and reconciling mean where we are both ends of the pipe."""

import pytest

from adapters.card import Card, OutboundCard
from adapters.errors import MalformedError, PermanentError, UnsupportedError
from adapters.message import Channel, OutboundMessage
from adapters.port import Raw
from tests.contract.inapp.desk import NOON, MemoryDesk, Served, conversation

MESSAGE = OutboundMessage("out-7", conversation(), "Fixed by 13:00", NOON)


async def test_what_is_stored_is_delivered_and_is_named_by_its_key(life: Served) -> None:
    assert life.adapter.channel is Channel.INAPP
    assert life.adapter.limits.recognises_repeats
    for receipt in (
        await life.adapter.send(MESSAGE),
        await life.adapter.send(MESSAGE),
        await life.adapter.reconcile(MESSAGE),
    ):
        assert receipt is not None
        assert receipt.external_id == "out-7"
        assert receipt.at == NOON


async def test_clients_are_shown_no_cards(desk: MemoryDesk, life: Served) -> None:
    await desk.reply(conversation(), "Already there")
    card = OutboundCard("card-1", conversation(), Card("T-1"), NOON)
    with pytest.raises(PermanentError):
        await life.adapter.send(card)
    with pytest.raises(PermanentError):
        await life.adapter.edit("out-1", card)
    assert await life.adapter.reconcile(card) is None


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        pytest.param(b"\xff\xfe", MalformedError, id="not text"),
        pytest.param(b"[]", MalformedError, id="not an object"),
        pytest.param(b"{}", MalformedError, id="no kind"),
        pytest.param(b'{"type":"say"}', MalformedError, id="a message without anything"),
        pytest.param(b'{"type":"wave"}', UnsupportedError, id="a kind of a later version"),
    ],
)
async def test_a_payload_that_cannot_be_read_is_told_apart(
    payload: bytes, error: type[Exception], life: Served
) -> None:
    raw = Raw(Channel.INAPP, "web", "user-17/x", payload, NOON)
    with pytest.raises(error):
        life.adapter.convert(raw)


async def test_an_adapter_that_does_not_run_says_so(desk: MemoryDesk, life: Served) -> None:
    await life.end_run()
    assert not life.adapter.health().is_up
    await life.adapter.send(MESSAGE)  # the outbox may still be emptied: the message is stored
