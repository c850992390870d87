"""Those of our people whom nobody plays: they work their tickets from Slack, so that a demo is a desk at work.

They press what people press there, through the stand-in. They say soon that they have a ticket, they are slow, they
ask first and answer then, and they leave alone whatever is with somebody who is played.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final

import structlog

from adapters.errors import DeliveryError
from adapters.fake import FakeChannel
from adapters.message import Channel
from bot.app.house import House
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.reading.queue import Listed, Wanted, first_clock, tickets
from bot.tickets.ticket import Status, TicketId, number
from routing.people import Person, PersonId
from sla.clock import Clock, State, is_owing
from sla.duration import Instant, later
from sla.policy import Metric

log = structlog.get_logger()

LOOK_EVERY: Final = timedelta(seconds=15)
SHORTEST_SECONDS: Final = 0.5
#: Which part of a promise's time goes by before they act: by the ticket's number, so that every run is the same.
SHARES: Final = (0.5, 0.35, 0.65, 0.2)

ASKS: Final[Mapping[str, str]] = {
    "en": "Thank you for writing. Since when is it so, and what did you see last?",
    "uk": "Дякую, що написали. Відколи це так і що Ви бачили востаннє?",
    "es": "Gracias por escribir. ¿Desde cuándo ocurre y qué fue lo último que vio?",
    "de": "Danke für die Nachricht. Seit wann ist das so, und was war zuletzt zu sehen?",
}
ANSWERS: Final[Mapping[str, str]] = {
    "en": "That helped: it is mended now. Please look again, and write if it comes back.",
    "uk": "Це допомогло: уже виправлено. Перевірте, будь ласка, і напишіть, якщо повториться.",
    "es": "Eso ha ayudado: ya está corregido. Compruébelo y escríbanos si vuelve a pasar.",
    "de": "Das hat geholfen: Es ist behoben. Bitte noch einmal nachsehen und schreiben, falls es wiederkommt.",
}


class Colleagues:
    """Everybody of ours but the `played`."""

    def __init__(self, house: House, slack: FakeChannel, played: Collection[PersonId]) -> None:
        self._house = house
        self._slack = slack
        self._played = frozenset(played)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await asyncio.sleep(max(SHORTEST_SECONDS, LOOK_EVERY.total_seconds() / self._house.time.speed))
            try:
                listed, awaited = await self._house.desk.database.read(self._open)
                for one in listed:
                    await self._work(one, awaited.get(one.ticket.id))
            except DeliveryError:
                continue  # Slack is down: they see nothing and press nothing
            except Exception:
                log.exception("an invented colleague stumbled")

    def _open(self, conn: Connection) -> tuple[Sequence[Listed], Mapping[TicketId, Clock]]:
        """The open tickets, and the clocks of those that nobody has picked up yet."""
        listed = tickets(conn, Wanted())
        desk, ids = self._house.desk, [one.ticket.id for one in listed]
        found = facts_of_tickets(conn, desk.revisions, ids, now=self._house.time.now())
        clocks = ((ticket, clock) for ticket, facts in found.items() for clock in facts.clocks)
        return listed, {ticket: one for ticket, one in clocks if one.metric is Metric.PICK_UP and is_owing(one)}

    async def _work(self, listed: Listed, awaited: Clock | None) -> None:
        revision, now, ticket = self._house.desk.revisions.current, self._house.time.now(), listed.ticket
        person = revision.person(ticket.assignee)
        if person is None or person.id in self._played or not revision.coverage.is_on_shift(person, now):
            return
        share = SHARES[ticket.id % len(SHARES)]
        if awaited is not None and _has_passed(awaited, share, now):
            await self._press(person, "ticket.take", listed, {"en": ""}, now)
            return
        clock = first_clock(listed.clocks)
        if clock is None or clock.state not in (State.RUNNING, State.BREACHED) or listed.is_ours:
            return
        if not _has_passed(clock, share, now):
            return
        if ticket.status is Status.NEW or not ticket.has_reply:
            await self._press(person, "ticket.clarify", listed, ASKS, now)
        else:
            await self._press(person, "ticket.resolve", listed, ANSWERS, now)

    async def _press(self, person: Person, action: str, listed: Listed, words: Mapping[str, str], now: Instant) -> None:
        address = person.addresses.get(Channel.SLACK)
        if address is None:
            return
        text = words.get(self._language(listed), words["en"])
        name = number(listed.ticket.id)
        await self._slack.command(
            address, action, name, fields={"text": text}, key=f"{name}:{action}:{listed.ticket.version}:{now}"
        )

    def _language(self, listed: Listed) -> str:
        revision = self._house.desk.revisions.current
        client = revision.client(listed.ticket.client)
        if client is None:
            return revision.language
        contact = next((one for one in client.contacts if one.name == listed.contact), None)
        return (contact.language if contact else None) or client.language or revision.language


def _has_passed(clock: Clock, share: float, now: Instant) -> bool:
    due_at = clock.due_at
    return due_at is not None and now >= later(
        clock.started_at, share * timedelta(milliseconds=due_at - clock.started_at)
    )
