"""How fast each channel is sent to, and when a send that failed is tried again: its own word first, then our steps."""

from typing import Final

from adapters.errors import TemporaryError, UncertainError
from adapters.message import Channel
from bot.desk.hearing import Adapters
from bot.desk.sending.pace import Pace, backoff
from bot.store.delivery.outbox import Outgoing
from sla.duration import Instant, later

#: No messages: a channel's rest between two messages does not hold them up, nor they a message.
UNPACED: Final = frozenset({"mark", "home"})
#: Whether something arrived is asked at least once a minute, however often it was tried: its lane waits.
STEPS_OF_DOUBT: Final = 4


class Paces:
    """The pace of every channel that is served here."""

    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        self._paces: dict[Channel, Pace] = {}

    def ready_at(self, row: Outgoing, *, now: Instant) -> Instant:
        """When a row may leave: now, unless its channel or its place rests."""
        return now if row.what in UNPACED else self._of(row).ready_at(_place_of(row), now=now)

    def took(self, row: Outgoing, *, at: Instant) -> None:
        """A row leaves at that moment."""
        if row.what not in UNPACED:
            self._of(row).took(_place_of(row), at=at)

    def again_at(self, row: Outgoing, error: Exception, now: Instant, *, is_doubt: bool = False) -> Instant:
        """When to try or to ask again: no sooner than the channel asked for, mostly of the whole place."""
        asked = error.retry_after if isinstance(error, TemporaryError | UncertainError) else None
        if asked is not None:
            until = later(now, asked)
            if row.what not in UNPACED and not (isinstance(error, TemporaryError) and error.is_alone):
                self._of(row).hold(_place_of(row), until=until)
            return until
        is_doubt = is_doubt or isinstance(error, UncertainError)
        is_letter = not is_doubt and self._adapters[Channel(row.channel)].limits.has_letters
        return backoff(min(row.attempts, STEPS_OF_DOUBT) if is_doubt else row.attempts, at=now, is_letter=is_letter)

    def _of(self, row: Outgoing) -> Pace:
        channel = Channel(row.channel)
        if channel not in self._paces:
            self._paces[channel] = Pace(self._adapters[channel].limits)
        return self._paces[channel]


def _place_of(row: Outgoing) -> str:
    """What a channel's rest between two messages counts for: the place, whichever thread in it."""
    return row.lane.partition("#")[0]
