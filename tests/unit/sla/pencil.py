"""Somebody who checks an explanation with a pencil: they have its lines, a calendar on the wall, and nothing of ours.

They read what was counted, add it up, and say when that makes the promise due. Whatever does not add up is an error.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sla.week import parse_zone

_MOMENT = r"\w{3} (\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?)(?: ([+-]\d\d:\d\d(?::\d\d)?))?"
_LENGTH = r"((?:\d+[hms] ?)+)"
_COUNTED = re.compile(rf"counted {_MOMENT} to {_MOMENT}: {_LENGTH}, together {_LENGTH}")
_PAUSED = re.compile(rf"not counted {_MOMENT} (?:still|to {_MOMENT}): \w+")
_ZONE = re.compile(r"\(all moments in (.+)\)")
#: What changes how much time of the clock is needed, or may pass at most.
_RESOLVED = re.compile(rf"resolved at the start to {_LENGTH}of opening hours")
_OTHERWISE = re.compile(rf"{_LENGTH}(more|less) than the target itself")
_BEFORE = re.compile(rf"{_LENGTH}(more|less) than is told above was used by hours that were changed since")
_AT_MOST = re.compile(rf"{_LENGTH}of real time at most")
_LEFT = re.compile(rf"left when it goes on: {_LENGTH}")

NOTHING = timedelta()


def due(lines: Sequence[str], *, slack: timedelta = NOTHING) -> datetime | None:
    """When these lines make the promise due; None while it waits. ValueError for what does not add up.

    `slack` is what may be lost where moments of less than a second were cut off.
    """
    return _Reader(lines, slack).due()


class _Reader:
    def __init__(self, lines: Sequence[str], slack: timedelta) -> None:
        self.lines, self.slack = lines, slack
        self.zone = parse_zone(str(_only(_ZONE, lines[-1])[1]))
        self.used, self.last = NOTHING, self._moments(lines[2])[0]
        self.begun, self.is_capped = self.last, any(_AT_MOST.search(line) for line in lines)
        self.ended = self._moments(lines[-1])
        for line in lines:
            self._count(line)

    def due(self) -> datetime | None:
        needed = self._needed()
        if not self.ended:
            left = next((_length(found[1]) for line in self.lines if (found := _LEFT.search(line))), None)
            if left is not None and not (left == NOTHING and self.used > needed):
                self._equal(self.used + left, needed, "what is used and what is left")
            return None
        at_once = next((line for line in self.lines if line.startswith("used up when")), None)
        if at_once is not None:
            return self._at_once(needed, *self._moments(at_once))
        is_used_up = abs(self.used - needed) <= self.slack
        if self.is_capped and any("which comes first" in line for line in self.lines):
            if self.used > needed + self.slack:
                raise ValueError("more was used than was needed")
            return self._by_cap()
        if not is_used_up:
            raise ValueError(f"{self.used} was used, and {needed} was needed")
        return self.last

    def _count(self, line: str) -> None:
        found = _COUNTED.fullmatch(line)
        if found is None:
            return
        since, until = self._moments(line)
        self._equal(until - since, _length(found[5]), line)
        together = _length(found[6])
        if not any("more such lines" in one for one in self.lines):
            self._equal(self.used + until - since, together, line)
        if since < self.last:
            raise ValueError(f"it was counted twice: {line}")
        self.used, self.last = together, until

    def _needed(self) -> timedelta:
        text = " ".join(self.lines)
        target = _only(re.compile(rf": {_LENGTH}|: \d+bd"), self.lines[0])[1]
        needed = _length(target) if target else _length(_only(_RESOLVED, text)[1])
        if other := _OTHERWISE.search(text):
            needed += _length(other[1]) if other[2] == "more" else -_length(other[1])
        if before := _BEFORE.search(text):
            needed -= _length(before[1]) if before[2] == "more" else -_length(before[1])
        return needed

    def _at_once(self, needed: timedelta, at: datetime) -> datetime:
        if self.used < needed and not (self.is_capped and self._by_cap() < at):
            raise ValueError("it was not used up then")
        return at

    def _by_cap(self) -> datetime:
        """Real time from the start, pauses left out."""
        at = self.begun + _length(next(found[1] for line in self.lines if (found := _AT_MOST.search(line))))
        for line in self.lines:
            if _PAUSED.fullmatch(line) and (self._moments(line)[0]) < at:
                since, until = self._moments(line)
                at += until - since
        return at

    def _moments(self, line: str) -> list[datetime]:
        """The moments of a line. A reading that the night of a change shows twice is no moment without its offset."""
        told = []
        for reading, offset in re.findall(_MOMENT, line):
            if offset:
                told.append(datetime.fromisoformat(f"{reading}{offset}"))
                continue
            local = datetime.fromisoformat(reading).replace(tzinfo=self.zone)
            if local.utcoffset() != local.replace(fold=1).utcoffset():
                raise ValueError(f"nobody knows which moment is meant: {line}")
            told.append(local)
        # Real time: aware moments of one zone would be subtracted as readings of its wall clock.
        return [one.astimezone(_UTC) for one in told]

    def _equal(self, one: timedelta, other: timedelta, what: str) -> None:
        if abs(one - other) > self.slack:
            raise ValueError(f"{what}: {one} is not {other}")


_UTC = parse_zone("UTC")


def _only(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.search(text)
    if found is None:
        raise ValueError(f"{pattern.pattern} is not told in {text}")
    return found


def _length(text: str) -> timedelta:
    units = {"h": 3600, "m": 60, "s": 1}
    return timedelta(seconds=sum(int(amount) * units[unit] for amount, unit in re.findall(r"(\d+)([hms])", text)))
