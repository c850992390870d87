"""What a first message tells about urgency and kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.triage import KeywordRule, Triage, triage

RULES = (
    KeywordRule(("is down", "не працює"), urgency="critical"),
    KeywordRule(("webhook",), kind="integration"),
    KeywordRule(("slow",), urgency="low", kind="speed"),
    KeywordRule(("nonsense",), urgency="galactic"),
)
LEVELS = ("critical", "high", "medium", "low")


def read(text: str) -> Triage:
    return triage(text, RULES, urgencies=LEVELS, default="medium")


@pytest.mark.parametrize(
    ("text", "urgency", "kind"),
    [
        pytest.param("Hello", "medium", None, id="nothing said"),
        pytest.param("The site IS DOWN!", "critical", None, id="a phrase in capitals"),
        pytest.param("The site is downstream of yours", "medium", None, id="half a word is no word"),
        pytest.param("Сайт не   працює", "critical", None, id="another alphabet and wide spaces"),
        pytest.param("Slow webhook", "low", "integration", id="the first rule of each"),
        pytest.param("[high] slow", "high", "speed", id="a stated tag wins"),
        pytest.param("Critical: all is lost", "critical", None, id="stated with a colon"),
        pytest.param("We are critical: of you", "medium", None, id="stated only at the beginning"),
        pytest.param("nonsense", "medium", None, id="an urgency this policy does not have"),
        pytest.param("", "medium", None, id="an empty message"),
    ],
)
def test_words_mean_what_the_desk_says(text: str, urgency: str, kind: str | None) -> None:
    seen = read(text)
    assert (seen.urgency, seen.kind) == (urgency, kind)


def test_the_reason_names_the_words() -> None:
    assert read("[high] slow webhook").reason == "the client stated high, “webhook” means integration"
    assert not read("Hello").reason


@given(st.text())
def test_any_text_has_an_urgency_of_the_policy(text: str) -> None:
    assert read(text).urgency in LEVELS
