"""Whoever no channel reached for a while is told, once one does, what stands on the board alone meanwhile.

    no channel of theirs is up ──> alerts stand on the board, which calls nobody ──> the first is up again: told, once

Of each promise only the latest word comes, and only what is still so; more than a few are one digest. Each says since
when nobody could be told; when a promise broke stands in it anyhow. Since when somebody is out of reach is kept in the
database: the way back may be found by another process.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import structlog

from bot.desk.directory import Directory
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.sending import ping_from_row
from bot.store.delivery.told import Row, ping_rows
from bot.store.delivery.unreached import AGAIN, subject, unreached
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.errors import StoreUnavailableError
from bot.store.remembered import recall, remember
from bot.store.revisions import Revisions
from bot.store.unit import write_outbox
from bot.tickets.ladder.pile import Held, piled
from bot.tickets.outcome import person_texts
from routing.people import PersonId
from sla.duration import Instant

log = structlog.get_logger()

LOOK_EVERY_SECONDS: Final = 5.0
_NAME: Final = "unreached"


class Unreached:
    """Watches who can be told anything; one per process."""

    def __init__(
        self,
        database: Database,
        revisions: Revisions,
        directory: Directory,
        now: Callable[[], Instant],
        *,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """`told` is called when there is something to send."""
        self._database = database
        self._revisions = revisions
        self._directory = directory
        self._now = now
        self._told = told
        self._looked_at: Instant | None = None

    async def run(self) -> None:
        """Look until cancelled; the first time as we start, when no channel may be up yet."""
        while True:
            try:
                await self.once()
            except StoreUnavailableError as error:
                log.warning("who is out of reach cannot be kept now", reason=str(error))
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def once(self) -> None:
        """Look at everybody, and tell whoever is within reach again."""
        now = self._now()
        people = self._revisions.current.people if self._revisions.number else {}
        beyond = {one for one in people if self._is_beyond(one)}
        since = now if self._looked_at is None else self._looked_at
        kept = await self._database.read(_kept)
        if beyond - kept.keys() or kept.keys() - beyond:
            count = await self._database.write(lambda conn: self._changed(conn, beyond, since, now))
            if count:
                log.info("people were out of reach and are told now", messages=count)
                self._told()
        self._looked_at = now

    def _is_beyond(self, person: PersonId) -> bool:
        """Whether they have channels here and none is up. Whoever has the board alone looks there."""
        addresses = self._revisions.current.people[person].addresses
        return (
            any(channel in self._directory.served for channel in addresses)
            and len(self._directory.routes(person)) == 1
            and person not in self._revisions.current.shut_out
        )

    def _changed(self, conn: Connection, beyond: set[PersonId], since: Instant, now: Instant) -> int:
        kept = _kept(conn)
        rows = [
            row
            for person, at in sorted(kept.items())
            if person not in beyond and person in self._revisions.current.people
            for row in self._rows(conn, person, at, now)
        ]
        write_outbox(conn, rows)
        still = {one: kept.get(one, since) for one in sorted(beyond)}
        remember(conn, _NAME, json.dumps(still))
        return len(rows)

    def _rows(self, conn: Connection, person: PersonId, since: Instant, now: Instant) -> list[Row]:
        """What one person is told who was out of reach since then."""
        revision = self._revisions.current
        speak = person_texts(revision, person)
        late = speak("ping_came_late", since=speak.moment(since, now=now))
        whereto = self._directory.whereto
        held = [_held(row, whereto(person).key) for row in unreached(conn, person, since=since)]
        digests = piled(held, revision, now=now)
        inside = {number for digest in digests for number in digest.instead_of}
        rows: list[Row] = []
        for digest in digests:
            ping = replace(digest.ping, person=person, lines=(*digest.ping.lines, late))
            rows += ping_rows([ping], whereto, None, now)
        for one in held:
            if one.id not in inside:
                ping = replace(one.ping, key=f"{AGAIN}{one.id}", lines=(late, *one.ping.lines), invite=None)
                rows += ping_rows([ping], whereto, one.ticket or None, now)
        return rows


def _kept(conn: Connection) -> Mapping[PersonId, Instant]:
    """Since when who is out of reach."""
    return {PersonId(one): Instant(at) for one, at in json.loads(recall(conn, _NAME) or "{}").items()}


def _held(row: Outgoing, to: str) -> Held:
    return Held(row.id, to, row.ticket_id or 0, subject(row), ping_from_row(row))
