"""Writes the transcript down: what others tell it, and what the channels show that a person reads."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC
from typing import Any

from sqlalchemy import text

from adapters.card import OutboundHome
from adapters.fake_screen import Happening, reply_to
from adapters.message import Channel, OutboundMark
from bot.store.driver.connection import Connection
from sla.duration import Instant, moment
from tests.quarter.replicas import Replicas
from tests.quarter.transcript import Line

_ROWS = text("SELECT key, ticket_id, what, priority FROM outbox WHERE id > :after ORDER BY id")
_LAST = text("SELECT coalesce(max(id), 0) FROM outbox")


class Hearing:
    """The lines of one quarter, as they come."""

    def __init__(self, replicas: Replicas) -> None:
        self.lines: list[Line] = []
        self._replicas = replicas
        self._followed: dict[Channel, asyncio.Queue[Happening]] = {}
        self._rows: dict[str, Any] = {}
        self._last_row = 0

    def follow(self, stack: ExitStack) -> None:
        """Hear what is shown from now on, until the stack closes."""
        channels = self._replicas.channels
        self._followed = {one: stack.enter_context(fake.subscribe()) for one, fake in channels.items()}

    def write(
        self,
        kind: str,
        *,
        who: str | None = "",
        where: str = "",
        ticket: int | None = None,
        what: str = "",
        text: str = "",
    ) -> int:
        """Write one line; its place."""
        self.lines.append(Line(iso(self._replicas.time.at), kind, who or "", where, ticket, what, text))
        return len(self.lines) - 1

    def name_ticket(self, place: int, ticket: int | None) -> None:
        """It turned out which ticket the line there is about."""
        self.lines[place] = replace(self.lines[place], ticket=ticket)

    async def look(self) -> None:
        """Write down what was shown since."""
        fresh: list[tuple[Channel, Happening]] = []
        for channel, queued in self._followed.items():
            fresh += [(channel, queued.get_nowait()) for _ in range(queued.qsize())]
        said = [(channel, one) for channel, one in fresh if one.what in {"sent", "changed"}]
        if not said:
            return
        await self._replicas.database.read(self._read_rows)
        # In one order, whichever channel was quicker.
        for channel, one in sorted(said, key=lambda it: (it[1].at, it[1].conversation.key, it[1].text)):
            self._said(channel, one)

    def _read_rows(self, conn: Connection) -> None:
        for row in conn.execute(_ROWS, {"after": self._last_row}):
            self._rows[row.key] = row
        late = 0 if self._replicas.is_alone else 200  # rows of others may be committed late
        self._last_row = max(0, conn.execute(_LAST).scalar_one() - late)

    def _said(self, channel: Channel, one: Happening) -> None:
        fake = self._replicas.channels[channel]
        shown = fake._screen.find(one.external_id)  # noqa: SLF001 - thousands of them: found by name, not by looking through
        if shown is None or isinstance(shown.message, OutboundMark | OutboundHome):
            return
        if reply_to(shown.message) is not None or one.what == "changed":
            return  # repeated under a card, or a card that reads otherwise where it stands: neither calls anybody
        row = self._rows.get(shown.message.key)
        where = one.conversation
        to = self._person_at(channel, where.address)
        what = row.what if row is not None else "message"
        if row is not None and what == "ping" and row.priority == 0:
            what = "alert"
        if shown.card is not None and to is None:
            to = ",".join(sorted(filter(None, (self._person_at(channel, called) for called in shown.card.mentions))))
        if what == "card" and shown.card is not None and not shown.card.mention:
            what = "quiet card"
        ticket = row.ticket_id if row is not None else None
        words = one.text.partition("\n")[0] if row is not None and row.what == "card" else one.text
        self.write("told", who=to or "", where=f"{channel}:desk:{where.address}", ticket=ticket, what=what, text=words)

    def _person_at(self, channel: Channel, address: str) -> str | None:
        people = self._replicas.revision.people.values()
        return next((one.id for one in people if address in {one.id, one.addresses.get(channel)}), None)


def iso(at: Instant) -> str:
    """A moment as a transcript has it."""
    return moment(at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
