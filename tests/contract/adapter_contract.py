"""What every channel owes the desk: one suite, run against each adapter by whoever builds it.

To run it, write a `Peer` (the other end of your channel), and a test class that inherits `AdapterContract` and each
further part that your channel serves, with a fixture `peer`:

    class TestTelegram(AdapterContract, EditingContract, CardContract, FaultContract):
        @pytest.fixture
        async def peer(self) -> AsyncIterator[Peer]: ...

No test waits for a length of time: every wait is for the thing itself, and fails after `peer.PATIENCE` seconds.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.card import Card, OutboundCard, Promise
from adapters.errors import (
    DeliveryError,
    InboundError,
    MalformedError,
    PermanentError,
    TemporaryError,
    UncertainError,
    UnsupportedError,
)
from adapters.message import Button, InboundGap, InboundMessage, Untrusted
from adapters.port import Raw
from tests.contract.peer import (
    AT,
    CardPeer,
    EditingPeer,
    Fault,
    FaultyPeer,
    Peer,
    RecordingAsk,
    RecordingJournal,
    bare,
    listening,
    reply,
    soon,
    until_up,
)

HOSTILE = [
    pytest.param("1 < 2 && 3 > 2 &amp; <b>bold</b>", id="markup"),
    pytest.param("*stars* _lines_ `ticks` ~waves~ [a](http://b.test)", id="marks"),
    pytest.param("<!channel> <@U1> <https://evil.test|bank>", id="pings"),
    pytest.param("שלום 👨‍👩‍👧 क्षि e\u0301", id="writing of all kinds"),
    pytest.param("line one\n\n  line three", id="lines"),
]


class AdapterContract:
    """What is owed by all."""

    async def test_what_is_said_is_journaled_before_it_is_acknowledged(self, peer: Peer) -> None:
        journal = RecordingJournal()
        journal.open.clear()
        async with listening(peer, journal):
            said = await peer.says("Payroll failed")
            await journal.called()
            assert not peer.is_acknowledged(said)

            journal.open.set()
            await soon(peer.acknowledged(said))
        assert len(journal.kept) == 1

    async def test_what_the_journal_did_not_take_is_not_acknowledged_and_comes_again(self, peer: Peer) -> None:
        journal = RecordingJournal(broken_for=1)
        async with listening(peer, journal):
            said = await peer.says("Payroll failed")
            (refused,) = await journal.called()
            assert not peer.is_acknowledged(said)

            await peer.redelivers(said)
            (again,) = await journal.called()
            await soon(peer.acknowledged(said))
        assert again.key == refused.key
        assert [raw.key for raw in journal.kept] == [refused.key]

    async def test_a_redelivery_has_the_key_it_had_before(self, peer: Peer) -> None:
        journal = RecordingJournal()
        async with listening(peer, journal):
            said = await peer.says("Payroll failed")
            await journal.called()
            await soon(peer.acknowledged(said))
            await peer.redelivers(said)
            await journal.called()
        assert len(journal.kept) == 2
        assert len({raw.key for raw in journal.kept}) == 1

    async def test_two_messages_have_two_keys_and_one_lane_in_the_order_they_came(self, peer: Peer) -> None:
        journal = RecordingJournal()
        async with listening(peer, journal):
            for text in ("first", "second"):
                said = await peer.says(text)
                await soon(peer.acknowledged(said))
        assert len({raw.key for raw in journal.kept}) == 2
        assert {raw.lane for raw in journal.kept} <= {peer.conversation.lane, ""}
        texts = [message.text for message in self.messages(peer, journal.kept)]
        assert texts == ["first", "second"]

    @pytest.mark.parametrize("text", HOSTILE)
    async def test_what_was_said_is_read_as_it_was_written(self, peer: Peer, text: str) -> None:
        journal = RecordingJournal()
        async with listening(peer, journal):
            said = await peer.says(text)
            await soon(peer.acknowledged(said))
        (message,) = self.messages(peer, journal.kept)
        assert message.text == text
        assert message.conversation == peer.conversation
        assert message.sender.channel is peer.adapter.channel
        assert message.external_id
        assert message.at.utcoffset() is not None

    async def test_every_kind_the_channel_can_say_is_read(self, peer: Peer) -> None:
        samples = peer.samples()
        assert InboundMessage in samples
        for kind, raw in samples.items():
            (inbound,) = peer.adapter.convert(raw)
            assert type(inbound) is kind
            channel = inbound.channel if isinstance(inbound, InboundGap) else inbound.conversation.channel
            assert channel is peer.adapter.channel

    async def test_reading_is_pure(self, peer: Peer) -> None:
        for raw in peer.samples().values():
            later = replace(raw, received_at=raw.received_at + timedelta(days=3))
            assert peer.adapter.convert(raw) == peer.adapter.convert(raw) == peer.adapter.convert(later)

    async def test_what_cannot_be_read_is_malformed(self, peer: Peer) -> None:
        for raw in peer.unreadable():
            with pytest.raises(MalformedError):
                peer.adapter.convert(raw)

    async def test_what_is_known_and_not_served_is_unsupported(self, peer: Peer) -> None:
        for raw in peer.unsupported():
            with pytest.raises(UnsupportedError):
                peer.adapter.convert(raw)

    async def test_a_damaged_payload_is_read_or_refused_in_our_words(self, peer: Peer) -> None:
        for raw in peer.samples().values():
            for at in range(0, len(raw.payload), max(1, len(raw.payload) // 200)):
                for damaged in (raw.payload[:at], raw.payload[:at] + b"\xff\x00" + raw.payload[at + 1 :]):
                    with suppress(InboundError):
                        peer.adapter.convert(replace(raw, payload=damaged))

    async def test_a_send_arrives_and_ends_in_a_receipt(self, peer: Peer) -> None:
        async with listening(peer, RecordingJournal()):
            receipt = await peer.send(reply(peer))
            assert receipt.external_id
            assert receipt.at.utcoffset() is not None
            assert list(await peer.shown()) == ["We are on it."]

    async def test_two_messages_with_the_same_words_are_two(self, peer: Peer) -> None:
        async with listening(peer, RecordingJournal()):
            first = await peer.send(reply(peer, key="reply-1"))
            second = await peer.send(reply(peer, key="reply-2"))
            assert first.external_id != second.external_id
            assert len(await peer.shown()) == 2

    @pytest.mark.parametrize("text", HOSTILE)
    async def test_what_is_sent_is_shown_as_it_was_written(self, peer: Peer, text: str) -> None:
        async with listening(peer, RecordingJournal()):
            await peer.send(reply(peer, text))
            assert list(await peer.shown()) == [text]

    async def test_a_long_message_arrives_whole(self, peer: Peer) -> None:
        text = "\n".join(f"{number}: a line of a long report 👍🏽" for number in range(2000))
        async with listening(peer, RecordingJournal()):
            await peer.send(reply(peer, text))
            assert bare("".join(await peer.shown())) == bare(text)

    async def test_the_same_send_again_is_one_message_where_the_channel_recognises_repeats(self, peer: Peer) -> None:
        async with listening(peer, RecordingJournal()):
            first = await peer.send(reply(peer))
            again = await peer.send(reply(peer))
            is_one = len(await peer.shown()) == 1
        assert is_one == peer.adapter.limits.recognises_repeats
        assert (first.external_id == again.external_id) == is_one

    async def test_what_was_sent_is_found_again_only_where_the_channel_can_tell(self, peer: Peer) -> None:
        async with listening(peer, RecordingJournal()):
            receipt = await peer.send(reply(peer))
            found = await peer.adapter.reconcile(reply(peer))
        if peer.adapter.limits.never_doubles:
            assert found is not None
        assert found is None or found.external_id == receipt.external_id

    async def test_cancelling_ends_run_and_it_can_be_run_again(self, peer: Peer) -> None:
        for text in ("first", "second"):
            journal = RecordingJournal()
            run = asyncio.create_task(peer.adapter.run(journal, RecordingAsk()))
            await until_up(peer, run)
            said = await peer.says(text)
            await soon(peer.acknowledged(said))
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await soon(run)
            assert not peer.adapter.health().is_up
            assert [message.text for message in self.messages(peer, journal.kept)] == [text]

    async def test_cancelling_in_the_middle_of_the_journal_acknowledges_nothing(self, peer: Peer) -> None:
        journal = RecordingJournal()
        journal.open.clear()
        async with listening(peer, journal):
            said = await peer.says("Payroll failed")
            await journal.called()
        assert not peer.is_acknowledged(said)
        assert journal.kept == []

    async def test_health_is_told_in_words(self, peer: Peer) -> None:
        assert not peer.adapter.health().is_up
        async with listening(peer, RecordingJournal()):
            assert peer.adapter.health().is_up
            assert peer.adapter.health().detail
        assert peer.adapter.health().detail

    async def test_what_the_desk_may_know_beforehand_is_stated(self, peer: Peer) -> None:
        adapter = peer.adapter
        assert adapter.channel is peer.conversation.channel
        assert adapter.limits.per_conversation >= timedelta(0)
        assert adapter.limits.per_second is None or adapter.limits.per_second > 0
        assert all(route.path.startswith("/") for route in adapter.routes)

    def messages(self, peer: Peer, raws: Sequence[Raw]) -> list[InboundMessage]:
        inbound = [inbound for raw in raws for inbound in peer.adapter.convert(raw)]
        return [message for message in inbound if isinstance(message, InboundMessage)]


class EditingContract:
    """What is owed where a message can be changed after it was sent."""

    async def test_an_edit_changes_what_is_shown(self, peer: EditingPeer) -> None:
        async with listening(peer, RecordingJournal()):
            receipt = await peer.send(reply(peer))
            changed = await peer.edit(receipt.external_id, reply(peer, "We have mended it."))
            assert changed.external_id == receipt.external_id
            assert list(await peer.shown()) == ["We have mended it."]

    async def test_an_edit_of_what_already_reads_so_is_a_success(self, peer: EditingPeer) -> None:
        async with listening(peer, RecordingJournal()):
            receipt = await peer.send(reply(peer))
            for _ in range(2):
                same = await peer.edit(receipt.external_id, reply(peer))
                assert same.external_id == receipt.external_id
            assert list(await peer.shown()) == ["We are on it."]

    async def test_an_edit_of_what_was_never_sent_is_a_permanent_failure(self, peer: EditingPeer) -> None:
        async with listening(peer, RecordingJournal()):
            with pytest.raises(PermanentError):
                await peer.edit("999999", reply(peer))


class CardContract:
    """What is owed where our own people work: cards and their buttons."""

    def card(self, peer: Peer, title: str = "T-12 Acme", *, key: str = "card-1") -> OutboundCard:
        card = Card(
            title,
            lines=("Payroll failed", "Vera Kova"),
            quote=Untrusted("it says <b>no</b> & stops"),
            promises=(Promise("First response", "58 min left", "ok"),),
            buttons=(Button("ticket.take", "Take it", "12", "primary"), Button("ticket.resolve", "Resolve", "12")),
        )
        return OutboundCard(key, peer.conversation, card, AT)

    async def test_a_card_shows_everything_that_stands_on_it(self, peer: CardPeer) -> None:
        async with listening(peer, RecordingJournal()):
            await peer.send(self.card(peer))
            (shown,) = await peer.shown()
        for words in ("T-12 Acme", "Payroll failed", "it says <b>no</b> & stops", "58 min left", "Take it", "Resolve"):
            assert words in shown

    async def test_a_press_reaches_the_desk_with_who_what_and_where(self, peer: CardPeer) -> None:
        ask = RecordingAsk()
        async with listening(peer, RecordingJournal(), ask):
            await peer.send(self.card(peer))
            answer = await peer.press("Take it", key="p1")
        (press,) = ask.presses
        assert answer.text == "Taken."
        assert (press.action, press.value) == ("ticket.take", "12")
        assert press.by.channel is peer.adapter.channel
        assert press.conversation == peer.conversation
        assert press.at.utcoffset() is not None

    async def test_a_press_that_comes_again_has_the_key_it_had_before(self, peer: CardPeer) -> None:
        ask = RecordingAsk()
        async with listening(peer, RecordingJournal(), ask):
            await peer.send(self.card(peer))
            for key in ("p1", "p1", "p2"):
                await peer.press("Resolve", key=key)
        first, again, other = (press.key for press in ask.presses)
        assert first == again != other


class FaultContract:
    """What is owed when things fail: one of three outcomes, and never an exception of somebody else's."""

    @pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name.lower()) for fault in Fault])
    async def test_a_fault_has_exactly_the_outcome_it_must_have(self, peer: FaultyPeer, fault: Fault) -> None:
        async with listening(peer, RecordingJournal()):
            await peer.fail(fault)
            with pytest.raises(DeliveryError) as failed:
                await peer.send(reply(peer))
            await peer.mend()
            assert type(failed.value) is fault.outcome
            assert str(failed.value)
            assert len(await peer.shown()) == (1 if fault is Fault.CUT else 0)

    async def test_haste_is_told_with_the_pause_the_channel_asks_for(self, peer: FaultyPeer) -> None:
        async with listening(peer, RecordingJournal()):
            await peer.fail(Fault.HASTE)
            with pytest.raises(TemporaryError) as failed:
                await peer.send(reply(peer))
        assert failed.value.retry_after is not None
        assert failed.value.retry_after > timedelta(0)

    @pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name.lower()) for fault in Fault])
    async def test_after_a_fault_the_next_message_goes_through(self, peer: FaultyPeer, fault: Fault) -> None:
        async with listening(peer, RecordingJournal()):
            await peer.fail(fault)
            with suppress(DeliveryError):
                await peer.send(reply(peer, "lost or not", key="reply-1"))
            await peer.mend()
            await peer.send(reply(peer, "this one", key="reply-2"))
            assert list(await peer.shown())[-1] == "this one"

    async def test_an_uncertain_send_is_found_again_or_sent_again_but_never_doubled_where_repeats_are_known(
        self, peer: FaultyPeer
    ) -> None:
        async with listening(peer, RecordingJournal()):
            await peer.fail(Fault.CUT)
            with pytest.raises(UncertainError):
                await peer.send(reply(peer))
            await peer.mend()
            found = await peer.adapter.reconcile(reply(peer))
            assert (found is not None) is peer.adapter.limits.never_doubles
            if found is not None and peer.adapter.limits.recognises_repeats:
                again = await peer.send(reply(peer))
                assert again.external_id == found.external_id
            if found is not None:
                assert len(await peer.shown()) == 1

    async def test_what_never_arrived_is_not_found(self, peer: FaultyPeer) -> None:
        async with listening(peer, RecordingJournal()):
            await peer.fail(Fault.REFUSED)
            with pytest.raises(PermanentError):
                await peer.send(reply(peer))
            await peer.mend()
            assert await peer.adapter.reconcile(reply(peer)) is None
