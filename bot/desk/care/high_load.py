"""A high load is declared or ended: what is promised from now on and what runs already change in one transaction.

A process that dies in the middle has changed nothing. Where the desk has a measure, the ticker looks each minute.
"""

from collections.abc import Collection, Sequence
from typing import Final

import structlog

from bot.desk.directory import Directory
from bot.store import audit, high_load
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, load_of
from bot.store.high_load import MEASURED, Declared
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.care.decide_load import eased, is_high
from routing.people import LineId
from sla.duration import Instant

log = structlog.get_logger()

#: The alarm by which the ticker measures the load.
OWNER: Final = "load:"
EVERY_MS: Final = 60_000
#: With nothing open nothing rises quickly.
IDLE_MS: Final = 15 * 60_000


class HighLoad:
    """Declares loads inside a transaction that is open already."""

    def __init__(self, revisions: Revisions, directory: Directory) -> None:
        self._revisions = revisions
        self._directory = directory

    def declare(
        self, conn: Connection, lines: Collection[LineId], *, is_now: bool, by: str, at: Instant, why: str
    ) -> int:
        """Say of lines that their load is high, or no longer; how many tickets have a promise that moved."""
        known = high_load.declared(conn)
        # What a person says once stands, also where it was so: it is theirs from then on.
        said = [
            Declared(line, is_now, by, at)
            for line in sorted(lines)
            if (one := known.get(line)) is None or (one.is_high, one.by) != (is_now, by)
        ]
        if not said:
            return 0
        high_load.declare(conn, said)
        word = "high" if is_now else "normal"
        audit.append(conn, [audit.Deed(at, by, f"load_{word}", f"line:{one.line}", {"why": why}) for one in said])
        return self._ease(conn, [one.line for one in said], at=at, why=why) if is_now else 0

    def measure(self, conn: Connection, *, at: Instant) -> tuple[int, Instant | None]:
        """Declare by the desk's own measure; how many tickets moved, and when to look again.

        Where a person said something else, that stands until the load has been normal once.
        """
        revision = self._revisions.current
        known, open_for, waiting = high_load.declared(conn), load_of(conn), high_load.waiting_by_line(conn)
        moved = 0
        # Without a measure nothing is high by it: what it declared before ends here.
        for line in sorted(revision.lines):
            one = known.get(line)
            was_high = one is not None and one.is_high
            is_now = is_high(revision, line, open_for, waiting.get(line, 0), at=at, was_high=was_high)
            is_theirs = one is not None and one.by != MEASURED
            if is_theirs and (was_high or is_now):
                continue
            if is_now != was_high or is_theirs:
                why = f"{revision.high_when} open tickets for each person on shift" if is_now else "fewer open tickets"
                moved += self.declare(conn, [line], is_now=is_now, by=MEASURED, at=at, why=why)
                log.info("the load of a line was measured", line=line, is_high=is_now)
        if revision.high_when is None:
            return moved, None
        return moved, Instant(at + (EVERY_MS if any(open_for.values()) or waiting else IDLE_MS))

    def _ease(self, conn: Connection, lines: Sequence[LineId], *, at: Instant, why: str) -> int:
        revision = self._revisions.current
        plans = [plan.id for plan in revision.plans.values() if plan.line in lines]
        ids = high_load.eased_by_load(conn, plans)
        facts = facts_of_tickets(conn, self._revisions, ids, now=at, is_locked=True)
        decided = [(one, decision) for one in facts.values() if (decision := eased(one, why)) is not None]
        write(conn, decided, recorded_at=at, whereto=self._directory.whereto)
        return len(decided)


def lines_named(revisions: Revisions, line: str | None) -> list[LineId]:
    """The line of that name, or all of them. ValueError with those there are for one that does not exist."""
    known = sorted(revisions.current.lines)
    if line is None:
        return known
    if LineId(line) not in known:
        raise ValueError(f"there is no line {line!r}: {', '.join(known)}")
    return [LineId(line)]
