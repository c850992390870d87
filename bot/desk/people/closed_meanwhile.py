"""Accounts of our people that are closed, or are guests': asked about at the start, once a day, and as people change.

Where there are guests nobody's press counts before their account was asked about once: it is asked about then.

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
from adapters.message import Channel, Conversation, Identity, InboundPlace, PlaceChange
from adapters.port import KnowsAccounts, KnowsGuests
from bot.desk.people.offboarding import ENDS, Offboarding
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.errors import StoreUnavailableError
from bot.store.people import shut_out
from bot.store.revisions import Revisions
from sla.duration import Instant, moment

log = structlog.get_logger()

#: How long before whoever could not be asked about is asked about again.
AGAIN_S: Final = 60.0
#: How long a press waits for what a channel says of whoever pressed: its own channel waits little longer.
SURE_WITHIN_S: Final = 1.5
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
        #: Who has been asked about at all since the start.
        self._seen: set[Identity] = set()
        #: Who was on the desk in the last whole one.
        self._known: frozenset[Identity] = frozenset()

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
            if is_whole:
                await self._rest()
            else:
                await asyncio.sleep(AGAIN_S)

    async def once(self) -> bool:
        """Ask about everybody, or whoever is left; whether nobody is, so that the next time is a new round."""
        is_whole = True
        for who in [one for one in self._identities() if one not in self._asked]:
            adapter = self._adapters.get(who.channel)
            if isinstance(adapter, KnowsAccounts):
                is_whole &= await self._ask(adapter, who)
        if is_whole:
            self._known = frozenset(self._identities())
            self._asked.clear()
        return is_whole

    async def is_sure(self, who: Identity) -> bool:
        """Whether the desk knows by now if the account that one of our people acts by gives them any right.

        Whoever nobody has asked about since the start is asked about first; False where that cannot be told now.
        """
        adapter = self._adapters.get(who.channel)
        if who in self._seen or not isinstance(adapter, KnowsAccounts) or not isinstance(adapter, KnowsGuests):
            return True
        try:
            async with asyncio.timeout(SURE_WITHIN_S):
                return await self._ask(adapter, who)
        except TimeoutError:
            return False

    async def _ask(self, adapter: KnowsAccounts, who: Identity) -> bool:
        """Whether it is known now; what a channel does not know at all is no more known the next time."""
        try:
            ends = await _ends(adapter, who)
        except PermanentError as error:
            log.info("an account is not known there", channel=who.channel.value, reason=str(error))
        except ChannelError as error:
            log.info("an account could not be asked about", channel=who.channel.value, reason=str(error))
            return False
        else:
            await self._keep(who, ends)
        self._asked.add(who)
        self._seen.add(who)
        return True

    async def _keep(self, who: Identity, ends: PlaceChange | None) -> None:
        at = self._now()
        where = Conversation(who.channel, "desk", who.address)

        def kept(conn: Connection) -> None:
            for other in ENDS.keys() - {ends}:
                shut_out.forget(conn, who.key, other)
            if ends is not None and not shut_out.was_told(conn, who.key, ends):
                self._offboarding.hear(conn, InboundPlace(where, ends, moment(at), by=who), now=at)

        await self._database.write(kept)
        if ends is not None:
            self._told()

    async def _rest(self) -> None:
        """Until the next day, or until there is somebody whom nobody has asked about."""
        for _ in range(int(EVERY_S / AGAIN_S)):
            await asyncio.sleep(AGAIN_S)
            if not self._known.issuperset(self._identities()):
                return

    def _identities(self) -> list[Identity]:
        people = self._revisions.current.people.values() if self._revisions.number else ()
        return [
            Identity(Channel(channel), address)
            for one in people
            for channel, address in one.addresses.items()
            if channel in _CHANNELS
        ]


async def _ends(adapter: KnowsAccounts, who: Identity) -> PlaceChange | None:
    """What ends the rights of whoever has this account; None for a member's that is open."""
    if await adapter.is_closed(who):
        return "closed"
    return "guest" if isinstance(adapter, KnowsGuests) and await adapter.is_guest(who) else None
