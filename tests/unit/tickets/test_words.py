"""What is a command of a client, a courtesy, a number of a ticket: and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tickets.decide_client import SUBJECT_LENGTH, subject_of
from bot.tickets.ticket import mentioned, ticket_id_from_number
from bot.tickets.words.courtesy import is_courtesy
from bot.tickets.words.decide_words import Word, word_from_text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param("/status", Word("status"), id="a command"),
        pytest.param("  /STATUS \n", Word("status"), id="shouted, with spaces"),
        pytest.param("/status@maitred_bot", Word("status"), id="to a bot in a group"),
        pytest.param("/language uk", Word("language", "uk"), id="with a language"),
        pytest.param("/new\nThe export\nis slow", Word("new", "The export\nis slow"), id="with lines below"),
        pytest.param("/statusquo", None, id="another word"),
        pytest.param("status", None, id="a plain word in a chat"),
        pytest.param("/", None, id="a slash"),
        pytest.param("", None, id="nothing"),
        pytest.param("/help me", None, id="a cry for help"),
    ],
)
def test_a_command_is_read_from_a_chat(text: str, word: Word | None) -> None:
    assert word_from_text(text, channel="telegram") == word


@given(st.text())
def test_any_text_is_a_command_or_none_and_nothing_else_happens(text: str) -> None:
    for channel in ("telegram", "email"):
        word_from_text(text, channel=channel)
        mentioned(text)
        subject_of(text, [])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("T-12", 12, id="alone"),
        pytest.param("about t-12, please", 12, id="in a sentence"),
        pytest.param("Re: [T-12] T-13", 12, id="the first of two"),
        pytest.param("ACT-12", None, id="the end of another word"),
        pytest.param("T-12-A", None, id="the beginning of another word"),
        pytest.param("T-1234567890123456", None, id="a number no ticket has"),
        pytest.param("T 12", None, id="without its dash"),
    ],
)
def test_a_ticket_is_named_by_its_number(text: str, number: int | None) -> None:
    assert mentioned(text) == number


@pytest.mark.parametrize("text", ["T-", "", "T-x", "T--1", "١٢", "T-9999999999999999", "12.5"])
def test_what_is_no_ticket_number_is_refused_with_the_mend(text: str) -> None:
    with pytest.raises(ValueError, match="write it like T-12"):
        ticket_id_from_number(text)


@pytest.mark.parametrize(
    ("text", "language", "is_thanks"),
    [
        pytest.param("Thanks!", "en", True, id="one word"),
        pytest.param("ok, thank you", "en", True, id="three words"),
        pytest.param("thank you so much", "en", False, id="a word of no list"),
        pytest.param("ok ok ok ok", "en", False, id="four words"),
        pytest.param("ok?", "en", False, id="a question"),
        pytest.param("👍👍", "de", True, id="signs only"),
        pytest.param("[sticker 👍]", "en", True, id="a sticker"),
        pytest.param("[sticker 👍] but it fails", "en", False, id="a sticker with words"),
        pytest.param("[poll: ok?]", "en", False, id="something else in brackets"),
        pytest.param("дякую", "uk", True, id="Ukrainian"),
        pytest.param("дякую", "en", False, id="Ukrainian from somebody who reads English"),
        pytest.param("thanks", "uk", True, id="English from anybody"),
        pytest.param("", "en", False, id="nothing"),
        pytest.param("." * 61, "en", False, id="too long to be thanks"),
    ],
)
def test_thanks_are_told_from_messages(text: str, language: str, *, is_thanks: bool) -> None:
    assert is_courtesy(text, language) is is_thanks


@pytest.mark.parametrize(
    ("text", "names", "subject"),
    [
        pytest.param("\n  \n Payroll   failed \nToday", [], "Payroll failed", id="the first line that says something"),
        pytest.param("", ["a.log"], "a.log", id="a file's name"),
        pytest.param("", [], "…", id="nothing at all"),
        pytest.param("word " * 40, [], f"{'word ' * 15}word…", id="cut at a word"),
        pytest.param("x" * 200, [], f"{'x' * SUBJECT_LENGTH}…", id="cut where there is no word"),
    ],
)
def test_a_ticket_is_called_by_its_first_words(text: str, names: list[str], subject: str) -> None:
    assert subject_of(text, names) == subject
