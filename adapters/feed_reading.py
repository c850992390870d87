"""What runs in the child that reads a feed, see feed_child.py. The machine itself ends it once it uses too much.

Before that it ends by itself, event by event, what takes longer than an appointment is worth: see feed.py.
"""

import json
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone, tzinfo
from types import FrameType
from typing import Any, Final
from zoneinfo import ZoneInfo

from adapters.feed import TooLongError, spans_from_ics
from adapters.feed_child import TOO_MUCH

#: As much as all of a feed takes that is read at once, and then more than a dozen of its events that take for ever.
CPU_S: Final = 10
MEMORY: Final = 512 * 1024 * 1024


def main() -> None:
    """Read one feed and say what came of it."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    signal.signal(signal.SIGPROF, _ended)
    asked = json.loads(sys.stdin.buffer.readline())
    sys.stdout.write(json.dumps(_answer(sys.stdin.buffer.read(), asked)))


def _answer(content: bytes, asked: dict[str, Any]) -> dict[str, Any]:
    since, until = datetime.fromisoformat(asked["since"]), datetime.fromisoformat(asked["until"])
    try:
        ours = frozenset(asked["ours"])
        read = spans_from_ics(
            content,
            zone=_zone(asked["zone"]),
            since=since,
            until=until,
            ours=ours,
            is_leave=asked["is_leave"],
            within=_within,
        )
    except ValueError as error:
        return {"wrong": str(error)}
    except (MemoryError, RecursionError):
        return {"wrong": TOO_MUCH}
    spans = [[one.since.isoformat(), one.until.isoformat()] for one in read.spans]
    return {"spans": spans, "broken": read.broken}


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """End what runs in it after so much work. Again and again: a library may hold the first for an error of its own."""
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _ended(_number: int, _frame: FrameType | None) -> None:
    raise TooLongError


def _zone(name: str) -> tzinfo:
    if name[:1] in {"+", "-"}:
        hours, _, minutes = name[1:].partition(":")
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(offset if name[0] == "+" else -offset)
    return ZoneInfo(name)
