"""A promise as the board draws it: words, a ring, a tone, and what a browser needs to go on counting by itself.

A clock counts in its own time, so it may stand still while its calendar is closed. The page is told how much is left
and the stretch in which it ticks; after that stretch the page asks again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.tickets.cards import SOON_SHARE
from bot.tickets.texts import Texts
from sla.calendar import ALWAYS, Calendar
from sla.clock import Clock, PauseReason, State, left_ms, overdue_ms
from sla.duration import Instant
from sla.measure import ruler_of
from sla.policy import Metric
from sla.promise import calendar_of

#: The ring's circumference at radius 10, rounded up so that a full ring has no gap.
AROUND: Final = 63
#: At this share of the target left, a running promise is drawn as almost late.
ALMOST_LATE: Final = 0.2
#: Below this many seconds the seconds are told as well, unless time runs so fast that they would only flicker.
SHORT: Final = 600
MINUTE: Final = 60
HOUR: Final = 3600

_WAITS: Final[Mapping[PauseReason, str]] = {
    PauseReason.DETAILS_MISSING: "waiting for the client",
    PauseReason.THIRD_PARTY: "waiting for a third party",
    PauseReason.CLIENT_SCHEDULED: "the client chose the time",
    PauseReason.MAINTENANCE: "maintenance",
    PauseReason.RESOLVED: "resolved",
}
_ENDED: Final[Mapping[State, tuple[str, str]]] = {
    State.MET: ("ok", "kept"),
    State.MET_LATE: ("late", "answered late"),
    State.RETRACTED: ("ok", "kept after all"),
    State.CANCELLED: ("paused", "no longer owed"),
    State.STOPPED: ("paused", "stopped"),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """`dash` is the ring's filled length of 63. `left` is milliseconds left, or late where `is_over`; None: at rest.

    Between `ticks_from` and `ticks_until` (instants) the browser counts; None for an end that is not in sight.
    """

    key: str
    tone: str
    words: str
    metric: str
    small: str
    due: str
    dash: int = AROUND
    left: int | None = None
    target: int = 0
    ticks_from: Instant | None = None
    ticks_until: Instant | None = None
    is_over: bool = False


def drawn(
    clock: Clock, calendars: Mapping[str, Calendar], speak: Texts, *, now: Instant, has_seconds: bool = True
) -> Drawn:
    """One promise at one moment, moments told in the reader's zone."""
    calendar = calendar_of(clock, calendars)
    key, metric = f"{clock.metric}-{clock.started_at}", speak(f"metric_{clock.metric}")
    due = speak.moment(clock.due_at, now=now) if clock.due_at is not None else ""
    named = f"ETA {due}" if clock.metric is Metric.ETA and due else ""  # a moment that was told stays in sight
    if clock.state is State.RUNNING and clock.due_at is not None:
        left = left_ms(clock, calendar, at=now)
        # Where what is left is exactly the real time until due, every second counts, open or not.
        ruler = ALWAYS if left == clock.due_at - now else ruler_of(clock, calendar)
        since, until = _ticking(ruler, now)
        share = min(1.0, left / clock.target_ms) if clock.target_ms else 0.0
        tone = "ok" if share > SOON_SHARE else "soon" if share > ALMOST_LATE else "late"
        words = counted(left, has_seconds=has_seconds)
        small = named or f"{metric} · {due}"
        dash = max(1, round(AROUND * share))
        return Drawn(key, tone, words, metric, small, due, dash, left, clock.target_ms, since, until)
    if clock.state is State.BREACHED and clock.ended_at is None:
        over = overdue_ms(clock, calendar, at=now)
        since, until = _ticking(ruler_of(clock, calendar), now)
        words = f"{counted(over, has_seconds=has_seconds)} late"
        small = named or f"{metric} · was due {due}"
        return Drawn(key, "late", words, metric, small, due, 0, over, clock.target_ms, since, until, is_over=True)
    if clock.state is State.PAUSED:
        left = left_ms(clock, calendar, at=now)
        why = _WAITS[clock.pause_reason] if clock.pause_reason else "paused"
        return Drawn(key, "paused", "paused", metric, f"{why} · {counted(left, has_seconds=False)} left", "")
    tone, words = _ENDED.get(clock.state, ("late", "broken"))
    small = f"{metric} · was due {due}" if due else metric
    if clock.state is State.MET and clock.target_ms:
        small = f"{metric} · {counted(clock.used_ms, has_seconds=False)} of {counted(clock.target_ms)}"
    return Drawn(key, tone, words, metric, named or small, due)


def counted(ms: int, *, has_seconds: bool = True) -> str:
    """A length as the board counts it down: `3 h 12 min`, `4 min 07 s`, `42 s`; board.js says the same.

    Hours are never told as days, because a working day has its own length.
    """
    seconds = -(-ms // 1000)
    minutes = seconds // MINUTE
    if seconds >= HOUR:
        hours, rest = divmod(minutes, MINUTE)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    if seconds >= SHORT or not has_seconds:
        return f"{minutes} min"
    return f"{minutes} min {seconds % MINUTE:02} s" if minutes else f"{seconds} s"


def _ticking(ruler: Calendar, now: Instant) -> tuple[Instant, Instant | None]:
    since = now if ruler.is_open(now) else ruler.next_open(now)
    return since, ruler.closes_at(since)
