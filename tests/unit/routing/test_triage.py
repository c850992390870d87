"""What a first message tells about urgency and kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.triage import KeywordRule, MatrixRow, Triage, is_louder, triage

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


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        pytest.param("Re: [high] slow", "high", id="an answer to a mail"),
        pytest.param("FWD: Re: critical: lost", "critical", id="passed on and answered"),
        pytest.param("Re: nothing", "medium", id="an answer that states nothing"),
        pytest.param("re [high]", "medium", id="a word that only begins so"),
    ],
)
def test_a_tag_is_found_below_what_mail_programs_put_before_a_subject(text: str, urgency: str) -> None:
    assert read(text).urgency == urgency


MATRIX = (
    MatrixRow("critical", impact="all", plans=("premium",)),
    MatrixRow("high", impact="all"),
    MatrixRow("low", plans=("trial",), stated=("critical", "high")),
    MatrixRow("galactic", impact="one"),
    MatrixRow("high", plans=("vip",)),
)
IMPACTS = (
    KeywordRule(("everybody",), impact="all"),
    KeywordRule(("fyi",), urgency="low"),
    KeywordRule(("me",), impact="one"),
)


@pytest.mark.parametrize(
    ("text", "plan", "stated", "urgency", "reason"),
    [
        pytest.param(
            "everybody",
            "premium",
            None,
            "critical",
            "“everybody” means impact all, for plan premium that is critical",
            id="impact and plan",
        ),
        pytest.param(
            "everybody", "trial", None, "high", "“everybody” means impact all, that is high", id="impact alone"
        ),
        pytest.param(
            "[critical] everybody",
            "standard",
            None,
            "critical",
            "the client stated critical, “everybody” means impact all",
            id="a row never lowers what was stated",
        ),
        pytest.param(
            "[critical] x",
            "trial",
            None,
            "low",
            "the client stated critical, for plan trial that is low",
            id="but one that names the statement does",
        ),
        pytest.param(
            "x", "trial", "high", "low", "the client stated high, for plan trial that is low", id="stated by a button"
        ),
        pytest.param("x", "standard", "galactic", "medium", "", id="stated a level the policy does not know"),
        pytest.param(
            "me", "standard", None, "medium", "“me” means impact one", id="a row for a level the policy does not know"
        ),
        pytest.param("x", "vip", None, "high", "for plan vip that is high", id="a plan where nothing is said"),
        pytest.param("fyi", "vip", None, "low", "“fyi” means low", id="words say more than a plan"),
    ],
)
def test_the_first_row_of_the_matrix_that_fits_has_the_last_word(
    text: str, plan: str, stated: str | None, urgency: str, reason: str
) -> None:
    seen = triage(text, IMPACTS, urgencies=LEVELS, default="medium", matrix=MATRIX, plan=plan, stated=stated)
    assert (seen.urgency, seen.reason) == (urgency, reason)


@given(st.text(), st.sampled_from([None, *LEVELS]))
def test_a_matrix_that_asks_for_no_statement_never_lowers_one(text: str, stated: str | None) -> None:
    rows = [row for row in MATRIX if not row.stated]
    seen = triage(text, IMPACTS, urgencies=LEVELS, default="medium", matrix=rows, plan="premium", stated=stated)
    assert seen.stated is None or not is_louder(seen.stated, seen.urgency, LEVELS)


def test_a_level_that_nobody_knows_is_no_louder_and_no_quieter() -> None:
    assert is_louder("critical", "low", LEVELS)
    assert not is_louder("low", "low", LEVELS)
    assert not is_louder("galactic", "low", LEVELS)
    assert not is_louder("low", "galactic", LEVELS)
