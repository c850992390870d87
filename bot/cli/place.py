"""Places that others read now than before: which of them wait for an admin, and whose they are again."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.beside import Beside, Json, beside, terminal
from bot.cli.printed import CommandError, iso, say, say_json, say_table, shown

if TYPE_CHECKING:  # see beside.py
    from bot.store.driver.connection import Connection

place = typer.Typer(help="Places that others read now than before.", no_args_is_help=True)


@place.command("list")
def listed(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Places that are nobody's until an admin confirms them."""

    async def work(desk: Beside) -> None:
        from bot.store.channels.suspended import owners, suspended

        revision = desk.revision
        found = [(one, owners(revision, one.channel, one.place)) for one in await desk.database.read(suspended)]
        if as_json:
            say_json(
                [
                    {"channel": one.channel, "place": one.place, "clients": list(clients), "since": iso(one.since)}
                    for one, clients in found
                ]
            )
            return
        say_table(
            ["channel", "place", "of", "since"],
            [
                [one.channel, one.place, ", ".join(clients) or "us", shown(one.since, revision.zone)]
                for one, clients in found
            ],
            empty="no place waits to be confirmed",
        )

    beside(ctx, work)


@place.command()
def confirm(
    ctx: typer.Context,
    channel: Annotated[str, typer.Argument(help="Its channel, as `maitred place list` has it.")],
    address: Annotated[str, typer.Argument(metavar="PLACE", help="Its address, as the desk directory writes it.")],
    *,
    as_json: Json = False,
) -> None:
    """Say that everybody in a place may read what is written there: it is again whose the desk directory says."""

    async def work(desk: Beside) -> None:
        from bot.store import audit
        from bot.store.channels import suspended as store

        now = desk.now

        def write(conn: "Connection") -> bool:
            waiting = {(str(one.channel), one.place): one for one in store.suspended(conn)}
            one = waiting.get((channel, address))
            if one is None or not store.confirm(conn, one.channel, one.place, at=now):
                return False
            audit.append(conn, [audit.Deed(now, terminal(), "confirmed", f"place:{channel}:{address}")])
            return True

        owners = desk.revision.suspended.get((channel, address), ())
        if not await desk.database.write(write):
            raise CommandError(f"{address} on {channel} does not wait to be confirmed: maitred place list")
        if as_json:
            say_json({"channel": channel, "place": address, "clients": list(owners), "confirmed": True})
            return
        say(f"{address} on {channel} is {', '.join(owners) or 'ours'} again")

    beside(ctx, work)
