"""Names of Telegram's chats, messages and updates."""

import pytest

from adapters.errors import MalformedError
from adapters.telegram import ids


@pytest.mark.parametrize(
    ("address", "chat", "topic"),
    [
        pytest.param("1001", 1001, None, id="a person"),
        pytest.param("-1001234", -1_001_234, None, id="a group"),
        pytest.param("-1001234#55", -1_001_234, 55, id="a topic"),
    ],
)
def test_an_address_is_taken_apart_and_put_together_again(address: str, chat: int, topic: int | None) -> None:
    place = ids.place_from_address(address)
    assert (place.chat, place.topic, place.is_person) == (chat, topic, chat > 0)
    assert ids.conversation("desk", chat, topic).address == address


@pytest.mark.parametrize(
    "address",
    ["", "0", "1001#5", "-1001234#", "-1001234#0", "--5", "T1/C1", "@name", "١٢٣", "1" * 17, "-1001234#5#6"],
)
def test_what_is_no_address_is_refused_with_how_to_write_one(address: str) -> None:
    with pytest.raises(ValueError, match="write a person's or a group's number"):
        ids.place_from_address(address)


def test_a_message_is_named_by_its_chat_and_its_number() -> None:
    assert ids.message_id(-1001234, 77) == "-1001234:77"
    assert ids.chat_and_message("-1001234:77") == (-1_001_234, 77)


@pytest.mark.parametrize("name", ["", "77", "-1001234", "-1001234:0", "-1001234:album:5", "a:b"])
def test_another_name_is_no_message(name: str) -> None:
    with pytest.raises(ValueError, match="names no message of Telegram"):
        ids.chat_and_message(name)


@pytest.mark.parametrize(
    ("value", "following"),
    [
        pytest.param("123:881", 881, id="our own"),
        pytest.param("999:881", None, id="of another bot"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="none yet"),
        pytest.param("123:x", None, id="not a number"),
    ],
)
def test_a_cursor_says_what_to_ask_for_next(value: str | None, following: int | None) -> None:
    assert ids.next_from_cursor(value, "123") == following


def test_a_cursor_is_read_as_it_was_written() -> None:
    assert ids.next_from_cursor(ids.cursor_value("123", 881), "123") == 881


@pytest.mark.parametrize("seconds", [0, -1, 10**12])
def test_what_is_no_moment_is_malformed(seconds: int) -> None:
    with pytest.raises(MalformedError):
        ids.moment_from_seconds(seconds)
