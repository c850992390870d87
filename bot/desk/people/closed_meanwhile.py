"""Accounts of our people that were closed while nobody here listened: asked about at the start, and once a day.

A channel says it once, as it happens; whoever was down then would never hear. An admin's word goes before the
channel's: what was told of an account once is told no more, so that whoever was let in again stays in.

Whoever was asked about is left alone until the next day, however long others cannot be: a question may be seen.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import structlog

from adapters.errors import ChannelError, PermanentError
from adapters.message import Channel, Conversation, Identity, InboundPlace
from adapters.port import KnowsAccounts
from bot.desk.people.offboarding import Offboarding
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.errors import StoreUnavailableError
from bot.store.people import shut_out
from bot.store.revisions import Revisions
from sla.duration import Instant, moment

log = structlog.get_logger()

#: How long before whoever could not be asked about is asked about again.
AGAIN_S: Final = 60.0
EVERY_S: Final = timedelta(days=1).total_seconds()
_CHANNELS: Final = frozenset(Channel)


class ClosedMeanwhile:
    """Asks the channels that can tell; one per process."""

    def __init__(
        self,
        database: Database,
        revisions: Revisions,
        offboarding: Offboarding,
        adapters: Mapping[Channel, object],
        now: Callable[[], Instant],
        *,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """`told` is called when there is something to send."""
        self._database = database
        self._revisions = revisions
        self._offboarding = offboarding
        self._adapters = adapters
        self._now = now
        self._told = told
        #: Who has been asked about in this round.
        self._asked: set[Identity] = set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                is_whole = await self.once()
            except StoreUnavailableError as error:
                log.warning("what became of our people's accounts cannot be kept now", reason=str(error))
                is_whole = False
            except Exception:  # supervised: what channels tell as it happens goes on to count
                log.exception("our people's accounts could not be asked about")
                is_whole = False
            await asyncio.sleep(EVERY_S if is_whole else AGAIN_S)

    async def once(self) -> bool:
        """Ask about everybody, or whoever is left; whether nobody is, so that the next time is a new round."""
        is_whole = True
        for who in [one for one in self._identities() if one not in self._asked]:
            adapter = self._adapters.get(who.channel)
            if not isinstance(adapter, KnowsAccounts):
                continue
            try:
                is_closed = await adapter.is_closed(who)
            except PermanentError as error:
                log.info("an account is not known there", channel=who.channel.value, reason=str(error))
                self._asked.add(who)
                continue
            except ChannelError as error:
                log.info("an account could not be asked about", channel=who.channel.value, reason=str(error))
                is_whole = False
                continue
            await self._keep(who, is_closed=is_closed)
            self._asked.add(who)
        if is_whole:
            self._asked.clear()
        return is_whole

    async def _keep(self, who: Identity, *, is_closed: bool) -> None:
        at = self._now()
        where = Conversation(who.channel, "desk", who.address)
        news = InboundPlace(where, "closed", moment(at), by=who)

        def kept(conn: Connection) -> None:
            if not is_closed:
                shut_out.forget_closed(conn, who.key)
            elif not shut_out.was_closed(conn, who.key):
                self._offboarding.hear(conn, news, now=at)

        await self._database.write(kept)
        if is_closed:
            self._told()

    def _identities(self) -> list[Identity]:
        people = self._revisions.current.people.values() if self._revisions.number else ()
        return [
            Identity(Channel(channel), address)
            for one in people
            for channel, address in one.addresses.items()
            if channel in _CHANNELS
        ]
