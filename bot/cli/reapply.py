"""Open tickets promised by the desk in force, instead of the revision each of them opened under."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.acting import perform
from bot.cli.beside import Beside, Json, beside, who_acts
from bot.cli.printed import ALL_ROWS, CommandError, counted, iso, say, say_json, say_table, shown
from bot.tickets import command as c
from bot.tickets.ticket import TicketId, number
from routing.people import PersonId
from sla.clock import Clock, is_owing
from sla.duration import Instant
from sla.policy import Metric

if TYPE_CHECKING:  # see beside.py
    from bot.store.reading.reads import Page


@dataclass(frozen=True, slots=True)
class Moved:
    """A promise that would be due at another moment; None where it rests, or is promised no more."""

    ticket: TicketId
    metric: Metric
    was: Instant | None
    will_be: Instant | None


def reapply(
    ctx: typer.Context,
    *,
    only_plan: Annotated[bool, typer.Option("--plan", help="Only say what would move.")] = False,
    person: Annotated[
        str | None, typer.Option("--as", metavar="PERSON", help="Which admin; the only one if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Have open tickets promised by the desk in force: every due moment that moves is printed."""

    async def work(desk: Beside) -> None:
        by = who_acts(desk.revision, person)
        pages = [page for page in await _open_pages(desk) if page.ticket.revision != desk.revision.number]
        moved = [one for page in pages for one in _moved(page, by)]
        if not only_plan:
            for page in pages:
                await perform(desk, by, page.ticket.id, c.Reapply())
        if as_json:
            say_json({"tickets": len(pages), "moved": [_facts(one) for one in moved], "applied": not only_plan})
            return
        zone = desk.revision.zone
        say_table(
            ["ticket", "promise", "was due", "is due"],
            [[number(one.ticket), one.metric, shown(one.was, zone), shown(one.will_be, zone)] for one in moved],
            empty="no due moment moves",
        )
        done = "would be promised" if only_plan else "promised"
        say(f"{counted(len(pages), 'ticket')} {done} by revision {desk.revision.number}")

    beside(ctx, work)


async def _open_pages(desk: Beside) -> "list[Page]":
    from bot.store.reading.queue import Wanted, tickets
    from bot.store.reading.reads import page

    now = desk.now
    listed = await desk.database.read(lambda conn: tickets(conn, Wanted(limit=ALL_ROWS)))
    found = []
    for one in sorted(one.ticket.id for one in listed):
        whole = await desk.database.read(partial(page, revisions=desk.revisions, ticket_id=one, now=now))
        found += [whole] if whole is not None else []
    return found


def _moved(page: "Page", by: PersonId) -> list[Moved]:
    """What the command would change on this ticket."""
    from bot.tickets.decide_staff import staff_does

    decision = staff_does(page.facts, by, c.Reapply())
    if decision.refusal:
        raise CommandError(decision.refusal)
    before = {(one.metric, one.started_at): one for one in page.facts.clocks}
    moved = [
        Moved(page.ticket.id, after.metric, before[after.metric, after.started_at].due_at, _due_at(after))
        for after in decision.clocks
    ]
    return [one for one in moved if one.was != one.will_be]


def _due_at(clock: Clock) -> Instant | None:
    return clock.due_at if is_owing(clock) else None


def _facts(one: Moved) -> dict[str, Any]:
    return {
        "ticket": number(one.ticket),
        "metric": one.metric.value,
        "was_due_at": iso(one.was),
        "due_at": iso(one.will_be),
    }
