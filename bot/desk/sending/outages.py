"""A channel that is down, or that somebody has to mend, is told to the admins: once, and once more when it is well.

    down for `DOWN_FOR` ──> told, on whichever other channel reaches them ──> well for `WELL_FOR` ──> told

What was told is kept in the database, with who told it and when it was last so, because the end may be seen by another
process: the one that is started once the mend is made.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import uuid4

import structlog

from adapters.message import Channel
from adapters.port import Adapter
from bot.desk.directory import Directory
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.errors import StoreUnavailableError
from bot.store.remembered import recall, remember
from bot.store.revisions import Revisions
from bot.store.unit import write_ping
from bot.tickets.facts import Ping
from bot.tickets.outcome import person_texts
from sla.duration import Instant, length

log = structlog.get_logger()

LOOK_EVERY_SECONDS: Final = 15.0
#: Shorter than people are told of anything: a restart of the far end, a connection that is made anew.
DOWN_FOR: Final = timedelta(minutes=3)
#: A channel that comes and goes is one trouble.
WELL_FOR: Final = timedelta(minutes=1)
#: Whoever told of it and has not been heard of for so long is gone.
GONE_AFTER: Final = timedelta(minutes=3)
_NAME: Final = "outage"


@dataclass(frozen=True, slots=True)
class Outage:
    """One that was told: since when, who told it, when they last saw it."""

    since: Instant
    owner: str
    seen_at: Instant


class Outages:
    """Watches the channels of this process."""

    def __init__(
        self,
        database: Database,
        adapters: Mapping[Channel, Adapter],
        revisions: Revisions,
        directory: Directory,
        now: Callable[[], Instant],
        *,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """`told` is called when there is something to send."""
        self._database = database
        self._adapters = adapters
        self._revisions = revisions
        self._directory = directory
        self._now = now
        self._told = told
        self._owner = uuid4().hex
        #: Since when each channel is in trouble, and since when it is well again.
        self._since: dict[Channel, Instant] = {}
        self._well: dict[Channel, Instant] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            try:
                await self.once()
            except StoreUnavailableError as error:
                log.warning("outages cannot be told now", reason=str(error))

    async def once(self) -> None:
        """Look at every channel and tell what is to be told."""
        now = self._now()
        for channel, adapter in self._adapters.items():
            health = adapter.health()
            reason = health.trouble if health.is_up else health.detail
            if reason:
                self._well.pop(channel, None)
                since = self._since.setdefault(channel, now)
                if length(now - since) >= DOWN_FOR:
                    await self._is_down(channel, reason, since, now, is_up=health.is_up)
            elif length(now - self._well.setdefault(channel, now)) >= WELL_FOR:
                self._since.pop(channel, None)
                await self._is_well(channel, now)

    async def _is_down(self, channel: Channel, reason: str, since: Instant, now: Instant, *, is_up: bool) -> None:
        def tell(conn: Connection) -> bool:
            known = _kept(conn, channel)
            if known is not None:
                # Told by us, or by somebody who may be gone: from now on it is ours to say when it is over.
                if known.owner == self._owner or length(now - known.seen_at) >= GONE_AFTER:
                    _keep(conn, channel, replace(known, owner=self._owner, seen_at=now))
                return False
            _keep(conn, channel, Outage(since, self._owner, now))
            key = "ping_channel_trouble" if is_up else "ping_channel_down"
            self._tell(conn, channel, key, f"outage:{channel}:{since}", since, now, reason=reason)
            return True

        if await self._database.write(tell):
            log.error("a channel needs somebody", channel=channel, reason=reason)
            self._told()

    async def _is_well(self, channel: Channel, now: Instant) -> None:
        if await self._database.read(lambda conn: _kept(conn, channel)) is None:
            return

        def tell(conn: Connection) -> bool:
            known = _kept(conn, channel)
            if known is None or (known.owner != self._owner and length(now - known.seen_at) < GONE_AFTER):
                return False
            remember(conn, f"{_NAME}:{channel}", "")
            self._tell(conn, channel, "ping_channel_back", f"outage_over:{channel}:{known.since}", known.since, now)
            return True

        if await self._database.write(tell):
            log.info("a channel is well again", channel=channel)
            self._told()

    def _tell(
        self, conn: Connection, channel: Channel, text: str, key: str, since: Instant, now: Instant, *, reason: str = ""
    ) -> None:
        for person in self._directory.admins():
            speak = person_texts(self._revisions.current, person)
            values = {"channel": speak(f"channel_{channel}"), "since": speak.moment(since, now=now)}
            title = speak(text, **values, reason=reason)
            ping = Ping(person, f"{key}:{person}", title, is_alert=True)
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)


def _kept(conn: Connection, channel: Channel) -> Outage | None:
    kept = recall(conn, f"{_NAME}:{channel}")
    return Outage(**json.loads(kept)) if kept else None


def _keep(conn: Connection, channel: Channel, outage: Outage) -> None:
    remember(conn, f"{_NAME}:{channel}", json.dumps(asdict(outage)))
