"""Somebody whose account was closed is let in again by an admin, and may do what the desk directory says."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.beside import Beside, Json, beside, who_acts
from bot.cli.printed import USAGE, CommandError, say, say_json
from routing.people import PersonId, Role

if TYPE_CHECKING:  # see beside.py
    from bot.store.driver.connection import Connection


def let_in(
    ctx: typer.Context,
    person: Annotated[str, typer.Argument(help="As the desk directory calls them.")],
    *,
    who: Annotated[
        str | None, typer.Option("--as", metavar="PERSON", help="Which admin; the only one if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Give somebody their rights back who was shut out because their account was closed."""

    async def work(desk: Beside) -> None:
        from bot.desk.people.offboarding import Offboarding

        by, one = who_acts(desk.revision, who), desk.revision.person(PersonId(person))
        if Role.ADMIN not in desk.revision.people[by].roles:
            raise CommandError(f"only an admin lets anybody in again, and {by} is none", USAGE)
        if one is None:
            raise CommandError(f"nobody here is called {person!r}: {', '.join(sorted(desk.revision.people))}", USAGE)
        offboarding, now = Offboarding(desk.revisions, desk.directory), desk.now

        def write(conn: "Connection") -> bool:
            return offboarding.let_in(conn, one.id, by=by, now=now)

        if not await desk.database.write(write):
            raise CommandError(f"{one.name} is not shut out")
        if as_json:
            say_json({"person": one.id, "shut_out": False})
            return
        say(f"{one.name} may do again what the desk directory says")

    beside(ctx, work)
