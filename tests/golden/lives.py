"""Random lives of clocks, ladders and conversations as rows of the golden format, for the engine and for a walker.

Lengths are tens of quarters of an hour, so that half of one and four fifths of one lie on quarters too.
"""

import random
from datetime import datetime

from bot.cli.golden_rows import Golden
from sla.calendar import Calendar
from tests.golden.oracle import STEP, Oracle
from tests.golden.walking import MOMENT, Answer, Row, answer

QUARTER = 900
#: Pauses, changes and ends, as often as they are worth asking about.
HAPPENINGS = ("pause", "pause", "resume", "resume", "retarget", "retarget", "stop", "reopen", "reopen", "satisfy")
WORDS = ("customer", "customer", "agent", "agent", "bot", "note", "resolve", "wait_customer", "wait_vendor", "vendor")
MARKS = ({"pct": 50}, {"pct": 80}, {"left_s": 2 * QUARTER}, {"left_s": 8 * QUARTER})

Said = tuple[str, object, object]


class _Asked(Golden):
    """A file of one row in a calendar that is compiled already."""

    def __init__(self, calendar: Calendar) -> None:
        super().__init__({"rows": []})
        self._calendar = calendar

    def calendar(self, key: str | None) -> Calendar:
        return super().calendar(None) if key is None else self._calendar


def clock(chance: random.Random, calendar: Calendar, oracle: Oracle, near: datetime) -> Said:
    """A clock that waits, is promised otherwise, stops and comes back."""
    at, cap = near, chance.randrange(96) * QUARTER if chance.random() < 0.3 else None
    events: list[Row] = [{"at": _text(at), "type": "start"}]
    for _ in range(chance.randrange(6)):
        at += STEP * chance.randrange(50)
        event: Answer = {"at": _text(at), "type": chance.choice(HAPPENINGS)}
        if event["type"] == "retarget":
            event |= {"target": _target(chance), "floor_s": chance.choice((0, 1, 4, 8)) * QUARTER}
        events.append(event)
    row: Answer = {"op": "clock", "calendar": "random", "target": _target(chance), "events": events}
    if cap is not None:
        row["off_hours_cap_s"] = cap
    if chance.random() < 0.4:
        row["reminders"] = chance.sample(MARKS, 2)
    return _both(row, calendar, oracle)


def ladder(chance: random.Random, calendar: Calendar, oracle: Oracle, near: datetime) -> Said:
    """A ladder that is heeded, that is climbed while nobody is up, and that comes to its end."""
    row: Answer = {
        "op": "ladder",
        "calendar": chance.choice(("random", "random", None)),
        "breached_at": _text(near),
        "steps_s": [0, *sorted(chance.randrange(20) * QUARTER for _ in range(2))],
    }
    if chance.random() < 0.5:
        row["ack_at"] = _text(near + STEP * chance.randrange(40))
        if chance.random() < 0.8:
            row["ack_ttl_s"] = chance.randrange(1, 12) * QUARTER
    if chance.random() < 0.4:
        down = near + STEP * chance.randrange(-10, 30)
        row["down"] = [_text(down), _text(down + STEP * chance.randrange(1, 30))]
    if chance.random() < 0.4:
        row["done_at"] = _text(near + STEP * chance.randrange(1, 60))
    return _both(row, calendar, oracle)


def conversation(chance: random.Random, calendar: Calendar, oracle: Oracle, near: datetime) -> Said:
    """Words of both sides, with waiting, resolving and what asks for nothing in between."""
    at, events = near, [{"at": _text(near), "type": "customer"}]
    for _ in range(chance.randrange(8)):
        at += STEP * chance.randrange(1, 50)
        events.append({"at": _text(at), "type": chance.choice((*WORDS, "dismiss"))})
    metrics = ["first", *(metric for metric in ("next", "follow_up") if chance.random() < 0.7)]
    policy = {metric: chance.randrange(1, 50) * QUARTER for metric in metrics}
    calendar_key = chance.choice(("random", "random", None))
    row = {"op": "conversation", "calendar": calendar_key, "policy": policy, "events": events}
    return _both(row, calendar, oracle)


def _target(chance: random.Random) -> Row:
    unit = "wall" if chance.random() < 0.3 else "business"
    return {"unit": unit, "seconds": chance.randrange(1, 12) * 10 * QUARTER}


def _both(row: Row, calendar: Calendar, oracle: Oracle) -> Said:
    return f"{row}", _Asked(calendar).answer(row), answer(row, oracle)


def _text(at: datetime) -> str:
    return at.strftime(MOMENT)
