"""What a clock is made of, and how it is kept.

The value only; what happens to it is in `sla.clock`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sla.duration import DAY_MODES, BusinessDays, Instant, Within, length, millis
from sla.marks import DEFAULT_MARKS, Mark
from sla.policy import Metric, Target, Unit


class State(StrEnum):
    """Where a clock stands; see the drawing above."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    MET = "met"
    MET_LATE = "met_late"
    BREACHED = "breached"
    RETRACTED = "retracted"
    CANCELLED = "cancelled"


class PauseReason(StrEnum):
    """Why time does not count. `RESOLVED` is the pause between a resolution and a reopening."""

    DETAILS_MISSING = "details_missing"
    THIRD_PARTY = "third_party"
    CLIENT_SCHEDULED = "client_scheduled"
    MAINTENANCE = "maintenance"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that does not count; open while `until` is None."""

    reason: PauseReason
    at: Instant
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """`business_ms` and `wall_ms` are what was used before `running_since`, of the calendar and of real time.

    The clock is due when it has used `need_ms` in its unit, or `cap_ms` of real time if that comes first. `need_ms` is
    the target, or more where a change of the target left it its floor. `due_at` is None while paused or stopped; on a
    clock that ended it stays, for the record. `fired` holds marks that were told, or skipped for a more urgent one.
    `due_by` is the target that `due_at` was counted by, where another was recorded after the breach; else it is None.
    """

    metric: Metric
    state: State
    target: Target
    started_at: Instant
    due_at: Instant | None
    target_ms: int
    need_ms: int
    cap_ms: int | None
    running_since: Instant | None
    business_ms: int = 0
    wall_ms: int = 0
    breached_at: Instant | None = None
    satisfied_at: Instant | None = None
    ended_at: Instant | None = None
    end_reason: str = ""
    marks: tuple[Mark, ...] = DEFAULT_MARKS
    fired: tuple[Mark, ...] = ()
    pauses: tuple[Pause, ...] = ()
    generation: int = 0
    due_by: Target | None = None

    @property
    def counts_by(self) -> Target:
        """The target in whose time it counts."""
        return self.target if self.due_by is None else self.due_by

    @property
    def unit(self) -> Unit:
        return self.counts_by.unit

    @property
    def calendar(self) -> str | None:
        return self.counts_by.calendar

    @property
    def pause_reason(self) -> PauseReason | None:
        return self.pauses[-1].reason if self.state in {State.PAUSED, State.STOPPED} else None

    @property
    def used_ms(self) -> int:
        """What was used before `running_since`, in the clock's unit."""
        return self.wall_ms if self.unit is Unit.WALL else self.business_ms


def spans(clock: Clock, until: Instant) -> tuple[tuple[Instant, Instant], ...]:
    """The stretches in which the clock ran, up to `until`; open time or not."""
    begun, found = clock.started_at, []
    for pause in clock.pauses:
        found.append((begun, pause.at))
        if pause.until is None:
            break
        begun = pause.until
    else:
        found.append((begun, max(begun, until)))
    return tuple((since, stop) for since, stop in found if since < stop)


def clock_to_json(clock: Clock) -> dict[str, Any]:
    """Integers, strings, lists and None only; `clock_from_json` reads it back to an equal clock.

    What most clocks do not have is left out: there is one with every ticket, and a short row is read and written whole.
    """
    stored: dict[str, Any] = {
        "metric": clock.metric.value,
        "state": clock.state.value,
        "target": target_to_json(clock.target),
        "marks": list(clock.marks),
    }
    for name, default in _PLAIN.items():
        value = getattr(clock, name)
        if value != default:
            stored[name] = value
    if clock.fired:
        stored["fired"] = list(clock.fired)
    if clock.pauses:
        stored["pauses"] = [[pause.reason.value, pause.at, pause.until] for pause in clock.pauses]
    if clock.due_by is not None:
        stored["due_by"] = target_to_json(clock.due_by)
    return stored


def clock_from_json(stored: Mapping[str, Any]) -> Clock:
    return Clock(
        metric=Metric(stored["metric"]),
        state=State(stored["state"]),
        target=target_from_json(stored["target"]),
        marks=tuple(Mark(mark) for mark in stored["marks"]),
        fired=tuple(Mark(mark) for mark in stored.get("fired", ())),
        pauses=tuple(Pause(PauseReason(reason), at, until) for reason, at, until in stored.get("pauses", ())),
        due_by=target_from_json(stored["due_by"]) if "due_by" in stored else None,
        **{name: stored.get(name, default) for name, default in _PLAIN.items()},
    )


def target_to_json(target: Target) -> dict[str, Any]:
    """As `clock_to_json`; `target_from_json` reads it back."""
    stored: dict[str, Any] = {"within": _within_to_json(target.within), "unit": target.unit.value}
    for name, default in _PLAIN_OF_TARGET.items():
        value = getattr(target, name)
        if value != default:
            stored[name] = value
    if target.off_hours_cap is not None:
        stored["off_hours_cap"] = millis(target.off_hours_cap)
    if target.high_load is not None:
        stored["high_load"] = _within_to_json(target.high_load)
    return stored


def target_from_json(stored: Mapping[str, Any]) -> Target:
    cap, high_load = stored.get("off_hours_cap"), stored.get("high_load")
    return Target(
        within=_within_from_json(stored["within"]),
        unit=Unit(stored["unit"]),
        off_hours_cap=None if cap is None else length(cap),
        high_load=None if high_load is None else _within_from_json(high_load),
        **{name: stored.get(name, default) for name, default in _PLAIN_OF_TARGET.items()},
    )


#: Fields that are integers, strings or None as they stand, with what they are where nothing is kept.
_PLAIN: Final[Mapping[str, Any]] = {
    "started_at": None,
    "due_at": None,
    "target_ms": None,
    "need_ms": None,
    "cap_ms": None,
    "running_since": None,
    "business_ms": 0,
    "wall_ms": 0,
    "breached_at": None,
    "satisfied_at": None,
    "ended_at": None,
    "end_reason": "",
    "generation": 0,
}
#: The same of a target.
_PLAIN_OF_TARGET: Final[Mapping[str, Any]] = {
    "calendar": None,
    "quote": "",
    "goal": False,
    "layer": "",
    "replaces": False,
    "assumes": "",
}


def _within_to_json(within: Within) -> dict[str, int | str]:
    if isinstance(within, timedelta):
        return {"ms": millis(within)}
    return {"days": within.count, "mode": within.mode}


def _within_from_json(stored: Mapping[str, Any]) -> Within:
    if "ms" in stored:
        return length(stored["ms"])
    return BusinessDays(stored["days"], next(mode for mode in DAY_MODES if mode == stored["mode"]))
