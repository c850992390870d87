"""Who would get a client's question, and why: the routing rules asked about a moment, from a terminal."""

from typing import Annotated

import typer

from bot.cli.beside import Beside, Json, beside
from bot.cli.printed import USAGE, CommandError, iso, parse_moment, say, say_json, shown
from bot.tickets.texts import Texts
from routing.people import ClientId
from routing.route import Facts, route


def who(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's key in the desk directory.")],
    *,
    at: Annotated[str | None, typer.Option(help="When they write: 2026-03-06T18:45+03:00; now if left out.")] = None,
    kind: Annotated[str | None, typer.Option(help="What kind of work it is, as triage would say.")] = None,
    as_json: Json = False,
) -> None:
    """Who would get a new ticket of a client, and by which rule."""
    from bot.store.facts import load_of

    async def work(desk: Beside) -> None:
        revision = desk.revision
        client = revision.client(ClientId(name))
        if client is None:
            raise CommandError(f"there is no client {name!r}: {', '.join(sorted(revision.clients))}", USAGE)
        asked_at = desk.now if at is None else parse_moment(at)
        found = route(
            Facts(
                at=asked_at,
                plan=revision.plan(client.plan),
                people=revision.people,
                lines=revision.lines,
                coverage=revision.coverage,
                client=client,
                kind=kind,
                load=await desk.database.read(load_of),
            )
        )
        reason = Texts("en", revision.zone, revision.texts)(f"rule_{found.rule}")
        if as_json:
            told = {"client": client.id, "at": iso(asked_at), "person": found.person, "rule": found.rule}
            say_json({**told, "reason": reason})
            return
        person = revision.people[found.person].name if found.person else "nobody"
        say(f"{shown(asked_at, revision.zone)}  {client.name}: {person} ({reason})")

    beside(ctx, work)
