"""How soon a message matters and what kind of work it is, from what the client said, by rules the desk file lists.

A rule matches whole words or phrases, whatever their case. Rules are read in order; the first that states an urgency
gives it and the first that states a kind gives that. No rule ever lowers what the client stated in so many words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

#: So much of a message is read for words of the rules.
READ: Final = 4_000


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
    folded = _folded(text)
    stated = next((urgency for urgency in urgencies if folded.startswith((f" {urgency} : ", f" [ {urgency} ] "))), None)
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


def _folded(text: str) -> str:
    """Words framed by single spaces, punctuation as words of its own: so matching is by whole words."""
    # Most words hold no punctuation; to look at each sign of every word took twice as long.
    words = (word if word.isalnum() else _apart(word) for word in text[:READ].casefold().split())
    return f" {' '.join(words)} "


def _apart(word: str) -> str:
    return " ".join("".join(sign if sign.isalnum() else f" {sign} " for sign in word).split())


#: The words of the rules are few and asked about with every message: kept, since folding them costs most of a triage.
_folded_word = lru_cache(maxsize=4_096)(_folded)
