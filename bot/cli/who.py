"""Who would get a client's question, and why; and where in the weeks ahead nobody would: asked from a terminal."""

from typing import Annotated, Final

import typer

from adapters.message import Channel
from bot.cli.beside import Beside, Json, beside
from bot.cli.printed import USAGE, CommandError, iso, say, say_json, say_table, shown, within_reach
from bot.tickets.people.radar import MOST_WEEKS, WEEKS, Uncovered, radar, who_answers, why
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.words.eta import parse_eta
from routing.people import Client, ClientId
from sla.duration import Instant, length

#: A client writes on none of our own pages.
_WRITTEN_ON: Final = tuple(one.value for one in Channel if one is not Channel.BOARD)


def who(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's key in the desk directory.")],
    when: Annotated[
        list[str] | None, typer.Argument(metavar="[MOMENT]", help="The same as --at: fri 18:45.", show_default=False)
    ] = None,
    *,
    at: Annotated[
        str | None,
        typer.Option(help="When they write: fri 18:45, tomorrow 9:00, 2026-03-06T18:45+03:00; now if left out."),
    ] = None,
    kind: Annotated[str | None, typer.Option(help="What kind of work it is, as triage would say.")] = None,
    channel: Annotated[str, typer.Option(help="Where they write, where that matters to their plan.")] = "",
    as_json: Json = False,
) -> None:
    """Who would get a new ticket of a client, and by which rule."""
    from bot.store.facts import load_of

    async def work(desk: Beside) -> None:
        revision = desk.revision
        client = revision.client(ClientId(name))
        if client is None:
            raise CommandError(f"there is no client {name!r}: {', '.join(sorted(revision.clients))}", USAGE)
        if channel and channel not in _WRITTEN_ON:
            raise CommandError(f"there is no channel {channel!r}: {', '.join(_WRITTEN_ON)}", USAGE)
        kinds = _kinds(revision)
        if kind is not None and kind not in kinds:
            known = ", ".join(sorted(kinds)) or "none: no line, rule or person of the desk directory names any"
            raise CommandError(f"there is no kind of work {kind!r}: {known}", USAGE)
        words = at or " ".join(when or ())
        asked_at = _moment(words, client, revision, desk.now) if words else desk.now
        load = await desk.database.read(load_of)
        found = who_answers(revision, client, at=asked_at, kind=kind, channel=channel, load=load)
        reason = Texts("en", revision.zone, revision.texts)(f"rule_{found.rule}")
        if as_json:
            told = {"client": client.id, "at": iso(asked_at), "person": found.person, "rule": found.rule}
            say_json({**told, "reason": reason})
            return
        person = revision.people[found.person].name if found.person else "nobody"
        say(f"{shown(asked_at, revision.zone)}  {client.name}: {person} ({reason})")

    beside(ctx, work)


def look_ahead(
    ctx: typer.Context,
    *,
    weeks: Annotated[int, typer.Option(min=1, max=MOST_WEEKS, help="How far to look.")] = WEEKS,
    as_json: Json = False,
) -> None:
    """Every hour ahead in which a promise has nobody behind it: leave, holidays and no backup, where they meet."""

    async def work(desk: Beside) -> None:
        revision = desk.revision
        found = radar(revision, since=desk.now, weeks=weeks)
        if as_json:
            say_json([_told(one) for one in found])
            return
        speak = Texts("en", revision.zone, revision.texts)
        say_table(
            ["from", "until", "how long", "plan", "clients", "why"],
            [
                [
                    shown(one.gap.since, revision.zone),
                    shown(one.gap.until, revision.zone),
                    speak.length(length(one.gap.until - one.gap.since)),
                    one.plan,
                    ", ".join(one.clients) or "whoever is not known",
                    why(one.gap, revision, speak),
                ]
                for one in found
            ],
            empty=f"somebody is behind every promise for {weeks} weeks",
        )

    beside(ctx, work)


def _kinds(revision: Revision) -> set[str]:
    """Every kind of work that the desk directory names: of its lines, its rules and its people."""
    kinds = {kind for line in revision.lines.values() for kind in line.kinds}
    kinds |= {rule.kind for rule in revision.triage if rule.kind is not None}
    return kinds | {skill for person in revision.people.values() for skill in person.skills}


def _moment(words: str, client: Client, revision: Revision, now: Instant) -> Instant:
    """A moment as people say it, in the desk's zone; one in full may have passed."""
    manager = revision.person(client.manager)
    line = revision.lines[revision.plan(client.plan).line]
    calendar = revision.calendars[manager.calendar if manager is not None else line.calendar]
    try:
        at = parse_eta(words, now=now, zone=revision.zone, calendar=calendar, may_have_passed=True)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from error
    return within_reach(at, words)


def _told(one: Uncovered) -> dict[str, object]:
    gap = one.gap
    return {
        "since": iso(gap.since),
        "until": iso(gap.until),
        "hours": gap.hours or "always",
        "plan": one.plan,
        "line": one.line,
        "clients": list(one.clients),
        "away": list(gap.away),
        "off": list(gap.off),
    }
