"""The mail servers asked about themselves, before anybody relies on them: the logins, the folders, what they can do.

Every doubt names a setting, and what to do about it. No mail is read, moved or sent.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from adapters.email.config import Config, Server, mend_of_certificate
from adapters.email.ids import domain_of
from adapters.email.imap import Connection, LoginRefusedError, LostError, SaidNoError, connected
from adapters.email.room import warning_of
from adapters.email.smtp import Smtp
from adapters.email.timings import Timings
from adapters.errors import TemporaryError


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing wrong (or only worth a look), by the setting where it is mended."""

    name: str
    mend: str
    is_error: bool = True


async def doubts(config: Config, *, timings: Timings | None = None) -> Sequence[Doubt]:
    """What the servers say."""
    timings = timings or Timings()
    found: list[Doubt] = []
    if config.imap is not None:
        found += [one async for one in _reading(config, config.imap, timings)]
    if config.smtp is not None:
        found += [one async for one in _sending(config, config.smtp, timings)]
    return found


async def _reading(config: Config, server: Server, timings: Timings) -> AsyncIterator[Doubt]:
    try:
        connection = await connected(server, timings)
    except LoginRefusedError as error:
        secret = "MAIL_TOKEN_FILE" if server.token else "IMAP_PASSWORD"
        yield Doubt(secret, f"{server.host} refuses our login ({error}): mend IMAP_USER and {secret}")
        return
    except (LostError, OSError) as error:
        mend = "" if mend_of_certificate(error, side="IMAP") else ": mend host, port or TLS"
        yield Doubt("IMAP_HOST", f"{server.host}:{server.port} cannot be reached ({error}){mend}")
        return
    try:
        for name in config.mailboxes:
            async for doubt in _folder(connection, name, "IMAP_MAILBOX"):
                yield doubt
        if config.processed is not None:
            async for doubt in _folder(connection, config.processed, "IMAP_PROCESSED"):
                yield doubt
        if crowded := warning_of(await connection.room(config.mailboxes[0])):
            yield Doubt("IMAP_USER", f"{server.user}: {crowded}", is_error=False)
        if not connection.can_idle:
            words = f"{server.host} does not push (IDLE): mail is asked for every {timings.poll_every_s:.0f} seconds"
            yield Doubt("IMAP_HOST", words, is_error=False)
    except LostError as error:
        yield Doubt("IMAP_HOST", f"the connection to {server.host} broke ({error}): try again")
    finally:
        with suppress(LostError):
            await connection.close()


async def _folder(connection: Connection, name: str, setting: str) -> AsyncIterator[Doubt]:
    try:
        await connection.open_folder(name)
    except SaidNoError as error:
        yield Doubt(setting, f"{name} cannot be opened ({error}): make that folder, or name another")


async def _sending(config: Config, server: Server, timings: Timings) -> AsyncIterator[Doubt]:
    smtp = Smtp(server, domain_of(config.address), timings)
    try:
        await smtp.greet()
    except TemporaryError as error:
        yield Doubt("SMTP_HOST", str(error))
