"""Every row of the golden table that today's engine can answer. The expected values were computed by brute force."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sla import clock as clocks_of
from sla import promise
from sla.calendar import ALWAYS, Calendar, CalendarSpec, Windows, compile_calendar
from sla.clock import BREACH, Clock, PauseReason, used_ms
from sla.duration import BusinessDays, Instant, instant, moment
from sla.policy import Metric, Policy, SatisfiedBy, Target, Unit
from sla.promise import ReplyKind

GOLDEN = json.loads(Path(__file__).with_name("sla.json").read_text(encoding="utf-8"))
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SECOND = 1000


def seconds(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def windows(texts: list[list[str]]) -> Windows:
    return tuple((seconds(opens), seconds(closes)) for opens, closes in texts)


def spec(key: str, effective_from: Instant | None = None, called: str = "") -> CalendarSpec:
    row = GOLDEN["calendars"][key]
    return CalendarSpec(
        key=called or key,
        zone=row["tz"],
        week=tuple(windows(row["weekly"].get(day, [])) for day in WEEKDAYS),
        days={date.fromisoformat(day): windows(texts) for day, texts in row.get("overrides", {}).items()},
        holidays=frozenset(date.fromisoformat(day) for day in row.get("holidays", [])),
        day_length=timedelta(hours=row["day_length_h"]),
        effective_from=effective_from,
    )


def at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


def iso(moment_or_none: Instant | None) -> str | None:
    return None if moment_or_none is None else moment(moment_or_none).strftime("%Y-%m-%dT%H:%M:%SZ")


START, END = at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")
CALENDARS = {key: compile_calendar(spec(key), start=START, end=END) for key in GOLDEN["calendars"]}


def rows(*ops: str) -> list[Any]:
    return [pytest.param(row, id=f"{row['id']} {row['title']}") for row in GOLDEN["rows"] if row["op"] in ops]


@pytest.mark.parametrize("row", rows("advance", "between", "next_open", "business_days"))
def test_the_calendar_agrees_with_the_golden_table(row: Mapping[str, Any]) -> None:
    calendar = CALENDARS[row["calendar"]]
    answer: dict[str, Any]
    if row["op"] == "between":
        answer = {"seconds": calendar.open_between(at(row["a"]), at(row["b"])) // SECOND}
    elif row["op"] == "next_open":
        answer = {"at": iso(calendar.next_open(at(row["start"])))}
    elif row["op"] == "advance":
        answer = {"due_at": iso(calendar.advance(at(row["start"]), row["seconds"] * SECOND))}
    else:
        length = calendar.business_days(at(row["start"]), BusinessDays(row["days"], row["mode"]))
        answer = {"due_at": iso(calendar.advance(at(row["start"]), length)), "target_s": length // SECOND}

    assert answer == row["expect"]


@pytest.mark.parametrize("row", rows("clock"))
def test_the_clock_agrees_with_the_golden_table(row: Mapping[str, Any]) -> None:
    clock, calendar, told = _run(row)

    due_at = None if clock.state is clocks_of.State.CANCELLED else iso(clock.due_at)
    answer: dict[str, Any] = {
        "state": clock.state.value,
        "breached_at": iso(clock.breached_at),
        "consumed_s": used_ms(clock, calendar, at=END) // SECOND,
        "target_s": clock.target_ms // SECOND,
        "due_at": due_at,
    }
    if "reminders" in row:
        answer["reminders_at"] = [
            told.get(mark, "coalesced" if mark in clock.fired and mark in told else None) for mark in _marks(row)
        ]
    assert answer == row["expect"]


@pytest.mark.parametrize("row", [row for row in rows("conversation") if "follow_up" not in row.values[0]["policy"]])
def test_the_promises_of_a_conversation_agree_with_the_golden_table(row: Mapping[str, Any]) -> None:
    names = {Metric.FIRST_RESPONSE: "first", Metric.NEXT_RESPONSE: "next"}
    cells = {
        metric: Target(timedelta(seconds=row["policy"][name]), Unit.BUSINESS, row["calendar"])
        for metric, name in names.items()
    }
    policy = Policy("golden", "", None, SatisfiedBy.HUMAN_REPLY, {"any": cells}, ("any",), "any")
    clocks: promise.Promises = ()
    for event in row["events"]:
        now = at(event["at"])
        if event["type"] == "customer":
            clocks = promise.client_spoke(clocks, policy, "any", "email", CALENDARS, now)
        elif event["type"] == "agent":
            clocks = promise.staff_replied(clocks, policy, ReplyKind.ANSWER, CALENDARS, now)
        elif event["type"] == "resolve":
            clocks = promise.resolved(clocks, CALENDARS, now)

    told = [
        {
            "metric": names[clock.metric],
            "started_at": iso(clock.started_at),
            "due_at": iso(clock.due_at),
            "state": clock.state.value,
            **({"satisfied_at": iso(clock.satisfied_at)} if clock.satisfied_at is not None else {}),
        }
        for clock in clocks
    ]
    assert told == row["expect"]["clocks"]


def _run(row: Mapping[str, Any]) -> tuple[Clock, Calendar, dict[str, str]]:
    """Let the events happen, waking the clock whenever it asks for it in between and afterwards."""
    calendar = CALENDARS[row["calendar"]] if row["calendar"] else ALWAYS
    first, *others = row["events"]
    cap = timedelta(seconds=row["off_hours_cap_s"]) if "off_hours_cap_s" in row else None
    target = _target(row["target"], row["calendar"], cap)
    clock = clocks_of.start(Metric.FIRST_RESPONSE, target, calendar, at=at(first["at"]), marks=_marks(row))
    told: dict[str, str] = {}
    key = row["calendar"]
    for event in sorted(others, key=lambda event: at(event["at"])):
        now = at(event["at"])
        clock = _woken(clock, calendar, now - 1, told)
        if event["type"] == "calendar":
            # Key and clock stay; the calendar gets a version.
            calendar = compile_calendar(
                spec(key, called="edited"), spec(event["calendar"], now, "edited"), start=START, end=END
            )
            clock = clocks_of.rebase(clock, calendar, at=now)
        elif event["type"] == "retarget":
            target = _target(event["target"], key, None)
            floor = timedelta(seconds=event.get("floor_s", 900))
            clock = clocks_of.retarget(clock, target, calendar, at=now, floor=floor)
        elif event["type"] == "pause":
            clock = clocks_of.pause(clock, calendar, at=now, reason=PauseReason.DETAILS_MISSING)
        else:
            happens = {
                "resume": clocks_of.resume,
                "satisfy": clocks_of.satisfy,
                "stop": clocks_of.stop,
                "reopen": clocks_of.reopen,
            }
            clock = happens[event["type"]](clock, calendar, at=now)
    return _woken(clock, calendar, END, told), calendar, told


def _woken(clock: Clock, calendar: Calendar, until: int, told: dict[str, str]) -> Clock:
    now = clock.started_at
    while (wake := clocks_of.next_wake(clock, calendar, at=now)) is not None and wake <= until:
        before, now = clock, wake
        clock, marks = clocks_of.fire(clock, calendar, at=now)
        if BREACH not in marks:
            told |= dict.fromkeys(set(clock.fired) - set(before.fired), "coalesced")
            told |= dict.fromkeys(marks, str(iso(now)))
    return clock


def _target(row: Mapping[str, Any], calendar: str | None, cap: timedelta | None) -> Target:
    unit = Unit(row["unit"])
    return Target(timedelta(seconds=row["seconds"]), unit, calendar, off_hours_cap=cap)


def _marks(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{reminder['pct']}%" if "pct" in reminder else f"T-{reminder['left_s']}s"
        for reminder in row.get("reminders", [])
    )
