"""Looking after the desk: its database, and links that let people in."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli.beside import Beside, Json, beside, open_existing, settings_of, terminal
from bot.cli.printed import USAGE, CommandError, iso, say, say_json, shown
from bot.settings import Settings
from routing.people import ClientId, PersonId
from sla.duration import Instant, later

if TYPE_CHECKING:  # see beside.py
    from adapters.message import Identity
    from bot.store.driver.connection import Connection
    from bot.store.people.tokens import Token

db = typer.Typer(no_args_is_help=True, help="The database: upgraded, copied, put back.")

#: A link is made for somebody who is there to use it.
LINK_FOR: Final = timedelta(minutes=15)
#: Channels that a client may be tied to by a link.
LINKED: Final = ("telegram", "slack", "email", "inapp")

#: Where the bot's own name on Telegram is remembered, once Telegram has told it.
BOT_NAME: Final = "telegram:username"

Backup = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


@db.command()
def upgrade(ctx: typer.Context) -> None:
    """Bring the database to the schema of this version; it is made if it is not there."""
    from bot.store.driver.engine import open_database
    from bot.store.driver.migrate import newest
    from bot.store.driver.migrate import upgrade as bring_up

    async def work(settings: Settings) -> str | None:
        database = await open_database(settings.database_url.get_secret_value())
        try:
            return await bring_up(database)
        finally:
            await database.close()

    before = asyncio.run(work(settings_of(ctx)))
    say(f"the schema is {newest()}" + ("" if before in {None, newest()} else f", it was {before}"))


@db.command()
def backup(ctx: typer.Context, file: Backup) -> None:
    """Copy the database while the bot runs. Attachments are files: copy their directory as well."""
    from bot.store.driver.backup import backup as copy

    async def work(settings: Settings) -> None:
        database = await open_existing(settings)
        try:
            await copy(database, file)
        finally:
            await database.close()

    settings = settings_of(ctx)
    try:
        asyncio.run(work(settings))
    except FileExistsError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}") from error
    say(f"{file} holds the database; attachments are in {settings.files}")


@db.command()
def restore(
    ctx: typer.Context,
    file: Backup,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Write over the database that is there.")] = False,
) -> None:
    """Put a backup in the place of the database; the bot must be stopped."""
    from bot.store.driver.backup import restore as put_back

    settings = settings_of(ctx)
    asyncio.run(put_back(settings.database_url.get_secret_value(), file, replace=replace))
    say(f"the database is the one of {file}; maitred db upgrade comes next if it is of an older version")


def board_link(
    ctx: typer.Context,
    person: Annotated[str, typer.Argument(help="As the desk directory calls them.")],
    *,
    as_json: Json = False,
) -> None:
    """A one-time link that signs a person in to the board."""
    from bot.web.session import BOARD_LINK

    async def work(desk: Beside) -> None:
        if PersonId(person) not in desk.revision.people:
            raise CommandError(f"nobody here is called {person!r}: {', '.join(sorted(desk.revision.people))}", USAGE)
        token, expires_at = await _made(desk, BOARD_LINK, person)
        address = f"{_address(desk.settings, is_demo=desk.is_demo)}/board/enter/{token}"
        if as_json:
            say_json({"person": person, "url": address, "expires_at": iso(expires_at)})
            return
        say(address)
        say(f"for {desk.revision.people[PersonId(person)].name}, once, until {shown(expires_at, desk.revision.zone)}")

    beside(ctx, work)


def link(
    ctx: typer.Context,
    client: Annotated[str, typer.Argument(help="As the desk directory calls them.")],
    channel: Annotated[str, typer.Argument(help=f"One of {', '.join(LINKED)}.")],
    *,
    contact: Annotated[
        str | None, typer.Option(help="Which contact of the client they are, as the desk directory names them.")
    ] = None,
    as_json: Json = False,
) -> None:
    """A one-time token that ties whoever uses it on a channel to a client."""
    from bot.desk.people.inviting import purpose_of
    from bot.desk.people.linking import subject_of
    from bot.store.remembered import recall

    async def work(desk: Beside) -> None:
        if channel not in LINKED:
            raise CommandError(f"{channel!r} is no channel: {', '.join(LINKED)}", USAGE)
        if ClientId(client) not in desk.revision.clients:
            raise CommandError(f"no client is called {client!r}: {', '.join(sorted(desk.revision.clients))}", USAGE)
        subject = subject_of(ClientId(client), _contact(desk, ClientId(client), contact))
        token, expires_at = await _made(desk, purpose_of(channel), subject)
        bot = await desk.database.read(lambda conn: recall(conn, BOT_NAME)) if channel == "telegram" else None
        url = f"https://t.me/{bot}?start={token}" if bot else None
        if as_json:
            kept = {"client": client, "channel": channel, "contact": contact, "token": token, "url": url}
            say_json({**kept, "expires_at": iso(expires_at)})
            return
        say(url or f"/start {token}")
        whom = f"one person on {channel} to {client}" + (f" as {contact}" if contact else "")
        how = "" if url else ", written to the bot by that person alone"
        say(f"ties {whom}{how}, once, until {shown(expires_at, desk.revision.zone)}")

    beside(ctx, work)


def unlink(
    ctx: typer.Context,
    channel: Annotated[str, typer.Argument(help=f"One of {', '.join(LINKED)}.")],
    address: Annotated[str, typer.Argument(help="The person's address there, as `maitred ticket T-1 show` has it.")],
    *,
    as_json: Json = False,
) -> None:
    """Take back what a one-time link has proven of somebody: they are served as strangers again."""
    from adapters.message import Channel, Identity
    from bot.desk.people.proving import Proving

    async def work(desk: Beside) -> None:
        if channel not in LINKED:
            raise CommandError(f"{channel!r} is no channel: {', '.join(LINKED)}", USAGE)
        who, proving = Identity(Channel(channel), address), Proving(desk.revisions, desk.directory.whereto)

        def write(conn: "Connection") -> bool:
            return proving.unlink(conn, who, terminal(), desk.now)

        if not await desk.database.write(write):
            raise CommandError(f"no link has proven who {address} on {channel} is; the desk directory may name them")
        if as_json:
            say_json({"channel": channel, "address": address, "linked": False})
            return
        say(f"{address} on {channel} is nobody's any more")

    beside(ctx, work)


def _contact(desk: Beside, client: ClientId, name: str | None) -> "Identity | None":
    """An address by which the desk directory knows that contact of the client."""
    from adapters.message import Channel, Identity

    if name is None:
        return None
    contacts = desk.revision.clients[client].contacts
    found = [one for one in contacts if one.name.casefold() == name.casefold() and one.addresses]
    if len(found) != 1:
        known = ", ".join(one.name for one in contacts) or "none"
        raise CommandError(f"{client} has no one contact called {name!r}: {known}", USAGE)
    channel, address = next(iter(found[0].addresses.items()))
    return Identity(Channel(channel), address)


async def _made(desk: Beside, purpose: str, subject: str) -> "tuple[Token, Instant]":
    from bot.store import audit
    from bot.store.people.tokens import make_link

    now = desk.now
    # Valid for so long of the person's own life, however fast the time of a rehearsal runs.
    expires_at = later(now, LINK_FOR * desk.time.speed)

    def write(conn: "Connection") -> "Token":
        audit.append(conn, [audit.Deed(now, terminal(), "made a link", f"{purpose}:{subject}")])
        return make_link(conn, purpose=purpose, subject=subject, now=now, expires_at=expires_at)

    return await desk.database.write(write), expires_at


def _address(settings: Settings, *, is_demo: bool) -> str:
    if is_demo and settings.address_file.exists():
        return settings.address_file.read_text()  # its port is chosen at each start
    if settings.public_url is None and settings.http.port == 0:
        raise CommandError("MAITRED_HTTP picks a free port, so set MAITRED_PUBLIC_URL to where the board is", USAGE)
    return settings.address
