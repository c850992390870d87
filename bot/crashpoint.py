"""Places where a fault test may have this process die, the hard way: SIGKILL, as from a power cut.

Nothing is armed outside a rehearsal; settings.py refuses it. An unarmed point costs one comparison.
"""

import os
import signal
import threading
from typing import Final

#: Every place, in the order a message meets them.
NAMES: Final = (
    "journal.before_commit",  # payloads are written, the transaction is open
    "journal.after_commit",  # they are on disk with what could be decided at once, the channel has not heard so
    "intake.kept",  # the channel was acknowledged, what waits its turn is not decided
    "intake.decided",  # tickets, messages, alarms and outbox rows are on disk
    "command.decided",  # what a person did is on disk, the person has not heard so
    "alarm.decided",  # what was due is decided and on disk
    "sender.claimed",  # a row is ours, the channel has heard nothing
    "sender.sent",  # the channel took it, we have not written that down
    "sender.settled",  # it is written down
    "apply.before_commit",  # a new revision of the desk is written, the transaction is open
    "apply.after_commit",  # it is on disk, the running bot works with the old one
)


class _Armed:
    """The point that kills, and how many hits are left until it does."""

    def __init__(self, name: str, hit: int) -> None:
        self.name = name
        self._left = hit
        self._lock = threading.Lock()

    def hit(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left == 0


_armed: _Armed | None = None


def parse(spec: str) -> tuple[str, int]:
    """Read `name` or `name:n`, where n counts hits from 1. ValueError names the mend."""
    name, _, count = spec.partition(":")
    if name not in NAMES:
        raise ValueError(f"{name!r} is no crash point: write one of {', '.join(NAMES)}")
    if count and (not count.isdecimal() or int(count) < 1):
        raise ValueError(f"{count!r} is no number of a hit: write {name}:1 or more")
    return name, int(count or 1)


def arm(spec: str) -> None:
    """From now on the process dies at the given hit of the given point."""
    global _armed  # noqa: PLW0603 - the points are all over the program; handing this down to each would cost every call
    _armed = _Armed(*parse(spec))


def reach(name: str) -> None:
    """Say that this point is reached. Returns, unless it is the armed one and this is its hit."""
    if _armed is not None and _armed.name == name and _armed.hit():
        os.kill(os.getpid(), signal.SIGKILL)
