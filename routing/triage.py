"""How soon a message matters and what kind of work it is, from what the client said, by rules the desk file lists.

A rule matches whole words or phrases, whatever their case. Rules are read in order; the first that states an urgency
gives it and the first that states a kind gives that. No rule ever lowers what the client stated in so many words.
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
    """If any of `words` stands in the text: this urgency, this kind, or both."""

    words: tuple[str, ...]
    urgency: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Triage:
    """What was concluded and from which words; `reason` is empty where nothing matched."""

    urgency: str
    kind: str | None = None
    reason: str = ""


def triage(text: str, rules: Sequence[KeywordRule], *, urgencies: Sequence[str], default: str) -> Triage:
    """Read a client's first message. A leading tag such as `[high]` or `high:` is their own statement and wins."""
    if not _may_say(text[:READ].casefold(), rules, urgencies):
        return Triage(default)
    folded = _folded(text)
    stated = next((urgency for urgency, tags in _tags(tuple(urgencies)) if folded.startswith(tags)), None)
    urgency, kind, reasons = stated, None, [f"the client stated {stated}"] if stated else []
    for rule in rules:
        word = next((word for word in rule.words if _folded_word(word) in folded), None)
        if word is None:
            continue
        if urgency is None and rule.urgency in urgencies:
            urgency = rule.urgency
            reasons.append(f"“{word}” means {urgency}")
        if kind is None and rule.kind is not None:
            kind = rule.kind
            reasons.append(f"“{word}” means {kind}")
    return Triage(urgency or default, kind, ", ".join(reasons))


def _may_say(text: str, rules: Sequence[KeywordRule], urgencies: Sequence[str]) -> bool:
    """Whether a text is worth its folding: most messages hold no part of any word that a rule knows."""
    return text.lstrip().startswith(("[", *urgencies)) or any(
        _part(word) in text for rule in rules for word in rule.words
    )


def _folded(text: str) -> str:
    """Words framed by single spaces, punctuation as words of its own: so matching is by whole words."""
    return f" {' '.join(_WORD.findall(text[:READ].casefold()))} "


#: The words of the rules are few and asked about with every message: kept, since folding them costs most of a triage.
_folded_word = lru_cache(maxsize=4_096)(_folded)


@lru_cache(maxsize=4_096)
def _part(word: str) -> str:
    """The longest part of a rule's word or phrase that any text with it must hold."""
    return max(_folded_word(word).split(), key=len, default="")


@lru_cache(maxsize=256)
def _tags(urgencies: tuple[str, ...]) -> tuple[tuple[str, tuple[str, str]], ...]:
    """Each urgency with how a client may state it."""
    return tuple((urgency, (f" {urgency} : ", f" [ {urgency} ] ")) for urgency in urgencies)
