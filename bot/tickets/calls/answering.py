"""Whether a bare number, or a bare moment, answers times that were offered. Pure.

It does as long as they are the newest thing we said there, and whenever it replies to them by name. Our receipts for
what the client says meanwhile ask nothing, so they end no offer; anything else we say does: it may be what is answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sla.duration import Instant


class Means(Enum):
    """What somebody answers: the offer that stands, named or by being newest; one before it; something else."""

    OFFER = "offer"
    NEWEST = "newest"
    OLDER = "older"
    ELSE = "else"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the transcript; `at` is when it was written down, the same for what came about together."""

    is_ours: bool
    is_automatic: bool
    at: Instant


@dataclass(frozen=True, slots=True)
class Shown:
    """Where an offer stands: the line that shows it, and the newest line there when it was shown last."""

    line: int
    newest: int


@dataclass(frozen=True, slots=True)
class Named:
    """The line of ours that a message replies to, by its number.

    `is_offer`: times were offered with it; `is_written`: one of our people wrote it.
    """

    line: int
    is_offer: bool
    is_written: bool = False


def meant(shown: Shown | None, named: Named | None, said: Sequence[Line], *, at: Instant) -> Means:
    """What a number means. `said` are the lines from the newest when the offer was shown on, the oldest first.

    A reply to something that stood before the offer is about that, however new the offer is. What was written after
    the number, which was said `at` that moment and may have waited for us, is no question that it answers.
    """
    if named is not None and shown is not None and named.line == shown.line:
        return Means.OFFER
    if named is not None and named.is_offer:
        return Means.OLDER
    is_about_else = named is not None and (named.is_written or (shown is not None and named.line <= shown.newest))
    if shown is None or is_about_else or not _is_newest(said, at):
        return Means.ELSE
    return Means.NEWEST


def _is_newest(said: Sequence[Line], at: Instant) -> bool:
    """Whether nothing of ours came after the offer but what was written in one breath with it, or with their words."""
    breath = said[0].at if said else None
    for line in said[1:]:
        if not line.is_ours:
            breath = line.at
        elif line.at <= at and not (line.is_automatic and line.at == breath):
            return False
    return True
