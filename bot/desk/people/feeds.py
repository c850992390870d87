"""People's own calendars, read every quarter of an hour: when they are busy, and when they are on leave.

    asked ──read──> kept, with the moment; of the feed of leave: absences begin and end as it says
      └──not read──> what was known goes on to count; after an hour the person and the admins are told, once,
                     and told again when it is read
    wrong (no calendar, too large) ──> told at once: that does not pass by itself
    read but for broken events ──> what can be read counts, they are named at once; no leave ends meanwhile

An absence out of a feed is one like any other. Each stretch is taken once: whoever said meanwhile that they are back
is not sent away again. One that is missing from two readings in a row is over, because a calendar may be empty once.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

import structlog

from adapters.feed_child import FeedRead
from bot.desk.directory import Directory
from bot.desk.people.absences import Absences
from bot.store.calls import calls
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.errors import StoreUnavailableError
from bot.store.people import absences, feeds
from bot.store.people.feeds import Feed, feed_key
from bot.store.revisions import Revisions
from bot.store.unit import write_ping
from bot.tickets.facts import Ping
from bot.tickets.outcome import person_texts
from routing.coverage import Absence
from routing.people import PersonId
from sla.duration import Instant, instant, length, moment

log = structlog.get_logger()

#: By whom an absence is that a feed said.
BY: Final = "feed"
LEAVE: Final = "absence"
LOOK_EVERY_S: Final = 60.0
EVERY: Final = timedelta(minutes=15)
TOLD_AFTER: Final = timedelta(hours=1)
AHEAD: Final = timedelta(days=120)
#: As many broken events are named at once.
NAMED: Final = 3
#: What began yesterday may go on.
BACK: Final = timedelta(days=2)

Spans = tuple[tuple[Instant, Instant], ...]


class FeedAwayError(Exception):
    """The feed cannot be had now; it may be later."""


class Read(Protocol):
    """Fetch a feed and read it."""

    def __call__(
        self,
        url: str,
        *,
        zone: str,
        since: datetime,
        until: datetime,
        ours: Collection[str] = (),
        is_leave: bool = False,
    ) -> Awaitable[FeedRead]:
        """From when to when, the soonest first, and what of it is broken.

        Raises FeedAwayError, and ValueError for what no time mends.

        `ours` are the names of events that the calendar has from us: they are not its own. `is_leave`: each event is
        leave, however it is shown.
        """


class Feeds:
    """Reads them; one per process. Where several run, whichever is first asks."""

    def __init__(
        self,
        database: Database,
        revisions: Revisions,
        directory: Directory,
        now: Callable[[], Instant],
        read: Read,
        *,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """`told` is called when there is something to send."""
        self._database = database
        self._revisions = revisions
        self._directory = directory
        self._absences = Absences(revisions, directory)
        self._now = now
        self._read = read
        self._told = told

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.once()
            except StoreUnavailableError as error:
                log.warning("calendars of our people cannot be kept now", reason=str(error))
            except Exception:  # supervised: what was known goes on to count
                log.exception("calendars of our people could not be read")
            await asyncio.sleep(LOOK_EVERY_S)

    async def once(self) -> None:
        """Ask every feed that was not asked for a while."""
        named = {
            feed_key(person.id, kind): (person.id, kind, url)
            for person in self._revisions.current.people.values()
            for kind, url in person.feeds.items()
        }
        await self._database.write(lambda conn: self._forget(conn, set(named)))
        for key, (person, kind, url) in sorted(named.items()):
            if await self._database.write(partial(self._is_ours, key=key, url=url)):
                await self._ask(key, person, kind, url)

    async def _ask(self, key: str, person: PersonId, kind: str, url: str) -> None:
        revision, now = self._revisions.current, self._now()
        if person not in revision.people:  # they left while another feed was read
            return
        zone = revision.calendars[revision.people[person].calendar].zone.removeprefix("fixed:")
        since, until = moment(now) - BACK, moment(now) + AHEAD
        ours = await self._database.read(lambda conn: calls.uids(conn, since=instant(since), until=instant(until)))
        try:
            is_leave = kind == LEAVE
            read = await self._read(url, zone=zone, since=since, until=until, ours=ours, is_leave=is_leave)
        except (FeedAwayError, ValueError) as error:
            reason, is_wrong = str(error), isinstance(error, ValueError)
            log.warning("a calendar of our people cannot be read", person=person, feed=kind, reason=reason)
            is_told = await self._database.write(
                lambda conn: self._failed(conn, key, person, kind, reason, is_wrong=is_wrong)
            )
        else:
            spans = tuple((instant(begins), instant(ends)) for begins, ends in read.spans)
            if read.broken:
                count = len(read.broken)
                log.warning("events of a calendar of our people are broken", person=person, feed=kind, count=count)
            is_told = await self._database.write(lambda conn: self._came(conn, key, person, kind, spans, read.broken))
        if is_told:
            self._told()

    def _forget(self, conn: Connection, keys: set[str]) -> None:
        for key in feeds.forget_others(conn, keys):
            person, _, kind = key.rpartition(":")
            if kind == LEAVE:
                self._end(conn, PersonId(person), keep=())

    def _is_ours(self, conn: Connection, *, key: str, url: str) -> bool:
        """Whether it is to be asked now, and by us."""
        now, address = self._now(), hashlib.sha256(url.encode()).hexdigest()
        feed = feeds.known(conn, key)
        if feed is None or feed.address != address:
            feeds.keep(conn, Feed(key, address, now))
            return True
        if length(now - feed.asked_at) < EVERY:
            return False
        feeds.keep(conn, replace(feed, asked_at=now))
        return True

    def _came(
        self, conn: Connection, key: str, person: PersonId, kind: str, spans: Spans, broken: tuple[str, ...]
    ) -> bool:
        now, feed = self._now(), feeds.known(conn, key)
        if feed is None:
            return False
        since = (feed.failing_since if _is_partly(feed) else now) if broken else None
        feeds.keep(conn, replace(feed, spans=spans, read_at=now, failing_since=since, is_told=bool(broken)))
        if kind == LEAVE:
            self._take(conn, person, spans, before=feed.spans, is_whole=not broken)
        if broken and _is_partly(feed):
            return False
        if broken:
            more = f" +{len(broken) - NAMED}" if len(broken) > NAMED else ""
            reason = f"{', '.join(broken[:NAMED])}{more}"
            self._tell(conn, person, kind, "ping_feed_partly", f"feed_partly:{key}:{since}", feed, reason=reason)
            return True
        if not feed.is_told or feed.failing_since is None:
            return False
        self._tell(conn, person, kind, "ping_feed_back", f"feed_back:{key}:{feed.failing_since}", feed)
        return True

    def _failed(self, conn: Connection, key: str, person: PersonId, kind: str, reason: str, *, is_wrong: bool) -> bool:
        now, feed = self._now(), feeds.known(conn, key)
        if feed is None:
            return False
        if _is_partly(feed):
            feed = replace(feed, failing_since=None, is_told=False)
        since = feed.failing_since if feed.failing_since is not None else now
        is_due = not feed.is_told and (is_wrong or length(now - since) >= TOLD_AFTER)
        feeds.keep(conn, replace(feed, failing_since=since, is_told=feed.is_told or is_due))
        if is_due:
            text = "ping_feed_lost" if feed.read_at is not None else "ping_feed_never"
            self._tell(conn, person, kind, text, f"feed:{key}:{since}", feed, reason=reason)
        return is_due

    def _tell(
        self, conn: Connection, person: PersonId, kind: str, text: str, name: str, feed: Feed, *, reason: str = ""
    ) -> None:
        revision, now = self._revisions.current, self._now()
        if person not in revision.people:
            return
        for one in dict.fromkeys((person, *self._directory.admins())):
            speak = person_texts(revision, one)
            title = speak(
                text,
                name=revision.people[person].name,
                feed=speak(f"feed_{kind}"),
                at=speak.moment(feed.read_at, now=now) if feed.read_at is not None else "",
                reason=reason,
            )
            ping = Ping(one, f"{name}:{one}", title, is_alert=True)
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)

    def _take(self, conn: Connection, person: PersonId, spans: Spans, *, before: Spans, is_whole: bool) -> None:
        """Make the absences of a person what their feed says; what is missing from a broken one may stand there."""
        now = self._now()
        if is_whole:
            self._end(conn, person, keep=(*spans, *before))
        for span in spans:
            since, until = span
            if until > now and not feeds.was_taken(conn, person, span) and not self._is_said(conn, person, span):
                self._absences.say(conn, Absence(person, since, until), by=BY, at=now)

    def _is_said(self, conn: Connection, person: PersonId, span: tuple[Instant, Instant]) -> bool:
        """Whether they, or a lead, said that they are away all that time: a feed never brings anybody back sooner."""
        since, until = span
        said = [one for one in absences.of_people(conn, [person]) if one.by != BY and one.ended_at is None]
        return any(one.since <= max(since, self._now()) and (one.until is None or until <= one.until) for one in said)

    def _end(self, conn: Connection, person: PersonId, *, keep: Spans) -> None:
        now = self._now()
        for leave in absences.of_people(conn, [person]):
            is_said = leave.by == BY and (leave.since, leave.until) not in keep
            if is_said and (leave.ends_at is None or leave.ends_at > now):
                self._absences.end(conn, person, by=BY, at=now, number=leave.id)


def _is_partly(feed: Feed) -> bool:
    """Whether it was read the last time, but for broken events."""
    return feed.read_at is not None and feed.failing_since is not None and feed.read_at >= feed.failing_since
