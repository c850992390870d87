"""The desk directory and the settings: judged without touching anything (`check`), put in force (`apply`)."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bot.cli.beside import Chosen, Json, chosen, file_of, open_existing, settings_of, terminal, timekeeper
from bot.cli.printed import FAILED, OK, USAGE, counted, iso, parse_moment, say, say_json, shown, warn
from bot.settings import Mistake, Settings, SettingsError, readable_by_others, written_desk
from sla.duration import Instant, moment

if TYPE_CHECKING:  # see beside.py
    from bot.desk.applying import Applied
    from bot.deskfile.load import Loaded

#: A secret as long as the hash it feeds; a shorter one can be guessed.
LONG_ENOUGH: Final = 32
KEY_RECIPE: Final = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake or warning: a setting goes by its `name`, a line of the desk directory by `file` and `line`."""

    message: str
    is_error: bool
    name: str | None = None
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = self.name or (f"{self.file}:{self.line}" if self.line else self.file)
        return f"{'' if self.is_error else 'warning: '}{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Judged:
    """Settings and desk directory, none and no document where one cannot be used, and all there is to say of both."""

    settings: Settings | None
    desk: "Loaded"
    findings: list[Finding]
    now: Instant

    @property
    def document(self) -> Mapping[str, Any] | None:
        return self.desk.document

    @property
    def mistakes(self) -> list[Finding]:
        return [one for one in self.findings if one.is_error]


def judged(where: Chosen) -> Judged:
    """Judge both, so that one look lists everything; nothing is made or changed."""
    settings, findings = _settings_judged(where)
    now = timekeeper(settings or Settings()).now()
    directory = settings.desk if settings else written_desk(where.env_file)
    loaded = _loaded(directory, now)
    return Judged(settings, loaded, [*findings, *_findings(directory, loaded)], now)


def check(
    ctx: typer.Context,
    *,
    live: Annotated[bool, typer.Option("--live", help="Also ask the database and every channel.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 when there is a warning.")] = False,
    as_json: Json = False,
) -> None:
    """Settings and desk directory, judged together: every mistake with its place and its mend, nothing changed."""
    found = judged(chosen(ctx))
    findings = found.findings
    if live and found.settings is not None:
        findings += asyncio.run(_asked(found.settings, found.document))
    calendars = [] if found.document is None else _calendars(found.document, found.now)
    errors = len(found.mistakes)
    code = USAGE if errors else FAILED if strict and findings else OK
    if as_json:
        say_json({"ok": code == OK, "problems": [asdict(one) for one in findings], "calendars": calendars})
        raise typer.Exit(code)
    for finding in findings:
        warn(str(finding))
    for calendar in calendars:
        opens = shown(parse_moment(calendar["opens_at"]), calendar["zone"])
        hours = "open now" if calendar["is_open"] else f"opens {opens} ({calendar['zone']})"
        say(f"calendar {calendar['key']}: {hours}")
    say(f"{counted(errors, 'mistake')}, {counted(len(findings) - errors, 'warning')}")
    raise typer.Exit(code)


