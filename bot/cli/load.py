"""How high the load is, said and asked from a terminal: what clients are promised follows at once."""

from typing import Annotated, Any, Literal

import typer

from bot.cli.beside import Beside, Json, beside, who_acts
from bot.cli.printed import USAGE, CommandError, counted, iso, parse_moment, say, say_json, say_table, shown
from routing.people import LineId, PersonId


def load(
    ctx: typer.Context,
    level: Annotated[
        Literal["high", "normal"] | None, typer.Argument(help="What it is from now on; left out, what it is.")
    ] = None,
    *,
    line: Annotated[str | None, typer.Option(help="Only this line; all of them if left out.")] = None,
    person: Annotated[
        str | None, typer.Option("--as", metavar="PERSON", help="Which lead; the only admin if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say that the load is high or normal again: clocks that run get the time their cell states for it."""

    async def work(desk: Beside) -> None:
        from bot.desk.care.high_load import lines_named

        try:
            lines = lines_named(desk.revisions, line)
        except ValueError as error:
            raise CommandError(str(error), USAGE) from error
        moved = None if level is None else await _declare(desk, person, lines, is_high=level == "high")
        rows = await _rows(desk, lines)
        if as_json:
            say_json({"lines": rows, **({} if moved is None else {"moved": moved})})
            return
        say_table(
            ["line", "load", "by", "since"],
            [[one["line"], one["load"], one["by"] or "", _shown(one["since"], desk.revision.zone)] for one in rows],
            empty="there is no line",
        )
        if moved is not None:
            say(f"{counted(moved, 'ticket')} with a promise that moved")

    beside(ctx, work)


def _shown(since: str | None, zone: str) -> str:
    return "" if since is None else shown(parse_moment(since), zone)


async def _declare(desk: Beside, person: str | None, lines: list[LineId], *, is_high: bool) -> int:
    from bot.desk.care.high_load import HighLoad
    from bot.tickets.decide_staff import LEADING
    from bot.tickets.outcome import person_texts

    by: PersonId = who_acts(desk.revision, person)
    if not desk.revision.people[by].roles & LEADING:
        speak = person_texts(desk.revision, by)
        raise CommandError(speak("refused_role", roles=", ".join(sorted(role.value for role in LEADING))))
    high_load = HighLoad(desk.revisions, desk.directory)
    at = desk.now
    return await desk.database.write(
        lambda conn: high_load.declare(conn, lines, is_now=is_high, by=by, at=at, why=f"{by} declared it")
    )


async def _rows(desk: Beside, lines: list[LineId]) -> list[dict[str, Any]]:
    from bot.store.high_load import declared

    known = await desk.database.read(declared)
    found = []
    for line in lines:
        one = known.get(line)
        found.append(
            {
                "line": line,
                "load": "high" if one is not None and one.is_high else "normal",
                "by": one.by if one is not None else None,
                "since": iso(one.at) if one is not None else None,
            }
        )
    return found
