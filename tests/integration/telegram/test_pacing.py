"""Forty messages to one group while Telegram asks for patience: all arrive in order, and nobody else waits for them.

Time is the test's own on both sides, and the flood limits of the peer are on: whatever goes too fast is refused there.
Rows are sent as the outbox sends them, one after the other in each conversation, at the outbox's own pace.
"""

from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta

import pytest

from adapters.errors import TemporaryError
from adapters.message import Channel, Conversation, OutboundMessage
from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.config import LIMITS
from adapters.telegram.pacing import Rates
from bot.desk.sending.pace import Pace
from sla.duration import Instant, instant, later, moment
from tests.peers.telegram_adapter import adapter_for
from tests.peers.telegram_server import Fault, TelegramServer

START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
PAUSE_S = 7


class Outbox:
    """What waits, by conversation, and the time in which it is sent."""

    def __init__(self, telegram: TelegramServer) -> None:
        self.now: Instant = instant(START)
        telegram.now = lambda: self.now / 1000
        self.adapter: TelegramAdapter = adapter_for(telegram, at=lambda: moment(self.now), rates=Rates())
        self._pace = Pace(LIMITS)
        self._waiting: dict[str, deque[OutboundMessage]] = defaultdict(deque)
        #: When each was sent, by its key.
        self.sent: dict[str, timedelta] = {}

    def put(self, place: int, text: str) -> None:
        conversation = Conversation(Channel.TELEGRAM, "desk", str(place))
        self._waiting[str(place)].append(OutboundMessage(f"{place} {text}", conversation, text, START))

    async def empty(self) -> None:
        """Send whatever may go, and let time go on to the next that may, until nothing waits."""
        while places := [place for place, waiting in self._waiting.items() if waiting]:
            ready = {place: self._pace.ready_at(place, now=self.now) for place in places}
            self.now = min(ready.values())
            for place in (place for place in places if ready[place] <= self.now):
                await self._send(place)

    async def _send(self, place: str) -> None:
        message = self._waiting[place][0]
        self._pace.took(place, at=self.now)
        try:
            await self.adapter.send(message)
        except TemporaryError as error:
            self._pace.hold(place, until=later(self.now, error.retry_after or timedelta(seconds=1)))
            return
        self.sent[message.key] = moment(self.now) - START
        self._waiting[place].popleft()


@pytest.mark.parametrize("pause", [0, 25], ids=["at once", "when the minute is spent"])
async def test_forty_messages_to_a_group_arrive_in_order_and_hold_nobody_up(
    pause: int, telegram: TelegramServer
) -> None:
    others = [telegram.person(name) for name in ("Lena", "Taras", "Bill", "Carmen")]
    acme = telegram.group("Acme", *others)
    for person in others:
        person.starts()
    telegram.is_flood_limited = True
    outbox = Outbox(telegram)
    for number in range(pause):
        outbox.put(acme.id, f"{number}")
    await outbox.empty()
    telegram.fail("sendMessage", Fault(retry_after=PAUSE_S), chat=acme)
    begun_at = moment(outbox.now) - START
    for number in range(pause, 40):
        outbox.put(acme.id, f"{number}")
    for number in range(5):
        for person in others:
            outbox.put(person.id, f"{number}")
    await outbox.empty()
    await outbox.adapter.close()

    assert [one.text for one in telegram.shown(acme)] == [f"{number}" for number in range(40)]
    arrived = [call.at for call in telegram.asked("sendMessage", acme) if call.status == 200]
    for index, at in enumerate(arrived):
        assert len([one for one in arrived[index:] if one < at + 60]) <= 20, "twenty a minute, and no more"
    refused = [call for call in telegram.asked("sendMessage") if call.status != 200]
    assert len(refused) == 1, "the pause that Telegram asked for, and nothing else was too fast"
    after = [at for at in arrived if at > refused[0].at]
    assert after[0] - refused[0].at >= PAUSE_S
    for person in others:
        assert [one.text for one in telegram.shown(person) if one.is_of_bot] == [f"{number}" for number in range(5)]
        assert max(outbox.sent[f"{person.id} {number}"] for number in range(5)) - begun_at <= timedelta(seconds=6)


async def test_thirty_a_second_is_kept_over_all_chats(telegram: TelegramServer) -> None:
    people = [telegram.person(f"Contact {number}") for number in range(100)]
    for person in people:
        person.starts()
    telegram.is_flood_limited = True
    outbox = Outbox(telegram)
    for person in people:
        outbox.put(person.id, "an outage")
    await outbox.empty()
    await outbox.adapter.close()
    assert {call.status for call in telegram.asked("sendMessage")} == {200}
    assert timedelta(seconds=3) <= max(outbox.sent.values()) <= timedelta(seconds=6)
