"""What stands beside the words of a message: what it points at, and why its sender is not known."""

from typing import Any

import pytest

from adapters.message import InboundMessage
from adapters.telegram.convert import inbound_from_raw
from tests.peers.telegram_markup import units
from tests.unit.telegram.captured import captured, raw_from


def said(name: str, **changes: Any) -> InboundMessage:  # noqa: ANN401 - whatever Telegram may send
    update = captured(name)
    update["message"] |= changes
    (found,) = inbound_from_raw(raw_from(update), "acme_desk_bot")
    assert isinstance(found, InboundMessage)
    return found


OWN = {"type": "supergroup", "id": -1001234, "title": "Acme & us"}
ELSEWHERE = {"origin": {"type": "hidden_user", "sender_user_name": "Max"}}


@pytest.mark.parametrize(
    ("name", "changes", "quoted"),
    [
        pytest.param("message", {}, "", id="nothing"),
        pytest.param("message_reply", {}, "[quoted from Lena Kova] Monday", id="a part of what is answered"),
        pytest.param("message_reply", {"quote": {"text": " "}}, "", id="nothing but space"),
        pytest.param("message_reply", {"quote": "Monday"}, "", id="what is no quote"),
        pytest.param(
            "external_reply", {}, "[quoted from Max Brandt, in Billing: photo] payment refused", id="from another chat"
        ),
        pytest.param(
            "external_reply", {"quote": {}}, "[quoted from Max Brandt, in Billing: photo]", id="no words of it"
        ),
        pytest.param("message", {"external_reply": {}}, "", id="an answer to nothing"),
        pytest.param("message", {"external_reply": ELSEWHERE}, "[quoted from Max]", id="from somebody's own chat"),
        pytest.param(
            "message",
            {"external_reply": {"poll": {"question": "Which?", "options": [{"text": "A"}, {"text": "B"}]}}},
            "[quoted from somebody: poll: Which? – A / B]",
            id="a poll of nobody",
        ),
        pytest.param(
            "message_reply",
            {
                "quote": {
                    "text": "here",
                    "entities": [{"type": "text_link", "offset": 0, "length": 4, "url": "//a.test"}],
                }
            },
            "[quoted from Lena Kova] here [//a.test]",
            id="a link behind other words",
        ),
        pytest.param(
            "message_reply",
            {"reply_to_message": {"message_id": 1, "sender_chat": OWN, "from": {"id": 1, "first_name": "Group"}}},
            "[quoted from Acme & us] Monday",
            id="from the group itself",
        ),
    ],
)
def test_what_a_message_points_at_stands_beside_its_words(name: str, changes: dict[str, Any], quoted: str) -> None:
    found = said(name, **changes)
    assert found.quoted == quoted
    assert found.text == said(name).text


def test_whatever_is_quoted_is_cleaned_and_no_longer_than_telegram_lets_it_be() -> None:
    found = said("message_reply", quote={"text": "\ud83d\u202e\x00" + "x" * 5_000})
    found.quoted.encode()
    assert len(found.quoted) < 1_100
    assert not {"\x00", "\u202e"} & set(found.quoted)


def test_who_hides_behind_a_group_or_a_channel_is_not_proven() -> None:
    assert said("anonymous_admin").doubt == "written in the group's own name, by an administrator of it"
    assert said("as_channel").doubt == "written in the name of a channel"
    assert not said("message_group").doubt


def test_half_an_emoji_is_one_unit_to_telegram() -> None:
    assert [units(text) for text in ("", "a", "\U0001f600", "\ud83d", "a\ude00")] == [0, 1, 2, 1, 2]
