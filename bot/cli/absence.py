"""Who is away, said and asked from a terminal: tickets go to whoever stands in, and come back afterwards."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.beside import Beside, Json, beside, who_acts
from bot.cli.printed import MOST, CommandError, iso, say, say_json, say_table, shown

if TYPE_CHECKING:
    from bot.store.driver.connection import Connection

absence = typer.Typer(help="Who is away, and who stands in.", no_args_is_help=True)

#: The option of whoever speaks for somebody else.
Who = Annotated[str | None, typer.Option("--as", metavar="PERSON", help="Which lead; the only admin if left out.")]


@absence.command("list")
def listed(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Who is away now, and who will be."""

    async def work(desk: Beside) -> None:
        from bot.store.people.absences import alive
        from bot.tickets.words.leave import back_at, stand_in

        now, revision = desk.now, desk.revision
        known = [one for one in await desk.database.read(alive) if one.ends_at is None or one.ends_at > now]
        rows = [
            {
                "number": one.id,
                "person": one.person,
                "since": iso(one.since),
                "until": iso(one.ends_at),
                "back": iso(back_at(one.absence, revision)),
                "backup": stand_in(one.absence, revision),
                "by": one.by,
            }
            for one in known
        ]
        if as_json:
            say_json(rows)
            return
        say_table(
            ["number", "person", "since", "back", "stands in", "by"],
            [
                [
                    str(one.id),
                    one.person,
                    shown(one.since, revision.zone),
                    shown(back_at(one.absence, revision), revision.zone) or "open",
                    stand_in(one.absence, revision) or "",
                    one.by,
                ]
                for one in known
            ],
            empty="nobody is away",
        )

    beside(ctx, work)


@absence.command()
def add(
    ctx: typer.Context,
    person: Annotated[str, typer.Argument(help="Who is away: the key in the desk directory, or the name.")],
    *,
    since: Annotated[str, typer.Option("--from", help="monday, 2026-12-01, 15:00; at once if left out.")] = "",
    until: Annotated[str, typer.Option(help="The same, or 2h; left out, until somebody ends it.")] = "",
    backup: Annotated[str, typer.Option(help="Who stands in; whoever the desk directory names if left out.")] = "",
    who: Who = None,
) -> None:
    """Say that somebody is away: their open tickets go to whoever the rules name."""

    async def work(desk: Beside) -> None:
        from bot.desk.people.absences import Absences
        from bot.tickets.words.leave import Words, absence_from

        by, now = who_acts(desk.revision, who), desk.now
        try:
            found = absence_from(Words(person, since, until, backup), by, desk.revision, now=now)
        except ValueError as error:
            raise CommandError(str(error)) from error
        absences = Absences(desk.revisions, desk.directory)

        def kept(conn: "Connection") -> str:
            leave = absences.say(conn, found, by=by, at=now)
            return f"#{leave.id} {absences.said_back(conn, leave, by=by, at=now)}"

        say(await desk.database.write(kept))

    beside(ctx, work)


@absence.command()
def end(
    ctx: typer.Context,
    person: Annotated[str, typer.Argument(help="Who is there again: the key in the desk directory, or the name.")],
    number: Annotated[
        int | None, typer.Argument(max=MOST, help="Which absence; without it the one that goes on.")
    ] = None,
    *,
    who: Who = None,
) -> None:
    """End an absence, or call off one that is planned; tickets come back when their shift begins."""

    async def work(desk: Beside) -> None:
        from bot.desk.people.absences import Absences
        from bot.tickets.outcome import person_texts
        from bot.tickets.words.leave import away

        by, now = who_acts(desk.revision, who), desk.now
        try:
            one = away(person, by, desk.revision)
        except ValueError as error:
            raise CommandError(str(error)) from error
        absences = Absences(desk.revisions, desk.directory)
        speak = person_texts(desk.revision, by)
        ended = await desk.database.write(lambda conn: absences.end(conn, one.id, by=by, at=now, number=number))
        if not ended:
            refusal = "refused_not_away" if number is None else "refused_no_absence"
            raise CommandError(speak(refusal, name=one.name, number=number or ""))
        say(speak("back_again", name=one.name))

    beside(ctx, work)
