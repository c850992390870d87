"""The time in a table of tickets: what is left of the next promise, or how late the oldest broken one is."""

import pytest

from bot.cli.facts import speaking_due
from bot.cli.printed import left
from bot.store.reading.queue import Listed
from bot.tickets.command import Reply
from sla.clock import is_owing
from sla.duration import Instant
from tests.unit.tickets.played import Played

MINUTE = 60_000


@pytest.mark.parametrize(
    ("minutes", "is_answered", "shown"),
    [
        pytest.param(20, False, "40m", id="still in time"),
        pytest.param(80, False, "-20m", id="broken and unanswered"),
        pytest.param(80, True, "", id="broken and answered, nothing owed"),
    ],
)
def test_a_table_shows_how_late_an_unanswered_promise_is(minutes: int, is_answered: bool, shown: str) -> None:  # noqa: FBT001 - a column of the table
    played = Played()
    played.says("Payroll failed")
    played.waits(Instant(played.now + minutes * MINUTE))
    if is_answered:
        played.does("vera", Reply("Looking"))
    assert played.ticket is not None
    listed = Listed(played.ticket, "Lena", tuple(clock for clock in played.clocks if is_owing(clock)))

    assert left(speaking_due(listed), played.now) == shown
