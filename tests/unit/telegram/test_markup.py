"""Texts as Telegram is given them: nothing in them is markup but ours, and a client's words cannot be pressed."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.telegram.markup import Piece, as_written, defused, drawn, for_our_people, shortened
from adapters.text import clean, utf16_size
from tests.peers.telegram_markup import from_html, with_found

JOINER = "\N{WORD JOINER}"
#: What Telegram's own clients take for an address without a scheme: a host of letters, digits and signs of all kinds.
BARE = re.compile(r"[^\s\u2000-\u206f/@]+\.(?:[a-z]{2,24}|рф)(?![^\s\u2000-\u206f/?#:.,!])")
FOUR = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")

HOSTILE = [
    pytest.param("</b><a href=tg://resolve?domain=evil>x</a>", id="a tag that closes ours"),
    pytest.param("<b", id="half a tag"),
    pytest.param("&lt;b&gt; &#60;b&#62; &amp;lt;", id="escapes"),
    pytest.param('<tg-emoji emoji-id="5">x</tg-emoji><blockquote expandable>', id="tags of Telegram's own"),
    pytest.param("/start token", id="a command"),
    pytest.param("please (/resolve@OurBot) now", id="a command to us"),
    pytest.param("@vera and\n@durov", id="names"),
    pytest.param("https://evil.test/x?a=1 http://localhost", id="addresses"),
    pytest.param("t.me/joinchat evil.com xn--e1a.рф i❤.ws", id="addresses without a scheme"),
    pytest.param("tg://resolve?domain=evil ton://transfer/x", id="addresses of apps"),
    pytest.param("write to lena@acme.example.com", id="a mail address"),
    pytest.param("10.0.0.1:8080", id="the address of a machine"),
    pytest.param("a\u202eb\u2066c\x00d\x1b[31m", id="signs that turn text around"),
    pytest.param("\ud800 broken", id="half a letter"),
]
SIGNS = st.text(st.sampled_from("<>&\"'/@.:ab1 \n#-_\u2060❤🙂tgcom") | st.characters(), max_size=60)


def pressable(html: str) -> list[str]:
    """What somebody could press in a text, by its markup or by what Telegram finds in it."""
    text, entities = from_html(html)
    kinds = {str(one["type"]) for one in with_found(text, entities)} - {"bold", "blockquote"}
    return [*kinds, *BARE.findall(text), *FOUR.findall(text), *re.findall(r"\w+://", text)]


@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_a_client_wrote_can_be_pressed(words: str) -> None:
    html = drawn([Piece("T-12", "b"), Piece("\n"), Piece(defused(words), "blockquote")]).html
    assert pressable(html) == []
    text, entities = from_html(html)
    assert text.replace(JOINER, "") == f"T-12\n{clean(words)}".strip()
    assert [one["type"] for one in entities] == ["bold", "blockquote"]


@pytest.mark.parametrize("words", HOSTILE)
def test_nor_in_words_to_our_people_that_name_the_client_drawn_or_plain(words: str) -> None:
    told = as_written(for_our_people(f"T-12: {words} was not sent this."))
    assert pressable(told.html) == []
    assert with_found(told.plain, []) == []


def test_our_people_may_press_what_only_shows_something() -> None:
    told = for_our_people("/queue lists your tickets (/desk), /back ends it; /queue@evil /queues a/queue are Lena's")
    assert told.replace(JOINER, "") == clean(told.replace(JOINER, ""))
    found = [told[one["offset"] :].partition(" ")[0].strip("),") for one in with_found(told, [])]
    assert found == ["/queue", "/desk"]


@settings(max_examples=300)
@given(SIGNS)
def test_no_text_at_all_becomes_an_entity_or_an_address(words: str) -> None:
    html = drawn([Piece("T-12 ", "b"), Piece(defused(words)), Piece(" end")]).html
    assert pressable(html) == []
    assert from_html(html)[0].replace(JOINER, "") == f"T-12 {clean(words)} end".replace(JOINER, "")


@given(SIGNS)
def test_our_own_words_are_read_as_they_were_written(words: str) -> None:
    text, entities = from_html(f"|{as_written(words).html}|")
    assert text == f"|{clean(words)}|"
    assert entities == []


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("It cost 1234.50 on 3.5 occasions.", id="amounts"),
        pytest.param("24/7 and 12/05, and/or", id="strokes between words"),
        pytest.param("Wait... what? e.g. this.", id="points at the end of words"),
    ],
)
def test_what_nobody_could_press_stays_as_it_is(words: str) -> None:
    assert defused(words).replace(f"e{JOINER}.g", "e.g") == words


def test_somebody_of_ours_is_called_by_their_number() -> None:
    called = drawn([Piece("🔔", person=42)])
    _, (entity,) = from_html(called.html)
    assert entity["type"] == "text_mention" or entity["url"] == "tg://user?id=42"
    assert called.plain == "🔔"


@given(st.text(), st.integers(min_value=0, max_value=30))
def test_a_text_is_shortened_to_units_of_utf16(words: str, limit: int) -> None:
    assert utf16_size(shortened(words, limit)) <= limit
