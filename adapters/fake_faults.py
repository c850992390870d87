"""How the channel in memory fails when it is told to, and what it notices about a sender in too much haste."""

from collections import deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from adapters.errors import DeliveryError, MovedError, TemporaryError, UncertainError
from adapters.message import Conversation, Identity, Untaken
from adapters.port import Limits

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Violation:
    """A send or an edit that came sooner than the channel bears; a real one would have refused it."""

    at: datetime
    conversation: Conversation
    rule: Literal["per_second", "per_conversation"]


class Faults:
    """What stands between a send and its arrival. Nothing goes wrong that was not asked for."""

    def __init__(self, limits: Limits, now: Callable[[], datetime]) -> None:
        self.violations: list[Violation] = []
        self.is_down = False
        self.wait: Callable[[], Awaitable[object]] | None = None
        self._limits = limits
        self._now = now
        self._failures: deque[DeliveryError] = deque()
        self._cuts = 0
        self._untaken: tuple[Untaken, ...] = ()
        self._arrivals: deque[datetime] = deque()
        self._last: dict[Conversation, datetime] = {}

    def fail_next(self, error: DeliveryError, times: int) -> None:
        self._failures.extend([error] * times)

    def cut_after_sending(self, times: int) -> None:
        self._cuts += times

    def leave_untaken(self, untaken: tuple[Untaken, ...]) -> None:
        self._untaken = untaken

    def untaken(self, copies: Collection[Identity]) -> tuple[Untaken, ...]:
        """What becomes of the copies of what arrives now; each is asked about once."""
        found = tuple(one for one in self._untaken if one.to in copies)
        self._untaken = tuple(one for one in self._untaken if one not in found)
        return found

    async def before_arrival(self, conversation: Conversation | None) -> None:
        """Raise what stops a send on its way; otherwise it is there. None: it is no message, so no pace counts."""
        if self.wait is not None:
            await self.wait()
        if self.is_down:
            raise TemporaryError("the channel is down")
        if conversation is not None:
            self._pace(conversation)
        if self._failures:
            # Raised anew each time: one exception raised twice would carry the first one's traceback.
            raise _again(self._failures.popleft())

    def after_arrival(self) -> None:
        if self._cuts:
            self._cuts -= 1
            raise UncertainError("the connection died after the message was handed over")

    def _pace(self, conversation: Conversation) -> None:
        at = self._now()
        while self._arrivals and self._arrivals[0] <= at - _SECOND:
            self._arrivals.popleft()
        if self._limits.per_second is not None and len(self._arrivals) >= self._limits.per_second:
            self.violations.append(Violation(at, conversation, "per_second"))
        last = self._last.get(conversation)
        if last is not None and at - last < self._limits.per_conversation:
            self.violations.append(Violation(at, conversation, "per_conversation"))
        self._arrivals.append(at)
        self._last[conversation] = at


def _again(error: DeliveryError) -> DeliveryError:
    if isinstance(error, MovedError):
        return MovedError(str(error), to=error.to)
    if isinstance(error, TemporaryError):
        return TemporaryError(str(error), retry_after=error.retry_after, is_alone=error.is_alone)
    if isinstance(error, UncertainError):
        return UncertainError(str(error), retry_after=error.retry_after)
    return type(error)(*error.args)
