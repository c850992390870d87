"""How soon a message matters and what kind of work it is, from what the client said, by rules the desk file lists.

A rule matches whole words or phrases, whatever their case. Rules are read in order; the first that states an urgency
gives it, the first that states a kind gives that, and so with the impact. What the client stated in so many words wins.
Then the matrix is asked: impact, plan and what was stated together; the first row that fits has the last word.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

#: So much of a message is read for words of the rules.
READ: Final = 4_000

#: A word, or a sign that is neither letter nor digit and stands for a word of its own.
_WORD: Final = re.compile(r"[^\W_]+|[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class KeywordRule:
    """If any of `words` stands in the text: this urgency, this kind, this impact, or several of them."""

    words: tuple[str, ...]
    urgency: str | None = None
    kind: str | None = None
    impact: str | None = None


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """Where the impact is this one, the plan one of these and what was stated one of these: this urgency.

    What a row leaves out may be anything. One that asks neither for an impact nor for what was stated counts only
    where nothing else says how soon it matters; one that asks for no statement never lowers what was stated.
    """

    urgency: str
    impact: str | None = None
    plans: tuple[str, ...] = ()
    stated: tuple[str, ...] = ()


#: A ground of a judgement: `stated`, `word`, `impact`, `plan` or `matrix`, which one, and what it means.
Ground = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Triage:
    """What was concluded and on which grounds; none where nothing matched."""

    urgency: str
    kind: str | None = None
    grounds: tuple[Ground, ...] = ()
    stated: str | None = None
    impact: str | None = None

    @property
    def reason(self) -> str:
        """The grounds in words, for the history; empty where nothing matched."""
        return ", ".join(_SAID[what].format(which=which, means=means) for what, which, means in self.grounds)


_SAID: Final = {
    "stated": "the client stated {which}",
    "word": "“{which}” means {means}",
    "impact": "“{which}” means impact {means}",
    "plan": "for plan {which} that is {means}",
    "matrix": "that is {means}",
}


def triage(
    text: str,
    rules: Sequence[KeywordRule],
    *,
    urgencies: Sequence[str],
    default: str,
    matrix: Sequence[MatrixRow] = (),
    plan: str = "",
    stated: str | None = None,
) -> Triage:
    """Read a client's words. A leading tag such as `[high]` or `high:` is their own statement, as `stated` is.

    `urgencies` are the policy's, the most urgent first; a level it does not know counts for nothing.
    """
    stated = stated if stated in urgencies else None
    if not _may_say(text[:READ].casefold(), rules, urgencies) and stated is None:
        return _by_matrix(Triage(default), matrix, urgencies, plan)
    folded = _folded(text)
    if stated is None:
        stated = next((urgency for urgency, tags in _tags(tuple(urgencies)) if _begins(folded, tags)), None)
    urgency, kind, impact = stated, None, None
    grounds: list[Ground] = [("stated", stated, stated)] if stated else []
    for rule in rules:
        word = next((word for word in rule.words if _folded_word(word) in folded), None)
        if word is None:
            continue
        if urgency is None and rule.urgency is not None and rule.urgency in urgencies:
            urgency = rule.urgency
            grounds.append(("word", word, urgency))
        if kind is None and rule.kind is not None:
            kind = rule.kind
            grounds.append(("word", word, kind))
        if impact is None and rule.impact is not None:
            impact = rule.impact
            grounds.append(("impact", word, impact))
    seen = Triage(urgency or default, kind, tuple(grounds), stated, impact)
    return _by_matrix(seen, matrix, urgencies, plan, is_open=urgency is None)


def is_louder(urgency: str, than: str, urgencies: Sequence[str]) -> bool:
    """Whether one level is more urgent than another; a level that the policy does not know is no louder than any."""
    if urgency not in urgencies or than not in urgencies:
        return False
    return urgencies.index(urgency) < urgencies.index(than)


def _by_matrix(
    seen: Triage, matrix: Sequence[MatrixRow], urgencies: Sequence[str], plan: str, *, is_open: bool = True
) -> Triage:
    row = next((row for row in matrix if row.urgency in urgencies and _fits(row, seen, plan, is_open=is_open)), None)
    if row is None or (seen.stated and not row.stated and is_louder(seen.stated, row.urgency, urgencies)):
        return seen
    ground = ("plan", plan, row.urgency) if row.plans else ("matrix", "", row.urgency)
    grounds = (*seen.grounds, ground) if row.urgency != seen.urgency else seen.grounds
    return Triage(row.urgency, seen.kind, grounds, seen.stated, seen.impact)


def _fits(row: MatrixRow, seen: Triage, plan: str, *, is_open: bool) -> bool:
    if row.impact is None and not row.stated and not is_open:
        return False
    is_impact = row.impact is None or row.impact == seen.impact
    return is_impact and (not row.plans or plan in row.plans) and (not row.stated or seen.stated in row.stated)


def _may_say(text: str, rules: Sequence[KeywordRule], urgencies: Sequence[str]) -> bool:
    """Whether a text is worth its folding: most messages hold no part of any word that a rule knows."""
    return text.lstrip().startswith(("[", "re", "fw", *urgencies)) or any(
        _part(word) in text for rule in rules for word in rule.words
    )


def _begins(folded: str, tags: tuple[str, ...]) -> bool:
    """Whether a text begins with one of the tags, or a subject does below the `Re:` that mail programs put there."""
    while folded.startswith(_PASSED_ON):
        folded = folded[folded.index(" : ") + 2 :]
    return folded.startswith(tags)


_PASSED_ON: Final = (" re : ", " fw : ", " fwd : ")


def _folded(text: str) -> str:
    """Words framed by single spaces, punctuation as words of its own: so matching is by whole words."""
    return f" {' '.join(_WORD.findall(text[:READ].casefold()))} "


#: The words of the rules are few and asked about with every message: kept, since folding them costs most of a triage.
_folded_word = lru_cache(maxsize=4_096)(_folded)


def is_covered_by(word: str, other: str) -> bool:
    """Whether every text with one word or phrase has the other as well."""
    return _folded_word(other) in _folded_word(word)


@lru_cache(maxsize=4_096)
def _part(word: str) -> str:
    """The longest part of a rule's word or phrase that any text with it must hold."""
    return max(_folded_word(word).split(), key=len, default="")


@lru_cache(maxsize=256)
def _tags(urgencies: tuple[str, ...]) -> tuple[tuple[str, tuple[str, str]], ...]:
    """Each urgency with how a client may state it."""
    return tuple((urgency, (f" {urgency} : ", f" [ {urgency} ] ")) for urgency in urgencies)
