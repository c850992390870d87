"""What the Slack channel asks the desk before it reads back what it missed: how far it had heard, and where to look."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, TypeVar

from adapters.errors import DeskAwayError
from adapters.message import Channel, conversation_from_key
from adapters.slack.readers import cursor_name
from bot.desk.desk import Desk
from bot.desk.directory import DESK_ACCOUNT
from bot.store import errors, journal
from bot.store.channels import ongoing
from bot.store.driver.connection import Connection
from sla.duration import Instant, Within, millis

Found = TypeVar("Found")

#: What was said in time may be read back this much later. A working day is seldom more than two of the week.
_SPARE: Final = timedelta(days=7)
#: Somebody goes on in an old thread as long as it is remembered, whatever became of its ticket: a new one opens there.
_REMEMBERED: Final = timedelta(days=30)
_WORKING_DAY: Final = timedelta(days=2)


class StoredPast:
    """The channel's cursor, and the threads of tickets that go on: a client's own, and those under our cards."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def cursor(self) -> str | None:
        """How far the channel was read. Raises DeskAwayError."""
        return await self._read(lambda conn: journal.cursor_of(conn, Channel.SLACK, DESK_ACCOUNT))

    async def channels(self) -> Sequence[str]:
        """The channels that were looked at, whatever became of them since. Raises DeskAwayError."""
        start = cursor_name(DESK_ACCOUNT, "")
        named = await self._read(lambda conn: journal.cursors_of(conn, Channel.SLACK, start))
        return [name.removeprefix(start) for name in named]

    async def readers(self, channel: str) -> str | None:
        """Who could read in a channel when it was last looked at. Raises DeskAwayError."""
        name = cursor_name(DESK_ACCOUNT, channel)
        return await self._read(lambda conn: journal.cursor_of(conn, Channel.SLACK, name))

    async def threads(self) -> Sequence[str]:
        """The first messages of those threads, `CHANNEL:TS`: of open tickets, and of those resolved in a month or more.

        Raises DeskAwayError.
        """
        reopen_within = _at_most(self._desk.revisions.current.rules.reopen_within)
        now, reopens = self._desk.now(), reopen_within + _SPARE
        since, cards_since = (Instant(now - millis(back)) for back in (max(reopens, _REMEMBERED), reopens))
        return await self._read(lambda conn: _threads(conn, since, cards_since))

    async def _read(self, read: Callable[[Connection], Found]) -> Found:
        try:
            return await self._desk.database.read(read)
        except errors.StoreUnavailableError as error:
            raise DeskAwayError(str(error)) from error


def _at_most(within: Within) -> timedelta:
    """Long enough on any calendar but a strange one."""
    return within if isinstance(within, timedelta) else within.count * _WORKING_DAY


def _threads(conn: Connection, since: Instant, cards_since: Instant) -> Sequence[str]:
    addresses = [conversation_from_key(key).address for key in ongoing.conversations(conn, Channel.SLACK, since=since)]
    threads = [f"{place.partition('/')[2]}:{ts}" for place, _, ts in (one.partition("#") for one in addresses) if ts]
    return [*threads, *ongoing.cards(conn, Channel.SLACK, since=cards_since)]
