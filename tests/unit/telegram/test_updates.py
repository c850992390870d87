"""An answer with updates is taken apart, and one that cannot be read harms no other."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import MalformedError
from adapters.telegram.convert import inbound_from_raw
from adapters.telegram.updates import raw_from_update, updates_from_answer
from tests.peers.telegram_judge import Judge
from tests.unit.telegram.captured import FOLDER, captured

AT = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)


def answered(*updates: object) -> bytes:
    return json.dumps({"ok": True, "result": updates}).encode()


def test_each_update_is_a_payload_of_its_own_with_its_number_and_lane() -> None:
    first, second = updates_from_answer(answered(captured("message"), captured("message_group")), "desk")
    kept = raw_from_update(first, bot="123", account="desk", at=AT)
    assert kept.key == f"telegram:desk:123:{captured('message')['update_id']}"
    assert json.loads(kept.payload) == captured("message")
    assert (kept.lane, second.lane) == ("telegram:desk:1001", "telegram:desk:-1001234")


def test_a_press_is_told_from_what_is_kept() -> None:
    (press,) = updates_from_answer(answered(captured("press")), "desk")
    assert press.press == captured("press")["callback_query"]


def test_an_update_without_a_number_is_known_by_its_bytes() -> None:
    first, again = updates_from_answer(answered({"x": 1}, {"x": 1}), "desk")
    assert first.number is None
    keys = [raw_from_update(one, bot="123", account="desk", at=AT).key for one in (first, again)]
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(b'{"update_id":2,"message":' + b"[" * 50_000 + b"]" * 50_000 + b"}", id="nested without end"),
        pytest.param(b'{"update_id":2,"message":' + b"9" * 5_000 + b"}", id="a number without end"),
        pytest.param(b'{"update_id":2,"message":{"text":"\xff ]} \\" [{"}}', id="no text"),
    ],
)
def test_an_update_that_cannot_be_read_is_kept_by_itself_and_those_around_it_go_on(bad: bytes) -> None:
    good = [json.dumps(captured(name)).encode() for name in ("message", "message_group")]
    payload = b'{"ok": true, "result": [' + good[0] + b", " + bad + b"," + good[1] + b"]}"
    first, middle, last = updates_from_answer(payload, "desk")
    assert (first.lane, last.lane) == ("telegram:desk:1001", "telegram:desk:-1001234")
    assert (middle.payload, middle.number) == (bad, 2)
    with pytest.raises(MalformedError):
        inbound_from_raw(raw_from_update(middle, bot="123", account="desk", at=AT))


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>", id="a page"),
        pytest.param(b"{}", id="no answer"),
        pytest.param(b'{"ok":false,"result":[]}', id="a refusal"),
        pytest.param(b'{"ok":true,"result":5}', id="another answer"),
        pytest.param(b"[" * 100_000, id="nested without end"),
    ],
)
def test_what_is_no_answer_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        updates_from_answer(payload, "desk")


@given(st.binary(max_size=200))
def test_any_bytes_are_updates_or_refused_in_our_words(payload: bytes) -> None:
    for around in (payload, b'{"ok":true,"result":[' + payload + b"]}"):
        try:
            found = updates_from_answer(around, "desk")
        except MalformedError:
            continue
        for one in found:
            raw_from_update(one, bot="123", account="desk", at=AT)


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_these_updates_are_what_others_take_for_updates_too(name: str) -> None:
    judge = Judge()
    judge.allowed.append("unknown field")  # a server may say more than its models know
    judge.update(captured(name))
    assert judge.findings == []
