"""Reminders of one clock: where on its way to the due moment each stands, measured in the clock's own time.

Marks are listed mildest first, and that order decides which of two is the more urgent. A mark that falls at the start
or earlier means nothing on so short a target, and a mild mark at or after a more urgent one would only repeat it: both
are left out.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NewType

from sla.duration import millis, parse_duration

Mark = NewType("Mark", str)

#: What a clock fires when its moment has passed; no policy lists it.
BREACH = Mark("breach")
LAST_CALL = Mark("last_call")
DEFAULT_MARKS: tuple[Mark, ...] = (Mark("50%"), Mark("80%"), LAST_CALL)

MINUTE = 60_000
WHOLE = 100

_PERCENT = re.compile(r"([1-9]\d?)%", re.ASCII)


def parse_mark(text: str) -> Mark:
    """Read `50%`, `last_call` or `T-30m`."""
    if text == LAST_CALL or _PERCENT.fullmatch(text) or (text.startswith("T-") and parse_duration(text[2:])):
        return Mark(text)
    raise ValueError(
        f"{text!r} is not a reminder: write a share as in 80%, a time before due as in T-30m, or last_call"
    )


def out_of_order(marks: Sequence[str]) -> tuple[str, str] | None:
    """The first two of which the later listed is not the more urgent, so that one of them never falls; None for none.

    Shares are compared with shares and times before due with such times: how these two stand, the target decides.
    """
    shares = [mark for mark in marks if _PERCENT.fullmatch(mark)]
    times = [mark for mark in marks if mark.startswith("T-")]
    calls = [mark for mark in marks if mark == LAST_CALL]
    for one, other in (*pairwise(shares), *pairwise(times), *pairwise(calls)):
        if _point(one, WHOLE, 0) >= _point(other, WHOLE, 0):
            return one, other
    return None


@lru_cache(maxsize=1_024)  # few targets, asked about with every message
def mark_points(marks: tuple[str, ...], target_ms: int, need_ms: int) -> tuple[tuple[Mark, int], ...]:
    """Each mark that stands, mildest first, with the time used when it falls.

    Shares are of the target; what is counted back from the due moment is counted from `need_ms`, which is later than
    the target where a change left a running clock its floor.
    """
    points: list[tuple[Mark, int]] = []
    before = need_ms
    for mark in reversed(marks):
        point = _point(mark, target_ms, need_ms)
        if 0 < point < before:
            points.append((Mark(mark), point))
            before = point
    return tuple(reversed(points))


def last_call_ms(target_ms: int) -> int:
    """How long before due the last call falls: 5 % of the target, at least 2 and at most 30 minutes."""
    return min(30 * MINUTE, max(2 * MINUTE, target_ms // 20))


def _point(mark: str, target_ms: int, need_ms: int) -> int:
    if mark == LAST_CALL:
        return need_ms - last_call_ms(target_ms)
    if match := _PERCENT.fullmatch(mark):
        return target_ms * int(match[1]) // WHOLE
    return need_ms - millis(parse_duration(mark.removeprefix("T-")))
