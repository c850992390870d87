"""A scene played against a desk directory, before anybody has to live with it."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.beside import Beside, Json, beside, settings_of, timekeeper
from bot.cli.printed import FAILED, USAGE, CommandError, iso, parse_moment, say_json, warn
from bot.settings import Settings
from bot.tickets.ticket import number
from sla.duration import Instant, moment

if TYPE_CHECKING:  # see beside.py
    from bot.app.simulation.history import Difference
    from bot.app.simulation.scene import Event
    from bot.app.simulation.simulating import Promised, Said


def simulate(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.jsonl", help="What happens, a JSON line each; - is the input.")
    ] = None,
    *,
    policy: Annotated[str | None, typer.Option(help="Every plan promises by this policy.")] = None,
    desk: Annotated[Path | None, typer.Option(help="A desk directory; else that of the settings.")] = None,
    until: Annotated[str | None, typer.Option(help="Play on until then; else until nothing is promised.")] = None,
    history: Annotated[bool, typer.Option("--history", help="What the database remembers, instead of a file.")] = False,
    as_json: Json = False,  # noqa: ARG001 - lines for programs are all it has
) -> None:
    """Play events against a desk: everything it says and every promise with its end, as JSON lines. Nothing is sent.

    With --history, only the promises that would have gone otherwise on that desk.
    """
    from bot import log

    settings = settings_of(ctx)
    log.configure(settings.log, secrets=settings.secrets(), level="WARNING")  # what was said is the output
    end = parse_moment(until) if until is not None else None
    if history is (file is not None):
        raise CommandError("name a file of events, or --history: one of the two", USAGE)
    document = _document(settings, desk, policy)
    if file is None:
        _replay(ctx, document)
    else:
        _play(file, document, end)


def _play(file: Path, document: Mapping[str, Any], end: Instant | None) -> None:
    from bot.app.simulation.scene import SceneError
    from bot.app.simulation.simulating import play

    try:
        events = _events(file)
    except SceneError as error:
        for mistake in error.mistakes:
            warn(f"{file}:{mistake.line}: {mistake.words}")
        raise typer.Exit(USAGE) from error
    played = asyncio.run(play(document, events, until=end))
    for said in played.said:
        say_json(_said(said))
    for promised in played.promised:
        say_json(_promised(promised))
    for event, why in played.impossible:
        warn(f"{file}:{event.line}: {why}")
    if played.impossible:
        raise typer.Exit(FAILED)


def _replay(ctx: typer.Context, document: Mapping[str, Any]) -> None:
    from bot.app.simulation.history import differences, remembered
    from bot.app.simulation.simulating import play

    async def work(found: Beside) -> None:
        events, was = await remembered(found.database, found.revisions, now=found.now)
        played = await play(document, events, until=found.now)
        for one in differences(was, played):
            say_json(_difference(one))
        for event, why in played.impossible:
            warn(f"what happened at {iso(event.at)} could not have happened there: {why}")

    beside(ctx, work)


def _events(file: Path) -> "list[Event]":
    from bot.app.simulation.scene import read_scene

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}", USAGE) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is no text in UTF-8: {error}", USAGE) from error
    return read_scene(text.splitlines())


def _document(settings: Settings, desk: Path | None, policy: str | None) -> Mapping[str, Any]:
    """The desk directory as a document, with that policy in every plan if one is named."""
    from bot.deskfile.load import load

    loaded = load(desk or settings.desk, today=moment(timekeeper(settings).now()).date())
    if loaded.document is None:
        for problem in loaded.errors:
            warn(str(problem))
        raise typer.Exit(USAGE)
    if policy is None:
        return loaded.document
    if policy not in loaded.document["policies"]:
        raise CommandError(f"there is no policy {policy!r}: {', '.join(sorted(loaded.document['policies']))}", USAGE)
    plans = {key: {**plan, "policy": policy} for key, plan in loaded.document["plans"].items()}
    return {**loaded.document, "plans": plans}


def _said(said: "Said") -> dict[str, Any]:
    """What was said, for programs; the keys are a contract."""
    return {
        "at": iso(said.at),
        "to": said.to,
        "channel": said.channel.value,
        "what": said.what,
        "ticket": number(said.ticket) if said.ticket is not None else None,
        "text": said.text,
    }


def _promised(promised: "Promised") -> dict[str, Any]:
    """One clock, for programs; the keys are a contract."""
    clock = promised.clock
    return {
        "ticket": number(promised.ticket),
        "metric": clock.metric.value,
        "started_at": iso(clock.started_at),
        "due_at": iso(clock.due_at),
        "state": clock.state.value,
        "breached_at": iso(clock.breached_at),
        "satisfied_at": iso(clock.satisfied_at),
    }


def _difference(one: "Difference") -> dict[str, Any]:
    return {
        "was": None if one.was is None else _promised(one.was),
        "would_be": None if one.would_be is None else _promised(one.would_be),
    }
