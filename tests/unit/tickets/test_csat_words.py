"""Which words are a score, and which are a message like any other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tickets.care.csat import score_from_text


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        pytest.param("4", "en", (4, ""), id="the number"),
        pytest.param(" 5 \n", "en", (5, ""), id="the number and nothing"),
        pytest.param("4/5", "en", (4, ""), id="of five"),
        pytest.param("2: it took three days", "en", (2, "it took three days"), id="words behind a colon"),
        pytest.param("1 - never again", "en", (1, "never again"), id="words behind a dash"),
        pytest.param("3\nCould be quicker", "en", (3, "Could be quicker"), id="words below"),
        pytest.param("5 thanks", "en", (5, "thanks"), id="a courtesy"),
        pytest.param("5 дякую", "uk", (5, "дякую"), id="a courtesy in their language"),
        pytest.param("3 of our funnels are down", "en", None, id="a count"),
        pytest.param("4 users cannot sign in", "en", None, id="another count"),
        pytest.param("45", "en", None, id="a larger number"),
        pytest.param("0", "en", None, id="below the lowest"),
        pytest.param("6", "en", None, id="above the highest"),
        pytest.param("T-4", "en", None, id="a ticket"),
        pytest.param("thanks", "en", None, id="only thanks"),
        pytest.param("", "en", None, id="nothing"),
    ],
)
def test_words_are_a_score_only_where_nobody_could_mean_anything_else(
    text: str, language: str, found: tuple[int, str] | None
) -> None:
    assert score_from_text(text, language) == found


@given(st.text())
def test_whatever_is_written_a_score_is_one_of_five(text: str) -> None:
    found = score_from_text(text, "en")
    assert found is None or 1 <= found[0] <= 5