def apply(
    ctx: typer.Context,
    *,
    only_plan: Annotated[bool, typer.Option("--plan", help="Only say what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Put the desk directory in force: what changes is printed, and a running bot takes it up within a second."""
    from bot.deskfile.plan import meaning, plan

    settings = settings_of(ctx)
    now = timekeeper(settings).now()
    loaded = _loaded(settings.desk, now)
    for finding in _findings(settings.desk, loaded):
        warn(str(finding))
    if (document := loaded.document) is None:
        raise typer.Exit(USAGE)
    if only_plan:
        number, before = asyncio.run(_in_force(settings))
        changes = plan(before, document)
    else:
        applied = asyncio.run(_applied(settings, document, now))
        number, changes = applied.number, applied.changes
    if as_json:
        told = [{"sign": one.sign, "table": one.table, "what": one.what, "words": one.words} for one in changes]
        say_json({"revision": number, "changes": told, "applied": not only_plan})
        return
    for change in changes:
        say(str(change))
    for words in meaning(changes):
        say(f"  {words}")
    if not changes:
        say(f"nothing changes; revision {number} stays in force")
    elif only_plan:
        say(f"{counted(len(changes), 'change')} against revision {number}; nothing was applied")
    else:
        say(f"revision {number} is in force")


def _settings_judged(where: Chosen) -> tuple[Settings | None, list[Finding]]:
    """The settings, if they can be used, and what there is to say about them."""
    loose = [] if where.is_demo else readable_by_others(where.env_file)
    try:
        settings = where.settings()
    except SettingsError as error:
        return None, _as_findings([*error.mistakes, *loose], is_error=True)
    return settings, [*_as_findings(loose, is_error=True), *_as_findings(_doubts(settings), is_error=False)]


def _doubts(settings: Settings) -> list[Mistake]:
    """What works and is yet worth a look."""
    doubts: list[Mistake] = []
    if settings.imap_host is not None and settings.mail_authserv_id is None:
        words = "is not set: nobody who writes a mail is believed to be who they say, and all are served as strangers"
        doubts.append(Mistake("MAIL_AUTHSERV_ID", words))
    if settings.imap_host is not None and settings.smtp_host is None:
        doubts.append(Mistake("SMTP_HOST", "is not set: mail is read, and nobody can be answered by mail"))
    if settings.secret_key is None:
        place = settings.files / "secret.key"
        words = f"is not set, so one is made and kept in {place}; several machines need the same, made by: {KEY_RECIPE}"
        doubts.append(Mistake("MAITRED_SECRET_KEY", words))
    for kid, secret in settings.jwt_secrets().items():
        if len(secret) < LONG_ENOUGH:
            words = f"the secret {kid} is short: {LONG_ENOUGH} letters or more are hard to guess"
            doubts.append(Mistake("INAPP_JWT_SECRET", words))
    if settings.jwt_secrets() and not settings.inapp_origins:
        doubts.append(Mistake("INAPP_ORIGINS", "is not set: the widget works on our own pages only"))
    return doubts


async def _asked(settings: Settings, document: Mapping[str, Any] | None) -> list[Finding]:
    """What the other ends say: the database, Slack, Telegram and the mail servers."""
    from bot.app.channels.email_app import email_doubts
    from bot.app.channels.slack_app import slack_doubts
    from bot.app.channels.telegram_app import telegram_doubts

    slack, telegram = await slack_doubts(settings, document), await telegram_doubts(settings, document)
    found = [Finding(one.mend, one.is_error, name=one.name) for one in slack]
    found += [Finding(one.mend, one.is_error, name=one.name) for one in telegram]
    found += [Finding(one.mend, one.is_error, name=one.name) for one in await email_doubts(settings)]
    return [*await _database_asked(settings), *found]


async def _database_asked(settings: Settings) -> list[Finding]:
    from bot.store.driver.engine import open_database
    from bot.store.driver.migrate import check as check_schema
    from bot.store.errors import StoreError

    place = file_of(settings)
    if place is not None and not place.exists():
        return []  # the first run makes it
    try:
        database = await open_database(settings.database_url.get_secret_value(), quick_check=True)
        try:
            await check_schema(database)
        finally:
            await database.close()
    except StoreError as error:
        return [Finding(str(error), is_error=True, name="DATABASE_URL")]
    return []


def _loaded(directory: Path, now: Instant) -> "Loaded":
    from bot.deskfile.load import load

    return load(directory, today=moment(now).date())


def _as_findings(mistakes: list[Mistake], *, is_error: bool) -> list[Finding]:
    return [Finding(one.mend, is_error, name=one.name) for one in mistakes]


def _findings(directory: Path, loaded: "Loaded") -> list[Finding]:
    """Problems with paths that an editor can open from here."""
    return [
        Finding(
            one.message,
            one.is_error,
            file=one.file if Path(one.file) in {directory, Path(directory.name)} else str(directory / one.file),
            line=one.line or None,
        )
        for one in loaded.problems
    ]


def _calendars(document: Mapping[str, Any], now: Instant) -> list[dict[str, Any]]:
    """Each calendar asked about the present: the trial that shows whether it says what was meant."""
    from bot.deskfile.revise import compiled

    found = []
    for key, written in sorted(document["calendars"].items()):
        calendar = compiled(key, written)
        opens_at = iso(calendar.next_open(now))
        found.append({"key": key, "is_open": calendar.is_open(now), "opens_at": opens_at, "zone": calendar.zone})
    return found


async def _in_force(settings: Settings) -> tuple[int, Mapping[str, Any] | None]:
    """The revision in force, 0 and None where there is none, or no database either."""
    from bot.store.driver.migrate import current
    from bot.store.revisions import newest_document, newest_number

    place = file_of(settings)
    if place is not None and not place.exists():
        return 0, None
    database = await open_existing(settings)
    try:
        if await current(database) is None:
            return 0, None
        return await database.read(lambda conn: (newest_number(conn), newest_document(conn)))
    finally:
        await database.close()


async def _applied(settings: Settings, document: Mapping[str, Any], now: Instant) -> "Applied":
    from bot.desk.applying import apply_document
    from bot.store.driver.engine import open_database
    from bot.store.driver.migrate import upgrade

    database = await open_database(settings.database_url.get_secret_value())
    try:
        await upgrade(database)
        return await apply_document(database, document, at=now, by=terminal())
    finally:
        await database.close()
