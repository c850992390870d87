"""What was said in the widget, kept and read back."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import InboundError, MalformedError, UnsupportedError
from adapters.inapp.convert import inbound_from_raw, raw_from_edit, raw_from_said, raw_from_seen
from adapters.inapp.frames import Edit, Say
from adapters.inapp.ids import Party, conversation_of
from adapters.message import (
    Attachment,
    Channel,
    DeliveryNotice,
    Identity,
    InboundEdit,
    InboundMessage,
    Untrusted,
    Vouched,
)
from adapters.port import Raw

AT = datetime(2026, 3, 4, 11, 55, 0, 250_000, tzinfo=UTC)
CLIENT_ID = "9e7a0c52-6d1c-4d7e-9d4b-0b6a4f0f7a11"
EDIT_ID = "0d3f8f3e-4c1f-4f7e-8a51-52f2cbb5a001"
LENA = Party(Identity(Channel.INAPP, "user:17"), Vouched("acme", "Lena", "lena@acme.test"))
NOBODY = Party(Identity(Channel.INAPP, "anon-0123456789abcdef0123456789abcdef"))


def test_a_message_comes_back_as_it_was_said() -> None:
    shot = Attachment(Untrusted("shot.png"), "image/png", 71, "ab" * 32)
    raw = raw_from_said(
        Say(type="say", id=CLIENT_ID, text="Nothing reaches our tracker\n😟"),
        LENA,
        account="web",
        at=AT,
        attachments=(shot,),
        language="pt",
        zone="Europe/Lisbon",
    )
    assert inbound_from_raw(raw) == InboundMessage(
        conversation=conversation_of("web", "user:17"),
        external_id=CLIENT_ID,
        sender=LENA.identity,
        sender_name=Untrusted("Lena"),
        text=Untrusted("Nothing reaches our tracker\n😟"),
        at=AT,
        attachments=(shot,),
        vouched=LENA.vouched,
        language="pt",
        zone="Europe/Lisbon",
    )
    assert raw.key == f"inapp:web:user:17/{CLIENT_ID}"
    assert raw.lane == "inapp:web:user:17"
    assert raw.received_at == AT


def test_a_visitor_has_no_name_and_nobody_vouches_for_them() -> None:
    inbound = inbound_from_raw(
        raw_from_said(Say(type="say", id=CLIENT_ID, text="I am Lena"), NOBODY, account="web", at=AT)
    )
    assert isinstance(inbound, InboundMessage)
    assert (inbound.sender_name, inbound.vouched, inbound.sender) == ("", None, NOBODY.identity)


def test_an_edit_names_the_message_it_words_anew_and_has_a_key_of_its_own() -> None:
    said = raw_from_said(Say(type="say", id=CLIENT_ID, text="It is on fir"), LENA, account="web", at=AT)
    raw = raw_from_edit(Edit(type="edit", id=EDIT_ID, of=CLIENT_ID, text="It is on fire"), LENA, account="web", at=AT)
    assert inbound_from_raw(raw) == InboundEdit(
        conversation_of("web", "user:17"), CLIENT_ID, LENA.identity, Untrusted("It is on fire"), AT
    )
    assert raw.key != said.key
    assert raw.lane == said.lane


def test_reading_a_reply_is_a_notice_about_what_we_sent() -> None:
    raw = raw_from_seen("out-7", LENA, account="web", at=AT)
    assert inbound_from_raw(raw) == DeliveryNotice(conversation_of("web", "user:17"), "out-7", "seen", AT)
    assert raw.key == raw_from_seen("out-7", LENA, account="web", at=AT.replace(minute=59)).key


def test_what_no_store_can_bear_is_cleaned_away() -> None:
    raw = raw_from_said(Say(type="say", id=CLIENT_ID, text="a\0b\u202ec\r\nd"), LENA, account="web", at=AT)
    inbound = inbound_from_raw(raw)
    assert isinstance(inbound, InboundMessage)
    assert inbound.text == "abc\nd"


def _changed(**changes: object) -> bytes:
    raw = raw_from_said(Say(type="say", id=CLIENT_ID, text="x"), LENA, account="web", at=AT)
    return json.dumps({**json.loads(raw.payload), **changes}).encode()


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff", id="not text"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b"7", id="a number"),
        pytest.param(b'{"type":7}', id="a number for a kind"),
        pytest.param(_changed(text=None), id="no text"),
        pytest.param(_changed(at="noon"), id="a word for a moment"),
        pytest.param(_changed(at="2026-03-04T12:00:00"), id="a moment without a zone"),
        pytest.param(_changed(at=1), id="a number for a moment"),
        pytest.param(_changed(address=""), id="an empty address"),
        pytest.param(_changed(attachments=[{"name": "x"}]), id="half an attachment"),
        pytest.param(_changed(extra=1), id="a field nobody wrote"),
    ],
)
def test_what_cannot_be_read_is_a_dead_letter(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        inbound_from_raw(Raw(Channel.INAPP, "web", "user:17/x", payload, AT))


def test_a_kind_of_a_later_version_is_parked() -> None:
    with pytest.raises(UnsupportedError):
        inbound_from_raw(Raw(Channel.INAPP, "web", "user:17/x", b'{"type":"wave","at":0}', AT))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = ("type", "id", "text", "address", "at", "of", "attachments", "vouched", "language", "zone")


@given(
    st.binary()
    | st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(["say", "edit", "seen"])).map(
        lambda payload: json.dumps(payload).encode()
    )
)
def test_no_payload_whatever_raises_anything_else(payload: bytes) -> None:
    with suppress(InboundError):
        inbound_from_raw(Raw(Channel.INAPP, "web", "user:17/x", payload, AT))


@given(st.text())
def test_any_text_comes_back_fit_for_every_database(text: str) -> None:
    said = Say.model_construct(type="say", id=CLIENT_ID, text=text, files=())
    inbound = inbound_from_raw(raw_from_said(said, LENA, account="web", at=AT))
    assert isinstance(inbound, InboundMessage)
    assert "\0" not in inbound.text
    inbound.text.encode()
