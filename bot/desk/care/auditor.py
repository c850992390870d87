"""The auditor: looks each minute whether anything stands still that must not, with questions of its own.

    look ──found what was there a minute ago as well──> trouble: not ready, admins are told ──nothing left──> well again

It asks the tables and believes no loop. What it has to say goes straight to a channel, not through the outbox, because
the outbox may be what stands still; another channel than the troubled one first. Of several replicas each looks and one
tells. What was told is kept, so a restart repeats nothing. While all is well a dead-man's switch outside is held down:
if we die whole, somebody else notices. Once a day open promises are counted anew from what happened to them.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from adapters.card import Card, OutboundCard
from adapters.errors import ChannelError
from adapters.message import Channel, Conversation
from adapters.port import Adapter, Health
from bot import metrics
from bot.desk.directory import Directory
from bot.now import Timekeeper
from bot.store import leases, remembered
from bot.store.auditing import Check, Violation, channels_of, refolded, violations
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.errors import StoreError, StoreUnavailableError
from bot.store.revisions import Revisions
from bot.store.unit import write_ping
from bot.tickets.facts import Ping
from bot.tickets.outcome import person_texts
from bot.tickets.texts import Texts
from routing.people import PersonId
from sla.duration import Instant, moment

log = structlog.get_logger()

EVERY_SECONDS: Final = 60.0
#: A look that takes longer, or comes no more, is itself what must not be.
STUCK_SECONDS: Final = 180.0
#: Whoever tells has so long for it; another replica takes over after that.
TELLS_FOR: Final = timedelta(minutes=2)
SEND_WITHIN_SECONDS: Final = 15.0
#: So many names of things stand in a sentence.
NAMED: Final = 5
AT_ONCE: Final = 500
TOLD: Final = "auditor:told"
REFOLDED: Final = "auditor:refolded"
LEASE: Final = "auditor"
#: What only the daily count finds.
COUNTED: Final = frozenset({Check.REFOLD.value, Check.ANSWERED.value})
DAY_MS: Final = 86_400_000

#: Holds the dead-man's switch down for a while; raises nothing.
HoldDown = Callable[[], Awaitable[None]]


class Auditor:
    """Looks, says how things are, and tells the admins when that changes; one per process."""

    def __init__(
        self,
        database: Database,
        revisions: Revisions,
        directory: Directory,
        adapters: Mapping[Channel, Adapter],
        time: Timekeeper,
        *,
        name: str,
        hold_down: HoldDown | None = None,
        every_s: float = EVERY_SECONDS,
    ) -> None:
        """`name` tells this process from other replicas."""
        self._database = database
        self._revisions = revisions
        self._directory = directory
        self._adapters = adapters
        self._time = time
        self._name = name
        self._hold_down = hold_down
        self._every_s = every_s
        #: At how many looks in a row each of them was there.
        self._seen: Mapping[Violation, int] = {}
        self._miscounted: frozenset[Violation] = frozenset()
        self._found: Sequence[Violation] = ()
        self._looked_at: float | None = None
        #: What this process told while nothing could be kept.
        self._told_unkept: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Look each minute of real time until cancelled; the first look is a minute after the start."""
        self._looked_at = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.look()
            except Exception:
                # Whoever watches must not be what brings the desk down; that nobody looks is said by `health`.
                log.exception("the auditor failed to look")

    async def look(self) -> Sequence[Violation]:
        """Look once; what was wrong already at the look before."""
        now = self._time.now()
        try:
            is_new_day = await self._database.read(_day_of_refold) != str(now // DAY_MS)
            told, _ = await self._database.read(_told)
            # What another replica or a process before this one found is looked at until it ends.
            if is_new_day or self._miscounted or not told.isdisjoint(COUNTED):
                self._miscounted = frozenset(await self._refold())
            if is_new_day:
                await self._database.write(lambda conn: remembered.remember(conn, REFOLDED, str(now // DAY_MS)))
            present = frozenset(await self._database.read(lambda conn: violations(conn, self._revisions, now=now)))
            present |= self._miscounted
        except StoreError as error:
            # How it is away is no part of its name: two looks see the same trouble.
            log.warning("the auditor cannot look", reason=str(error))
            present = frozenset({Violation(Check.STORE, "")})
        self._seen = {one: self._seen.get(one, 0) + 1 for one in present}
        stands = [one for one, looks in self._seen.items() if looks > one.looks]
        self._found = sorted(stands, key=lambda one: (one.check, one.subject))
        self._looked_at = asyncio.get_running_loop().time()
        self._count()
        await self._tell(now)
        # Whoever could not look vouches for nothing.
        if not self._found and not self._is_blind() and self._hold_down is not None:
            await self._hold_down()
        return self._found

    def health(self) -> Health:
        """Whether all is well, in a sentence."""
        if self._looked_at is not None and asyncio.get_running_loop().time() - self._looked_at > STUCK_SECONDS:
            return Health(is_up=False, detail="the auditor has not looked lately")
        if self._found:
            return Health(is_up=False, detail=" · ".join(sentences(self._found, Texts("en"))))
        return Health(is_up=True, detail="nothing stands still")

    async def _refold(self) -> list[Violation]:
        found: list[Violation] = []
        last: int | None = 0
        while last is not None:
            look = partial(refolded, revisions=self._revisions, after=last, count=AT_ONCE)
            part, last = await self._database.read(look)
            found += part
        return found

    def _count(self) -> None:
        counted = Counter(one.check for one in self._found)
        for check in Check:
            metrics.AUDITOR_VIOLATIONS.labels(check=check.value).set(counted[check])
        metrics.AUDITOR_LOOK.set(self._time.now() / 1000)
        for check, count in counted.items():
            names = [one.subject for one in self._found if one.check is check]
            log.error("something stands still that must not", check=check.value, count=count, what=names[:NAMED])

    async def _tell(self, now: Instant) -> None:
        """Tell the admins of each new kind of trouble once, and once that all is well again."""
        present = frozenset(one.check.value for one in self._found)
        try:
            told, _ = await self._database.read(_told)
            if self._told_unkept and not told and not self._seen:
                # What was told of while nothing could be kept is over, and nobody else knows that it was told.
                await self._tell_admins(frozenset(), f"audit:{self._name}:{now}:over", now)
            if present or not self._seen:
                self._told_unkept = frozenset()
            if not self._is_news(present, told):
                return
            epoch = await self._database.write(
                lambda conn: leases.acquire(conn, LEASE, owner=self._name, lease_for=TELLS_FOR)
            )
            if epoch is None:
                return  # another replica is telling them
            told, turn = await self._database.read(_told)
            if self._is_news(present, told):
                # Named by the turn: whoever repeats it after a crash is recognised where the channel can.
                await self._tell_admins(present - told, f"audit:{turn + 1}", now)
                kept = told | present if present else frozenset[str]()
                await self._database.write(lambda conn: _keep_told(conn, kept, turn + 1))
            await self._database.write(lambda conn: leases.release(conn, LEASE, epoch=epoch))
        except StoreUnavailableError:
            # Nothing can be kept: told once by each process, on a path that needs no disk.
            if fresh := present - self._told_unkept:
                self._told_unkept |= present
                await self._tell_admins(fresh, f"audit:{self._name}:{now}", now)

    def _is_blind(self) -> bool:
        return any(one.check is Check.STORE for one in self._seen)

    def _is_news(self, present: frozenset[str], told: frozenset[str]) -> bool:
        """Whether there is new trouble, or an end of all of it. What is there still and seen once is no end."""
        seen = {one.check.value for one in self._seen}
        is_there_still = not seen.isdisjoint({*told, Check.STORE.value})  # who could not look knows of no end
        return bool(present - told) or bool(told and not present and not is_there_still)

    async def _tell_admins(self, fresh: frozenset[str], news_key: str, now: Instant) -> None:
        """`fresh` are the kinds of trouble that are new; none of them: all is well again."""
        news = [one for one in self._found if one.check.value in fresh]
        troubled = {*channels_of(self._found)}
        for person in self._directory.admins():
            speak = person_texts(self._revisions.current, person)
            title = speak("audit_trouble") if news else speak("audit_well")
            lines = tuple(sentences(news, speak))
            key = f"{news_key}:{person}"
            ways = sorted(self._directory.routes(person), key=lambda way: str(way.channel) in troubled)
            if not await self._said(ways, key, Card(title, lines, tone="late" if news else "ok", mention=True), now):
                await self._leave_on_the_board(person, key, title, lines, now)

    async def _said(self, ways: Sequence[Conversation], key: str, card: Card, now: Instant) -> bool:
        """Say it on the first of the ways that takes it; the board keeps nothing by itself."""
        for way in ways:
            if way.channel is Channel.BOARD or way.channel not in self._adapters:
                continue
            try:
                async with asyncio.timeout(SEND_WITHIN_SECONDS):
                    await self._adapters[way.channel].send(OutboundCard(key, way, card, moment(now)))
            except (ChannelError, StoreError, TimeoutError) as error:
                log.warning("an admin could not be told this way", channel=way.channel.value, reason=str(error))
                continue
            return True
        return False

    async def _leave_on_the_board(
        self, person: PersonId, key: str, title: str, lines: tuple[str, ...], now: Instant
    ) -> None:
        ping = Ping(person, key, title, lines, is_alert=True)
        try:
            await self._database.write(lambda conn: write_ping(conn, ping, at=now, whereto=self._directory.whereto))
        except StoreUnavailableError:
            log.warning("an admin could not be told at all", person=person)


def sentences(found: Sequence[Violation], speak: Texts) -> list[str]:
    """What is wrong, a sentence for each kind, with the first few names and how many more there are."""
    said = []
    for check in Check:
        names = [one.subject for one in found if one.check is check]
        if names:
            rest = len(names) - NAMED
            more = f" {speak('listed_more', count=rest)}" if rest > 0 else ""
            said.append(speak(f"audit_{check.value}", names=", ".join(names[:NAMED]) + more))
    return said


def _day_of_refold(conn: Connection) -> str | None:
    return remembered.recall(conn, REFOLDED)


def _told(conn: Connection) -> tuple[frozenset[str], int]:
    """What the admins know is wrong, and how often they were told anything."""
    told, turn = json.loads(remembered.recall(conn, TOLD) or "[[], 0]")
    return frozenset(told), turn


def _keep_told(conn: Connection, told: frozenset[str], turn: int) -> None:
    remembered.remember(conn, TOLD, json.dumps([sorted(told), turn]))
