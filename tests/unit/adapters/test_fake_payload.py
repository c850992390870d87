"""The payloads of the channel in memory are read as strictly as a stranger's."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import InboundError, MalformedError, UnsupportedError
from adapters.fake_payload import inbound_from_raw, payload_from_inbound
from adapters.message import (
    Attachment,
    Channel,
    Conversation,
    DeliveryNotice,
    Identity,
    Inbound,
    InboundDeletion,
    InboundEdit,
    InboundGap,
    InboundMessage,
    InboundPlace,
    InboundReaction,
    Untrusted,
    Vouched,
)
from adapters.port import Raw

AT = datetime(2026, 3, 27, 12, 30, tzinfo=timezone(timedelta(hours=3)))
HERE = Conversation(Channel.TELEGRAM, "desk", "-100:7")
THERE = Conversation(Channel.TELEGRAM, "desk", "-1007")
LENA = Identity(Channel.TELEGRAM, "1001")
MESSAGE: dict[str, Any] = {"kind": "message", "chat": "c", "id": "1", "from": "u", "text": "hi", "at": AT.isoformat()}

EVERY_KIND = [
    pytest.param(InboundMessage(HERE, "1", LENA, Untrusted("Lena"), Untrusted("Help"), AT), id="a message"),
    pytest.param(
        InboundMessage(
            HERE,
            "1",
            LENA,
            Untrusted("Lena"),
            Untrusted(""),
            AT,
            attachments=(
                Attachment(Untrusted("report.pdf"), "application/pdf", 12, digest="ab" * 32),
                Attachment(Untrusted("film.mp4"), "video/mp4", 10**9, note="too large to fetch"),
            ),
            reply_to="out-3",
            vouched=Vouched("acme", "Lena Meyer", "lena@acme.test"),
            language="de",
            zone="Europe/Berlin",
            album="-100:album:7",
        ),
        id="a message with everything",
    ),
    pytest.param(InboundEdit(HERE, "1", LENA, Untrusted("Help!"), AT), id="an edit"),
    pytest.param(InboundDeletion(HERE, "1", LENA, AT), id="a deletion"),
    pytest.param(InboundReaction(HERE, "out-3", LENA, Untrusted("👍"), AT), id="a reaction"),
    pytest.param(DeliveryNotice(HERE, "out-3", "failed", AT, "mailbox full"), id="a notice"),
    pytest.param(InboundPlace(HERE, "left", AT), id="a place we left"),
    pytest.param(InboundPlace(HERE, "moved", AT, LENA, Untrusted("Acme"), THERE), id="a place that moved"),
    pytest.param(InboundGap(Channel.TELEGRAM, "desk", 37, AT, AT + timedelta(hours=26)), id="a gap"),
]


def raw(payload: bytes) -> Raw:
    return Raw(Channel.TELEGRAM, "desk", "1", payload, datetime(2026, 3, 27, tzinfo=UTC))


@pytest.mark.parametrize("inbound", EVERY_KIND)
def test_what_the_channel_says_is_read_as_it_was_meant(inbound: Inbound) -> None:
    assert inbound_from_raw(raw(payload_from_inbound(inbound))) == inbound


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"chat": None}, id="no conversation"),
        pytest.param({"id": 7}, id="a number for a name"),
        pytest.param({"from": ["u"]}, id="a list of senders"),
        pytest.param({"text": {"bold": "hi"}}, id="a text that is none"),
        pytest.param({"at": "yesterday"}, id="a moment in words"),
        pytest.param({"at": "2026-03-27T12:30:00"}, id="a moment without an offset"),
        pytest.param({"files": "report.pdf"}, id="files that are no list"),
        pytest.param({"files": ["report.pdf"]}, id="a file that is no object"),
        pytest.param({"files": [{"name": "a", "type": "b", "size": True}]}, id="a size that is true"),
        pytest.param({"files": [{"name": "a", "type": "b", "size": -1}]}, id="a size below nothing"),
        pytest.param({"vouched": "acme"}, id="a voucher that is no object"),
        pytest.param({"kind": "notice", "state": "perhaps"}, id="a notice that says nothing"),
        pytest.param({"kind": "place", "change": "burnt"}, id="a place that does what no place does"),
        pytest.param({"kind": "place", "change": "moved", "to": 7}, id="a place that moved to a number"),
        pytest.param(
            {"kind": "gap", "at_most": -1, "since": AT.isoformat(), "until": AT.isoformat()},
            id="a gap of less than nothing",
        ),
        pytest.param({"kind": "gap", "at_most": True, "since": AT.isoformat()}, id="a gap of true"),
        pytest.param(
            {"kind": "gap", "at_most": 3, "since": AT.isoformat(), "until": "later"}, id="a gap without an end"
        ),
        pytest.param({"kind": None}, id="no kind"),
    ],
)
def test_a_message_is_malformed_with(change: dict[str, Any]) -> None:
    inbound_from_raw(raw(json.dumps(MESSAGE).encode()))

    with pytest.raises(MalformedError):
        inbound_from_raw(raw(json.dumps(MESSAGE | change).encode()))


def test_a_kind_that_is_not_served_is_unsupported() -> None:
    with pytest.raises(UnsupportedError, match="sticker"):
        inbound_from_raw(raw(b'{"kind": "sticker", "chat": 7}'))


def test_fields_that_nobody_asked_for_are_passed_over() -> None:
    payload = json.dumps(MESSAGE | {"effect": {"confetti": True}}).encode()

    assert inbound_from_raw(raw(payload)) == inbound_from_raw(raw(json.dumps(MESSAGE).encode()))


def test_half_an_emoji_and_a_nul_do_not_reach_the_desk() -> None:
    said = InboundMessage(HERE, "1", LENA, Untrusted("Le\x00na"), Untrusted("hi \ud83d\x00"), AT)

    read = inbound_from_raw(raw(payload_from_inbound(said)))

    assert isinstance(read, InboundMessage)
    assert (read.sender_name, read.text) == ("Lena", "hi \ufffd")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*MESSAGE, "name", "files", "vouched", "state", "reply_to"]), json_values))
def test_a_distorted_payload_is_read_or_refused_in_our_words(change: dict[str, Any]) -> None:
    with suppress(InboundError):
        inbound_from_raw(raw(json.dumps(MESSAGE | change).encode()))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_our_words(payload: bytes) -> None:
    with suppress(InboundError):
        inbound_from_raw(raw(payload))
