"""Why a promise is due when it is, from a terminal: of a ticket there is (`why`), of one only imagined (`due`)."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.message import Channel
from bot.cli.beside import Beside, Json, beside, file_of, open_beside, settings_of, timekeeper
from bot.cli.printed import USAGE, CommandError, iso, parse_moment, plain, say, say_json, warn
from bot.settings import Settings
from bot.tickets.ticket import number, ticket_id_from_number
from sla import clock as clocks_of
from sla.calendar import parse_zone
from sla.clock import Clock
from sla.duration import Instant, moment
from sla.explain import Explanation, explain
from sla.layers import Calendars, calendar_named, promised
from sla.policy import Metric, Policy
from sla.promise import calendar_of

if TYPE_CHECKING:  # see beside.py
    from bot.tickets.revision import Revision


def why(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TICKET", help="Its number, as in T-12.")],
    metric: Annotated[Metric | None, typer.Argument(help="Only this promise.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """The arithmetic of a ticket's deadlines: revision, clause, hours counted, pauses; to be checked with a pencil."""
    from bot.store.reading.reads import page

    try:
        ticket_id = ticket_id_from_number(name)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from error

    async def work(desk: Beside) -> None:
        now = desk.now
        found = await desk.database.read(lambda conn: page(conn, desk.revisions, ticket_id, now=now))
        if found is None:
            raise CommandError(f"there is no ticket {number(ticket_id)}")
        ticket, pinned = found.ticket, found.facts.pinned
        asked = [clock for clock in found.facts.clocks if metric is None or clock.metric is metric]
        if not asked:
            what = f"no {metric}" if metric else "nothing"
            raise CommandError(f"{number(ticket.id)}: {what} is promised on this ticket")
        told = [
            (clock, _of_clock(clock, pinned.policies[ticket.policy], found.facts.calendars, desk.revision.zone))
            for clock in asked
        ]
        if as_json:
            say_json([_facts(clock, reason) for clock, reason in told])
            return
        say(f"{number(ticket.id)}  {plain(ticket.subject)}")
        say(f"{ticket.urgency}, plan {ticket.plan}, policy {ticket.policy} of revision {ticket.revision}")
        for _, reason in told:
            say()
            _print(reason.lines())

    beside(ctx, work)


def due(
    ctx: typer.Context,
    *,
    policy: Annotated[str, typer.Option(help="Which policy.")],
    urgency: Annotated[str, typer.Option(help="How soon it matters.")],
    at: Annotated[str, typer.Option(help="When the client writes: 2026-03-06T18:30+03:00.")],
    channel: Annotated[Channel | None, typer.Option(help="Where they write.")] = None,
    metric: Annotated[Metric, typer.Option(help="Which promise.")] = Metric.FIRST_RESPONSE,
    high_load: Annotated[bool, typer.Option("--high-load", help="While a high load is declared.")] = False,
    desk: Annotated[
        Path | None, typer.Option(help="A desk directory to read; else the desk in force, else that of the settings.")
    ] = None,
    as_json: Json = False,
) -> None:
    """When an imagined ticket would be due, and why: what `why` tells of a real one."""
    settings = settings_of(ctx)
    revision = _read(desk, settings) if desk else asyncio.run(_in_force(settings)) or _read(settings.desk, settings)
    started_at = parse_moment(at)
    imagined = _imagined(revision, policy, urgency, metric, channel, started_at, is_high_load=high_load)
    reason = _of_clock(imagined, revision.policies[policy], revision.calendars, revision.zone)
    if as_json:
        say_json(_facts(imagined, reason))
    else:
        _print(reason.lines())


def _imagined(
    revision: "Revision",
    policy: str,
    urgency: str,
    metric: Metric,
    channel: Channel | None,
    at: Instant,
    *,
    is_high_load: bool,
) -> Clock:
    written = revision.policies.get(policy)
    if written is None:
        raise CommandError(f"there is no policy {policy!r}: {', '.join(sorted(revision.policies))}", USAGE)
    if urgency not in written.urgencies:
        raise CommandError(f"policy {policy} knows no urgency {urgency!r}: {', '.join(written.urgencies)}", USAGE)
    target = promised(written, urgency, metric, channel or "", revision.calendars, at=at, is_high_load=is_high_load)
    if target is None:
        raise CommandError(f"policy {policy} promises no {metric} for {urgency}")
    calendar = calendar_named(target.calendar, revision.calendars)
    return clocks_of.start(metric, target, calendar, at=at, marks=written.marks.marks)


def _of_clock(clock: Clock, policy: Policy, calendars: Calendars, zone: str) -> Explanation:
    """In the calendar's own zone; a promise of real time has no calendar, and is told in the desk's."""
    reason = explain(clock, policy, calendar_of(clock, calendars))
    return reason if clock.calendar else replace(reason, zone=zone, tz=parse_zone(zone))


def _facts(clock: Clock, reason: Explanation) -> dict[str, Any]:
    """One clock for programs; the keys are a contract, and so is `explanation`: the lines that people read."""
    return {
        "metric": clock.metric.value,
        "state": clock.state.value,
        "started_at": iso(clock.started_at),
        "due_at": iso(clock.due_at),
        "breached_at": iso(clock.breached_at),
        "satisfied_at": iso(clock.satisfied_at),
        "explanation": list(reason.lines()),
    }


def _print(lines: Iterable[str]) -> None:
    first, *rest = lines
    say(first)
    for line in rest:
        say(f"    {plain(line)}")


async def _in_force(settings: Settings) -> "Revision | None":
    """The desk in force; None where there is no database yet, or none was ever applied to it."""
    place = file_of(settings)
    if place is not None and not place.exists():
        return None
    async with open_beside(settings) as found:
        return found.revision if found.revisions.number else None


def _read(directory: Path, settings: Settings) -> "Revision":
    """A desk directory as if it were in force; every mistake in it is told, and ends the command."""
    from bot.deskfile.load import load
    from bot.deskfile.revise import revision_from_document

    loaded = load(directory, today=moment(timekeeper(settings).now()).date())
    if loaded.document is None:
        for problem in loaded.errors:
            warn(str(problem))
        raise typer.Exit(USAGE)
    return revision_from_document(loaded.document, 0)
