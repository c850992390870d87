"""What is folded away below the words of a mail, in the words of many mail programs, and what never is."""

import re
import tomllib
from typing import Any

import pytest

from adapters.email.quoting import fold, words_alone
from tests.unit.email.corpus import FOLDER

KNOWN = tomllib.loads((FOLDER / "leads.toml").read_text("utf-8"))
HOUR = re.compile(r"\d[:.]\d\d")
SAID = "Yes, please."
MARKED = "> as agreed\n>\n> tomorrow"
PLAIN = "as agreed\n\ntomorrow"


def each(*tables: str) -> list[Any]:
    return [pytest.param(line, id=name) for table in tables for name, line in KNOWN[table].items()]


def marked(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


@pytest.mark.parametrize("lead", each("programs", "headers", "brief"))
def test_what_leads_to_a_marked_quote_goes_with_it(lead: str) -> None:
    for text in (f"{SAID}\n\n{lead}\n{MARKED}", f"{SAID}\n\n{lead}\n\n{MARKED}", f"{SAID}\n\n{marked(lead)}\n{MARKED}"):
        folded = fold(text)
        assert folded.said == words_alone(text) == SAID
        assert lead.partition("\n")[0].strip() in folded.beneath


@pytest.mark.parametrize("lead", each("programs"))
def test_a_lead_may_be_broken_anywhere_behind_its_hour(lead: str) -> None:
    """Programs break lines where they are full: never before the hour, and never in our answers."""
    line = " ".join(lead.split("\n"))
    breaks = [place for place, sign in enumerate(line) if sign == " " and HOUR.search(line, 0, place)]
    for place in breaks:
        broken = f"{line[:place]}\n{line[place + 1 :]}"
        assert fold(f"{SAID}\n\n{broken}\n{MARKED}").said == SAID, broken


@pytest.mark.parametrize(
    "own",
    [
        "On 2 March 2026 at 9:00 nothing was paid",
        "On 2 March 2026 at 9:00 I told the bank",
        "On 2 March 2026 at 9:00 it was paid.",
        "Seit dem Montag, 2. März 2026, 9:00 Uhr geht nichts",
        "2 марта 2026 в 9:00 упал магазин",
    ],
)
def test_a_paragraph_that_tells_of_an_hour_stays_above_a_lead(own: str) -> None:
    folded = fold(f"{own}\nVera Kova <vera@desk.test> wrote:\n{MARKED}")
    assert folded.said == own


@pytest.mark.parametrize("lead", each("programs", "headers"))
def test_a_quote_without_any_mark_is_known_by_what_leads_to_it(lead: str) -> None:
    for text in (f"{SAID}\n{lead}\n{PLAIN}", f"{SAID}\n\n{lead}\n\n{PLAIN}"):
        folded = fold(text)
        assert folded.said == words_alone(text) == SAID
        assert folded.beneath.endswith("tomorrow")


@pytest.mark.parametrize("lead", each("brief"))
def test_what_somebody_tells_of_another_stays(lead: str) -> None:
    text = f"{SAID}\n\n{lead}\n\n{PLAIN}\n\nThat fails."
    assert fold(text).said == text


@pytest.mark.parametrize("lead", each("programs", "brief"))
def test_an_answer_below_the_quote_is_all_that_was_said(lead: str) -> None:
    assert fold(f"{lead}\n{MARKED}\n\n{SAID}").said == SAID


@pytest.mark.parametrize("text", each("own"))
def test_somebodys_own_words_stay_with_what_they_show(text: str) -> None:
    assert fold(text).said == text


@pytest.mark.parametrize("line", each("added"))
def test_what_a_telephone_adds_is_no_word_of_its_owner(line: str) -> None:
    assert fold(f"{SAID}\n\n{line}").said == SAID
    assert fold(f"{SAID}\n\n{line}\n\nOn Mon, 2 Mar 2026 at 09:00, Vera <vera@desk.test> wrote:\n{MARKED}").said == SAID


@pytest.mark.parametrize("line", each("own_below"))
def test_last_words_that_begin_as_a_telephones_stay(line: str) -> None:
    assert fold(f"{SAID}\n\n{line}").said == f"{SAID}\n\n{line}"


@pytest.mark.parametrize("mark", ["> ", ""])
def test_above_our_own_mail_a_lead_is_known_in_any_language(mark: str) -> None:
    lead = "Kirjutas Vera kuupäeval 2. märts 2026 kell 9:00:"
    for gap in ("", "\n"):
        folded = fold(f"{SAID}\n\n{lead}\n{gap}{mark}##- Please write above this line -##\n{mark}\n{mark}Hi")
        assert folded.said == SAID
        assert folded.beneath.startswith(lead)


def test_a_sentence_without_a_moment_above_our_own_mail_stays() -> None:
    text = f"{SAID}\n\nYou told me:"
    assert fold(f"{text}\n> ##- Please write above this line -##\n> Hi").said == text
