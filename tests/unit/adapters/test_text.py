"""Texts are cleaned of what breaks stores and screens, and cut where a reader would cut them."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.text import ELLIPSIS, clean, is_blank, one_line, split, truncate, utf16_size

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
SEEN_AS_ONE = [
    pytest.param(FAMILY, id="an emoji family"),
    pytest.param("👍🏽", id="a skin tone"),
    pytest.param("🇺🇦", id="a flag"),
    pytest.param("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", id="the flag of England"),
    pytest.param("e\u0301", id="a letter with its accent"),
    pytest.param("☎\ufe0f", id="a sign drawn as an emoji"),
    pytest.param("\u1112\u1161\u11ab", id="a syllable in parts"),
    pytest.param("क्षि", id="an Indic conjunct"),
    pytest.param("น\u0e33", id="a Thai vowel"),
    pytest.param("\r\n", id="a line's end"),
]

written = st.lists(
    st.one_of(
        st.characters(codec="utf-8"), st.sampled_from(["e\u0301", FAMILY, "🇺🇦", "\n", "\n\n", " ", ". ", "word"])
    ),
    max_size=200,
).map("".join)


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\u200b\u200b", "\u2060 \u200d", "\N{SOFT HYPHEN}", "\N{IDEOGRAPHIC SPACE}"]
)
def test_what_nobody_sees_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", [".", "\u200b?", FAMILY, "\u05d0\u200f", "\N{COMBINING ACUTE ACCENT}"])
def test_what_somebody_sees_is_not_blank(text: str) -> None:
    assert not is_blank(text)


def bare(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("a\x00b", "ab", id="NUL"),
        pytest.param("a\ud83db", "a\ufffdb", id="half an emoji"),
        pytest.param("invoice\u202efdp.exe", "invoicefdp.exe", id="an override that turns a name around"),
        pytest.param("\u2066hidden\u2069", "hidden", id="isolates"),
        pytest.param("\ufefftext", "text", id="a byte order mark"),
        pytest.param("red \x1b[31mtext", "red [31mtext", id="a terminal escape"),
        pytest.param("one\r\ntwo\rthree\u2028four\x85five", "one\ntwo\nthree\nfour\nfive", id="every kind of line end"),
        pytest.param("col\tcol", "col\tcol", id="a tab stays"),
        pytest.param("\u200fעברית\u200f", "\u200fעברית\u200f", id="direction marks stay"),
        pytest.param("می\u200cخواهم", "می\u200cخواهم", id="a Persian joiner stays"),
        pytest.param(FAMILY, FAMILY, id="an emoji family stays"),
    ],
)
def test_a_text_is_cleaned_of(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@given(st.text(st.characters(), max_size=300))
def test_a_clean_text_is_safe_to_store_send_and_log(typed: str) -> None:
    cleaned = clean(typed)

    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert json.loads(json.dumps(cleaned)) == cleaned
    assert not {unicodedata.category(character) for character in cleaned if character not in "\t\n"} & {"Cc", "Cs"}
    assert cleaned.splitlines() == cleaned.removesuffix("\n").split("\n") or not cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("  Lena\n\n  Meyer ", "Lena Meyer", id="lines become spaces"),
        pytest.param("a" * 300, "a" * 199 + ELLIPSIS, id="a huge name is shortened"),
        pytest.param(
            "Subject\r\nBcc: everyone@acme.test", "Subject Bcc: everyone@acme.test", id="a header stays words"
        ),
        pytest.param("\x00\u202e", "", id="nothing that can be read"),
    ],
)
def test_a_name_becomes_one_line(typed: str, kept: str) -> None:
    assert one_line(typed) == kept


@given(st.text(st.characters(), max_size=2000))
def test_one_line_is_one_line_within_its_limit(typed: str) -> None:
    line = one_line(typed, 50)

    assert len(line) <= 50
    assert len(line.splitlines()) <= 1
    assert line == line.strip()


@pytest.mark.parametrize(
    ("text", "size"),
    [
        pytest.param("Payroll", 7, id="latin letters"),
        pytest.param("Привіт", 6, id="cyrillic letters"),
        pytest.param("👍🏽", 4, id="an emoji with a skin tone"),
    ],
)
def test_telegram_counts_utf16_units(text: str, size: int) -> None:
    assert utf16_size(text) == size == len(text.encode("utf-16-le")) // 2


def test_a_text_that_fits_is_left_as_it_is() -> None:
    assert truncate("  as it is \n", 12) == "  as it is \n"
    assert split("  as it is \n", 12) == ("  as it is \n",)


@pytest.mark.parametrize("one", SEEN_AS_ONE)
def test_what_is_seen_as_one_character_is_never_cut(one: str) -> None:
    text = "x" * 40 + one * 3

    for limit in range(41 + len(one), len(text)):
        assert all(bare(piece).replace("x", "") == bare(one) * piece.count(one) for piece in split(text, limit))
        assert bare(truncate(text, limit).rstrip(ELLIPSIS)).replace("x", "") in {bare(one) * n for n in range(3)}


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        pytest.param("one two three four", ("one two", "three four"), id="at a word"),
        pytest.param("we are. a bcd", ("we are.", "a bcd"), id="at a sentence before a word"),
        pytest.param("first l\nsecond", ("first l", "second"), id="at a line"),
        pytest.param("a bcd\n\nc\nd e", ("a bcd", "c\nd e"), id="at a paragraph before a line"),
        pytest.param("abcdefghij klm", ("abcdefghij", "klm"), id="at the limit itself"),
        pytest.param("abcdefghijklm", ("abcdefghij", "klm"), id="inside a word when there is no pause"),
        pytest.param("code:\n  indented", ("code:", "  indented"), id="indented lines keep their indent"),
    ],
)
def test_a_long_text_is_divided(text: str, pieces: tuple[str, ...]) -> None:
    assert split(text, 10) == pieces


@given(written, st.integers(min_value=2, max_value=80))
def test_dividing_loses_nothing_but_white_space_at_the_seams(text: str, limit: int) -> None:
    pieces = split(text, limit, utf16_size)

    assert all(utf16_size(piece) <= limit for piece in pieces)
    assert bare("".join(pieces)) == bare(text)
    assert len(pieces) == 1 or all(piece.strip() for piece in pieces)


@given(written, st.integers(min_value=1, max_value=80))
def test_a_shortened_text_fits_and_begins_as_the_whole_one(text: str, limit: int) -> None:
    shown = truncate(text, limit, utf16_size)

    assert utf16_size(shown) <= limit
    assert shown == text or (shown.endswith(ELLIPSIS) and text.startswith(shown.removesuffix(ELLIPSIS)))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("🇺" * 200_000, id="flags without end"),
        pytest.param("a" + "\u0301" * 200_000, id="one letter under a heap of accents"),
        pytest.param("👨\u200d" * 100_000, id="a family without end"),
        pytest.param("word " * 40_000, id="plain words"),
        pytest.param("\n" * 200_000, id="empty lines"),
    ],
)
def test_a_hostile_text_is_divided_in_time_that_grows_with_its_length_only(text: str) -> None:
    pieces = split(text, 4096, utf16_size)

    assert all(utf16_size(piece) <= 4096 for piece in pieces)
    assert bare("".join(pieces)) == bare(text)
