"""Who is who on a client's side: contacts that are one person, made one and made two again, from a terminal."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.beside import Beside, Json, beside, who_acts
from bot.cli.printed import USAGE, CommandError, iso, say, say_json, say_table, shown

if TYPE_CHECKING:  # see beside.py
    from adapters.port import Answer
    from bot.store.driver.connection import Connection
    from bot.tickets.ticket import ContactId

contact = typer.Typer(help="Contacts that turned out to be one person.", no_args_is_help=True)

Who = Annotated[str | None, typer.Option("--as", metavar="PERSON", help="Which lead; the only admin if left out.")]
#: How a person is named here, as `maitred ticket T-1 show` has it.
_ADDRESS = "One of their addresses, as in telegram:5001 or email:lena@acme.test."


@contact.command("list")
def listed(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Who was taken for whom, by whom and since when."""

    async def work(desk: Beside) -> None:
        from bot.store.people.joining import joined_with_names

        found = await desk.database.read(joined_with_names)
        if as_json:
            say_json(
                [
                    {"contact": one.joined.gone, "name": one.gone, "is": one.joined.kept, "kept": one.kept}
                    | {"by": one.joined.by, "at": iso(one.joined.at), "addresses": list(one.addresses)}
                    for one in found
                ]
            )
            return
        say_table(
            ["contact", "addresses", "is", "by", "since"],
            [
                [one.gone, ", ".join(one.addresses), one.kept, one.joined.by, shown(one.joined.at, desk.revision.zone)]
                for one in found
            ],
            empty="no two contacts are one person",
        )

    beside(ctx, work)


@contact.command()
def merge(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(help=_ADDRESS)],
    into: Annotated[str, typer.Argument(help="An address of whoever they are.")],
    *,
    who: Who = None,
) -> None:
    """Say that two contacts are one person: the same history everywhere. Never of two clients."""

    async def work(desk: Beside) -> None:
        from bot.desk.people.contacts import Contacts

        by, contacts = who_acts(desk.revision, who), Contacts(desk.revisions, desk.directory)

        def write(conn: "Connection") -> "Answer":
            gone, kept = _contact(conn, address), _contact(conn, into)
            return contacts.join(conn, by, kept=kept, gone=gone, now=desk.now)

        _say(await desk.database.write(write))

    beside(ctx, work)


@contact.command()
def part(ctx: typer.Context, address: Annotated[str, typer.Argument(help=_ADDRESS)], *, who: Who = None) -> None:
    """Say that they are two people after all: each has again what they said."""

    async def work(desk: Beside) -> None:
        from bot.desk.people.contacts import Contacts
        from bot.store.people.joining import origin_of_address

        by, contacts = who_acts(desk.revision, who), Contacts(desk.revisions, desk.directory)

        def write(conn: "Connection") -> "Answer":
            gone = origin_of_address(conn, address) or _contact(conn, address)
            return contacts.part(conn, by, gone, now=desk.now)

        _say(await desk.database.write(write))

    beside(ctx, work)


def _contact(conn: "Connection", address: str) -> "ContactId":
    from bot.store.people.joining import contact_of_address

    found = contact_of_address(conn, address)
    if found is None:
        raise CommandError(f"nobody has written from {address}: write it like telegram:5001", USAGE)
    return found


def _say(answer: "Answer") -> None:
    if answer.is_refused:
        raise CommandError(answer.text)
    say(answer.text)
