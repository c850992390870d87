"""P9: how many due moments a second, beside the Python libraries for business time.

The question is the same for all: five business hours after a moment of 2026, Monday to Friday from 9 to 17 in Prague,
with holidays. The libraries run in a throw-away environment of their own; where their answers differ from ours, we say
how often.
"""

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from bench.measure import Pace, best, complain, run_timed, tell, title, verdict
from sla import clock as clocks_of
from sla.calendar import Calendar, CalendarSpec, compile_calendar, parse_week
from sla.duration import Instant, moment
from sla.layers import promised
from sla.policy import Layer, Metric, Policy, SatisfiedBy, Target, Unit

CONTROL: Final = Path(sys.prefix) / "bench-business-time"
LIBRARIES: Final = ("businesstimedelta==1.0.1", "business-duration==0.68")
INSTALL_WITHIN_SECONDS: Final = 600
QUESTIONS: Final = 200_000
ASKED_OF_CONTROL: Final = 2_000
ROUNDS: Final = 5
HOURS: Final = 5
MS: Final = HOURS * 3_600_000
ZONE: Final = "Europe/Prague"
HOLIDAYS: Final = ("2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-24", "2026-12-25", "2027-01-01")
START, END = Instant(1_767_225_600_000), Instant(1_798_761_600_000)


async def due_moments() -> None:
    """Ours and theirs in turn; then a whole clock, and the tighter of two layers: what a ticket costs."""
    title("P9", "500,000 due moments a second, 150 times the best Python library in the same run")
    calendar = _calendar()
    chance = random.Random(9)
    asked = [Instant(chance.randrange(START, END - 30 * 86_400_000) // 1000 * 1000) for _ in range(QUESTIONS)]
    ours = best([run_timed(QUESTIONS, lambda: _advance(calendar, asked)) for _ in range(ROUNDS)])
    theirs = _libraries(asked[:ASKED_OF_CONTROL], calendar)
    again = best([ours, *(run_timed(QUESTIONS, lambda: _advance(calendar, asked)) for _ in range(ROUNDS))])
    tell("due moments", again)
    for name, pace in theirs.items():
        tell(f"control: {name}", pace)
    few = asked[: QUESTIONS // 10]
    tell("a whole clock started", best([run_timed(len(few), lambda: _clocks(calendar, few)) for _ in range(ROUNDS)]))
    tell(
        "the tighter of two layers", best([run_timed(len(few), lambda: _layers(calendar, few)) for _ in range(ROUNDS)])
    )
    goals = [(f"{again.per_second:,.0f} a second, of 500,000", again.per_second >= 500_000)]
    if theirs:
        ratio = again.per_second / max(pace.per_second for pace in theirs.values())
        goals.append((f"{ratio:,.0f} times the best library, of 150", ratio >= 150))
    verdict(*goals)


def _advance(calendar: Calendar, asked: Sequence[Instant]) -> None:
    advance = calendar.advance
    for at in asked:
        advance(at, MS)


def _clocks(calendar: Calendar, asked: Sequence[Instant]) -> None:
    target = Target(timedelta(hours=HOURS), Unit.BUSINESS, "office")
    for at in asked:
        clocks_of.start(Metric.FIRST_RESPONSE, target, calendar, at=at)


def _layers(calendar: Calendar, asked: Sequence[Instant]) -> None:
    slow, quick = (Target(timedelta(hours=hours), Unit.BUSINESS, "office", layer=str(hours)) for hours in (8, HOURS))
    below = Layer("8", "", {"high": {Metric.FIRST_RESPONSE: slow}})
    cells = {"high": {Metric.FIRST_RESPONSE: quick}}
    policy = Policy("5", "", None, SatisfiedBy.HUMAN_REPLY, cells, ("high",), "high", extends=(below,))
    for at in asked:
        promised(policy, "high", Metric.FIRST_RESPONSE, "email", {"office": calendar}, at=at)


def _calendar() -> Calendar:
    week = parse_week({"mon-fri": ["09:00-17:00"]})
    holidays = frozenset(map(date.fromisoformat, HOLIDAYS))
    return compile_calendar(CalendarSpec("office", ZONE, week, holidays=holidays), start=START, end=END)


def _libraries(asked: Sequence[Instant], calendar: Calendar) -> dict[str, Pace]:
    """What the libraries reach; nothing where they cannot be installed."""
    python = CONTROL / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", CONTROL], check=True, capture_output=True)
        install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", *LIBRARIES]
        subprocess.run(install, check=True, capture_output=True, timeout=INSTALL_WITHIN_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        complain(f"the libraries cannot be installed, so there is no control: {error}")
        return {}
    question = {"at": asked, "hours": HOURS, "zone": ZONE, "holidays": HOLIDAYS, "rounds": ROUNDS}
    script = Path(__file__).with_name("due_control.py")
    run = subprocess.run([python, script], input=json.dumps(question), check=True, capture_output=True, text=True)
    paces = {}
    for name, told in json.loads(run.stdout).items():
        paces[name] = Pace(told["answers"], told["wall"], told["cpu"])
        if told["due"]:
            differing = sum(calendar.advance(at, MS) != due for at, due in zip(asked, told["due"], strict=True))
            name_at = next(
                (at for at, due in zip(asked, told["due"], strict=True) if calendar.advance(at, MS) != due), None
            )
            first = "" if name_at is None else f", first from {moment(name_at).isoformat()}"
            tell(f"answers of {name} that differ", f"{differing} of {len(asked)}{first}")
    return paces
