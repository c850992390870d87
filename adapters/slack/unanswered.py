"""What was asked of Slack and never answered: Slack may do it all the same, some time after we have stopped waiting.

So what is not there a second later is not there yet. Only once Slack has had its time, nothing is nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from adapters.errors import PermanentError, TemporaryError

#: Longer than Slack goes on with what it was asked, by the reckoning of its own front (504 after some thirty seconds).
DONE_WITHIN: Final = timedelta(seconds=60)
_REMEMBERED: Final = 5_000


class Unanswered:
    """Remembers by a message's key what was asked last; for as long as we live, a crash forgets it."""

    def __init__(self, wall: Callable[[], datetime]) -> None:
        self._wall = wall
        self._asked: dict[str, datetime] = {}

    @contextmanager
    def asking(self, key: str) -> Iterator[None]:
        """Ask within; whoever leaves without an answer, cancelled or cut off, leaves it open."""
        if len(self._asked) >= _REMEMBERED:
            self._asked = {one: at for one, at in self._asked.items() if self._wall() - at < DONE_WITHIN}
        self._asked[key] = self._wall()
        try:
            yield
        except (TemporaryError, PermanentError):
            del self._asked[key]
            raise
        del self._asked[key]

    def check(self, key: str) -> None:
        """Raises TemporaryError while Slack may still be at it."""
        asked_at = self._asked.get(key)
        if asked_at is not None and self._wall() - asked_at < DONE_WITHIN:
            raise TemporaryError("Slack did not answer and may still be at it")
