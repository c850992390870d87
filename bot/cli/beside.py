"""What a command works with that runs beside the bot: the same settings, the same database, the same time.

It writes in short transactions of its own; the running bot notices within a second. It never makes a database: a
mistyped address would otherwise look like an empty desk.
"""

import asyncio
import os
import pwd
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.cli.printed import MOST, USAGE, CommandError
from bot.now import Timekeeper, rehearsal_from
from bot.settings import ENV_FILE, Settings, demo_settings, load_settings
from routing.people import PersonId, Role
from sla.duration import Instant

if TYPE_CHECKING:  # a command that needs no database starts without one
    from bot.desk.directory import Directory
    from bot.store.driver.database import Database
    from bot.store.revisions import Revisions
    from bot.tickets.revision import Revision

T = TypeVar("T")

#: The option of every command that prints facts.
Json = Annotated[bool, typer.Option("--json", help="Facts for programs instead of words.")]

#: The option of every command that lists rows; see `how_many`.
Limit = Annotated[int | None, typer.Option(min=1, max=MOST, help="At most so many; 200 if left out, with --json all.")]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which settings the command was told to use."""

    env_file: Path = ENV_FILE
    is_demo: bool = False

    def settings(self) -> Settings:
        """Raises SettingsError."""
        return demo_settings() if self.is_demo else load_settings(self.env_file)


@dataclass(frozen=True, slots=True)
class Beside:
    """An open desk that somebody else runs."""

    settings: Settings
    database: "Database"
    revisions: "Revisions"
    time: Timekeeper
    is_demo: bool = False

    @property
    def now(self) -> Instant:
        return self.time.now()

    @property
    def directory(self) -> "Directory":
        """Who is told what, and where: on the channels the running bot has by the same settings."""
        from bot.app.channels.configured import configured
        from bot.desk.directory import Directory

        channels = configured(self.settings, is_demo=self.is_demo)
        return Directory(self.revisions, lambda: channels, served=channels)

    @property
    def revision(self) -> "Revision":
        """The desk in force; a CommandError if none was ever applied."""
        if not self.revisions.number:
            raise CommandError("no desk is in force yet: maitred apply", USAGE)
        return self.revisions.current


def settings_of(ctx: typer.Context) -> Settings:
    """The settings this call was told to use. Raises SettingsError."""
    return chosen(ctx).settings()


def chosen(ctx: typer.Context) -> Chosen:
    found = ctx.find_object(Chosen)
    return found if found is not None else Chosen()


def timekeeper(settings: Settings) -> Timekeeper:
    """The time that the running bot lives in."""
    kept = rehearsal_from(settings.rehearsal_file) if settings.is_rehearsal else None
    return Timekeeper(kept[0] if kept else None)


def beside(ctx: typer.Context, work: Callable[[Beside], Awaitable[T]]) -> T:
    """Run a command's work on the open desk."""

    async def run() -> T:
        async with open_beside(settings_of(ctx), is_demo=chosen(ctx).is_demo) as desk:
            return await work(desk)

    return asyncio.run(run())


@asynccontextmanager
async def open_beside(settings: Settings, *, is_demo: bool = False) -> AsyncIterator[Beside]:
    """Open a database that exists, with the schema of this version. Raises a DatabaseError or a CommandError."""
    from bot.store.driver.migrate import check
    from bot.store.revisions import Revisions

    database = await open_existing(settings)
    try:
        await check(database)
        revisions = Revisions(is_lazy=True)
        await database.read(revisions.refresh)
        yield Beside(settings, database, revisions, timekeeper(settings), is_demo)
    finally:
        await database.close()


async def open_existing(settings: Settings) -> "Database":
    """Open the database without making one."""
    from bot.store.driver.engine import open_database

    place = file_of(settings)
    if place is not None and not place.exists():
        raise CommandError(f"there is no database at {place}: maitred run makes one, maitred apply as well", USAGE)
    return await open_database(settings.database_url.get_secret_value())


def file_of(settings: Settings) -> Path | None:
    """The file of a SQLite database."""
    if not settings.is_sqlite:
        return None
    return Path(settings.database_url.get_secret_value().partition(":///")[2])


def who_acts(revision: "Revision", name: str | None) -> PersonId:
    """The person a command acts as: the one named, else the only admin there is."""
    if name is not None:
        if PersonId(name) not in revision.people:
            raise CommandError(f"nobody here is called {name!r}: {', '.join(sorted(revision.people))}", USAGE)
        return PersonId(name)
    admins = sorted(person.id for person in revision.people.values() if Role.ADMIN in person.roles)
    if len(admins) != 1:
        raise CommandError(f"say who you are: --as PERSON ({', '.join(sorted(revision.people))})", USAGE)
    return admins[0]


def terminal() -> str:
    """Who sits at this terminal, for the audit trail."""
    try:
        return f"terminal:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:  # a container may run under a number that has no name
        return f"terminal:{os.getuid()}"
