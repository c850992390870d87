"""What becomes of every mail of the corpus."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from adapters.email.threading import thread_from_root, thread_of_doubt
from adapters.errors import UnsupportedError
from adapters.message import DeliveryNotice, InboundAttendance, InboundMessage
from tests.unit.email.corpus import AT, Entry, entries, inbound_from

ALL = list(entries())

#: How a key of a table is looked up in the message; the other keys are the words of tables about other outcomes.
SEEN: Mapping[str, Callable[[InboundMessage], Any]] = {
    "text": lambda one: one.text,
    "beneath": lambda one: one.beneath,
    "sender": lambda one: one.sender.address.removesuffix(" (unverified)"),
    "name": lambda one: one.sender_name,
    "proven": lambda one: not one.doubt and not one.sender.address.endswith(" (unverified)"),
    "doubt": lambda one: one.doubt,
    "files": lambda one: [file.name for file in one.attachments],
    "types": lambda one: [file.type for file in one.attachments],
    "sizes": lambda one: [file.size for file in one.attachments],
    "unkept": lambda one: [file.name for file in one.attachments if file.digest is None],
    "beside": lambda one: [who.address for who in one.beside],
    "language": lambda one: one.language,
    "conversation": lambda one: one.conversation.address,
    "reply_to": lambda one: one.reply_to or "",
    "message_id": lambda one: one.external_id.partition(" ")[0],
}
OTHERS = {"outcome", "reason", "contains", "lacks", "thread", "has_text_of", "state", "external_id", "is_address"}
COMING = {"uid", "sequence", "answer"}
PROPOSED = "proposed_at"


def of_outcome(outcome: str) -> list[Any]:
    found = [one for one in ALL if one.expected.get("outcome", "message") == outcome]
    return [pytest.param(one, id=str(one)) for one in found]


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(ALL) >= 150
    assert {key for one in ALL for key in one.expected} <= SEEN.keys() | OTHERS | COMING | {PROPOSED}


@pytest.mark.parametrize("entry", of_outcome("message"))
def test_a_mail_becomes_the_message_that_its_table_tells(entry: Entry) -> None:
    (message,) = inbound_from(entry.mail)
    assert isinstance(message, InboundMessage)
    told = {key: SEEN[key](message) for key in entry.expected if key in SEEN}

    assert told == {key: value for key, value in entry.expected.items() if key in SEEN}
    assert entry.expected.get("contains", "") in message.text
    assert entry.expected.get("lacks", "\0") not in message.text
    assert message.at == AT
    assert len(message.text) >= entry.expected.get("has_text_of", 0)
    (message.text + message.beneath + message.sender_name).encode()
    assert "\0" not in message.text + message.beneath
    if root := entry.expected.get("thread"):
        own = message.external_id.partition(" ")[0] if root == "own" else root
        made = thread_of_doubt if message.doubt else thread_from_root
        assert message.conversation.address == f"{message.sender.address.split(' ')[0]}#{made(own)}"


@pytest.mark.parametrize("entry", of_outcome("parked"))
def test_a_mail_that_nobody_speaks_in_is_put_aside_with_its_reason(entry: Entry) -> None:
    with pytest.raises(UnsupportedError, match=entry.expected["reason"]):
        inbound_from(entry.mail)


@pytest.mark.parametrize("entry", of_outcome("attendance"))
def test_a_calendar_answers_for_whoever_is_proven_to_be_invited(entry: Entry) -> None:
    one, *said = inbound_from(entry.mail)
    assert isinstance(one, InboundAttendance)
    texts = [message.text for message in said if isinstance(message, InboundMessage)]
    assert texts == [entry.expected[key] for key in ("text",) if key in entry.expected]
    told = {"sender": one.sender.address, "uid": one.uid, "sequence": one.sequence, "answer": one.answer}
    assert told == {key: value for key, value in entry.expected.items() if key in COMING | {"sender"}}
    assert one.proposed_at == entry.expected.get(PROPOSED)
    assert one.at == AT


@pytest.mark.parametrize("entry", of_outcome("notice"))
def test_a_mail_that_came_back_tells_which_one_of_ours_it_was(entry: Entry) -> None:
    notices = inbound_from(entry.mail)
    told = [one for one in notices if isinstance(one, DeliveryNotice)]

    assert len(told) == len(notices) > 0
    assert [one.conversation.address for one in told] == entry.expected["conversation"]
    assert [one.external_id for one in told] == entry.expected["external_id"]
    assert {one.state for one in told} == {entry.expected["state"]}
    assert all(entry.expected.get("reason", "") in one.reason for one in told)
    assert {one.is_address for one in told} == {entry.expected.get("is_address", entry.expected["state"] == "failed")}
