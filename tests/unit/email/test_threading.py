"""Names that only we can make: what they prove, and for whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.email.threading import (
    Signer,
    message_id_from_external,
    thread_from_root,
    thread_of_doubt,
)

SIGNER = Signer(b"a key")
THREAD = thread_from_root("first@acme.test")
LENA, MAX = "lena@acme.test", "max@acme.test"


def test_a_token_counts_for_the_address_and_the_thread_it_was_made_for() -> None:
    token = SIGNER.reply_token(LENA, THREAD)
    assert SIGNER.thread_of_reply(token, LENA) == THREAD
    assert SIGNER.thread_of_reply(token, "Lena@ACME.test") == THREAD
    assert SIGNER.thread_of_reply(token.upper(), LENA) == THREAD
    assert SIGNER.thread_of_reply(token, MAX) is None
    assert Signer(b"another key").thread_of_reply(token, LENA) is None


def test_a_conversation_without_a_thread_has_a_token_too() -> None:
    assert SIGNER.thread_of_reply(SIGNER.reply_token(LENA, ""), LENA) == ""


def test_a_mail_is_known_by_its_own_name_and_by_where_it_comes_back_to() -> None:
    name = SIGNER.message_id(LENA, THREAD, "out:1")
    assert name == SIGNER.message_id(LENA, THREAD, "out:1")
    assert name != SIGNER.message_id(LENA, THREAD, "out:2")
    found = SIGNER.sent(name, [MAX, LENA], "sent")
    assert found is not None
    assert (found.address, found.thread, found.name) == (LENA, THREAD, name)
    assert SIGNER.sent(SIGNER.bounce_token(LENA, THREAD, "out:1"), [LENA], "bounce") == found
    assert SIGNER.sent(name, [MAX], "sent") is None


def test_a_token_for_one_purpose_proves_nothing_for_another() -> None:
    name, bounce = SIGNER.message_id(LENA, THREAD, "out:1"), SIGNER.bounce_token(LENA, THREAD, "out:1")
    reply = SIGNER.reply_token(LENA, THREAD)
    assert SIGNER.sent(name, [LENA], "bounce") is None
    assert SIGNER.sent(bounce, [LENA], "sent") is None
    assert SIGNER.sent(reply, [LENA], "sent") is None
    assert SIGNER.thread_of_reply(name, LENA) is None


def test_every_token_fits_into_an_address() -> None:
    tokens = SIGNER.reply_token(LENA, THREAD), SIGNER.bounce_token(LENA, THREAD, "x" * 500)
    assert all(len(f"support+{token}") <= 64 and token.isalnum() and token.islower() for token in tokens)


@given(st.text(max_size=80))
def test_rubbish_is_no_token(token: str) -> None:
    assert SIGNER.thread_of_reply(token, LENA) is None
    assert SIGNER.sent(token, [LENA], "sent") is None


@given(st.integers(0, 38), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_token_with_any_letter_changed_is_none(place: int, letter: str) -> None:
    token = SIGNER.reply_token(LENA, THREAD)
    changed = token[:place] + letter + token[place + 1 :]
    assert (SIGNER.thread_of_reply(changed, LENA) == THREAD) is (changed == token)


def test_a_thread_in_doubt_is_never_one_of_a_proven_sender() -> None:
    assert thread_of_doubt("first@acme.test") != THREAD
    assert len(thread_of_doubt("x")) == len(THREAD) == 16


def test_a_name_that_is_no_thread_is_refused() -> None:
    with pytest.raises(ValueError, match="names no thread"):
        SIGNER.reply_token(LENA, "general")


@pytest.mark.parametrize(
    ("external_id", "written"),
    [
        pytest.param("abc@acme.test 0123abcd", "<abc@acme.test>", id="a client's mail"),
        pytest.param("abc@desk.test", "<abc@desk.test>", id="ours"),
        pytest.param("sha256:0123", None, id="a mail without a name"),
        pytest.param("sha256:0123@x", None, id="a mail without a name that looks like one"),
        pytest.param("a\r\nBcc:x@y.test", None, id="a line break"),
        pytest.param("ключ@acme.test 01", None, id="letters that no header may hold"),
    ],
)
def test_a_message_id_is_had_back_from_our_name_of_a_mail(external_id: str, written: str | None) -> None:
    assert message_id_from_external(external_id) == written


def test_the_key_is_not_shown() -> None:
    assert "a key" not in repr(SIGNER)
