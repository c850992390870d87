"""Forty messages to one group while Telegram asks for patience: all arrive in order, and nobody else waits for them.

The desk's own sender sends them out of a real outbox. Time is the test's own on both sides, and the flood limits of the
peer are on: whatever goes too fast is refused there.
"""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.errors import TemporaryError
from adapters.message import Channel, Conversation, OutboundMessage
from adapters.port import Adapter
from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.pacing import Rates
from bot.app.channels.telegram_memory import telegram_memory
from bot.app.simulation.stepping import OwnedTime
from bot.desk.applying import apply_document
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store.delivery import outbox
from bot.store.delivery.told import word_row
from bot.store.driver.engine import open_database
from bot.store.files import Files
from bot.store.unit import write_outbox
from routing.people import PersonId
from sla.duration import Instant, instant
from tests.builders import document
from tests.peers.telegram_adapter import KeptInMemory, adapter_for
from tests.peers.telegram_people import Group
from tests.peers.telegram_person import Person
from tests.peers.telegram_server import Fault, TelegramServer
from tests.templates import new_sqlite

START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
PAUSE_S = 7
MINUTE = timedelta(minutes=1)
WAITING = ("pending", "postponed", "uncertain")


class Life:
    """One process of the desk, whose time is moved to whatever is due next."""

    def __init__(self, desk: Desk, time: OwnedTime) -> None:
        self._desk = desk
        self._time = time

    async def put(self, *what: tuple[Group | Person, str], is_urgent: bool = False) -> None:
        """Words to be sent; what is urgent goes before all of its place that waits."""
        rows = [
            word_row(f"{place.id} {text}", text, _where(place.id), PersonId("vera"), self._time.at)
            for place, text in what
        ]
        rows = [{**row, "priority": 0} for row in rows] if is_urgent else rows
        await self._desk.database.write(lambda conn: write_outbox(conn, rows))

    async def pass_for(self, most: timedelta) -> None:
        """Send whatever may go, and let time go on to what may next, for so long and no longer than anything waits."""
        until = self._time.at + most // timedelta(milliseconds=1)
        while self._time.at <= until:
            while await self._desk.sender.once():
                await self._desk.sender.drain()
            rows = await self._desk.database.read(lambda conn: outbox.listing(conn, states=WAITING, count=1_000))
            ahead = [row.not_before for row in rows]
            if not ahead:
                return
            # The first row of a place names when it is tried again; those behind it have waited all along.
            self._time.at = Instant(min(at for at in ahead if at > self._time.at))
        self._time.at = Instant(until)


def passing(time: OwnedTime) -> Callable[[float], Awaitable[None]]:
    """A short wait of the channel's own is time that passes as well."""

    async def rest(for_s: float) -> None:
        time.at = Instant(time.at + math.ceil(for_s * 1_000))

    return rest


@asynccontextmanager
async def living(telegram: TelegramServer, url: str, time: OwnedTime) -> AsyncIterator[Life]:
    database = await open_database(url)
    adapters: dict[Channel, Adapter] = {}
    desk = Desk(database, adapters, Timekeeper(wall=time.now))
    memory = telegram_memory(desk, Files(Path("no such directory")), "a secret", clock=lambda _: time.at)
    adapter = adapter_for(telegram, at=time.moment, rates=Rates(), memory=memory, rest=passing(time))
    adapters[Channel.TELEGRAM] = adapter
    try:
        await desk.prepare(is_alone=True)
        yield Life(desk, time)
    finally:
        await adapter.close()
        await desk.committer.close()
        await database.close()


@pytest.fixture
def time(telegram: TelegramServer) -> OwnedTime:
    time = OwnedTime(instant(START))
    telegram.now = lambda: time.at / 1000
    return time


@pytest.fixture
async def url(tmp_path: Path, time: OwnedTime) -> str:
    url = new_sqlite(tmp_path / "maitred.db")
    database = await open_database(url)
    await apply_document(database, document(), at=time.at, by="test")
    await database.close()
    return url


@pytest.fixture
def others(telegram: TelegramServer) -> Sequence[Person]:
    return [telegram.person(name) for name in ("Lena", "Taras", "Bill", "Carmen")]


@pytest.fixture
def acme(telegram: TelegramServer, others: Sequence[Person]) -> Group:
    acme = telegram.group("Acme", *others)
    for person in others:
        person.starts()
    telegram.is_flood_limited = True
    return acme


def arrivals(telegram: TelegramServer, place: Group | Person) -> list[float]:
    return [call.at for call in telegram.asked("sendMessage", place) if call.status == 200]


def at_most_twenty_a_minute(moments: Sequence[float]) -> bool:
    return all(len([one for one in moments if at <= one < at + 60]) <= 20 for at in moments)


@pytest.mark.parametrize("pause", [0, 25], ids=["at once", "when the minute is spent"])
async def test_forty_messages_to_a_group_arrive_in_order_and_hold_nobody_up(
    pause: int, telegram: TelegramServer, url: str, time: OwnedTime, acme: Group, others: Sequence[Person]
) -> None:
    async with living(telegram, url, time) as life:
        await life.put(*((acme, f"{number}") for number in range(pause)))
        await life.pass_for(3 * MINUTE)
        telegram.fail("sendMessage", Fault(retry_after=PAUSE_S), chat=acme)
        begun_at = time.at / 1000
        await life.put(*((acme, f"{number}") for number in range(pause, 40)))
        await life.put(*((person, f"{number}") for number in range(5) for person in others))
        await life.pass_for(5 * MINUTE)

    assert [one.text for one in telegram.shown(acme)] == [f"{number}" for number in range(40)]
    assert at_most_twenty_a_minute(arrivals(telegram, acme))
    refused = [call for call in telegram.asked("sendMessage") if call.status != 200]
    assert len(refused) == 1, "the pause that Telegram asked for, and nothing else was too fast"
    after = [at for at in arrivals(telegram, acme) if at > refused[0].at]
    assert after[0] - refused[0].at >= PAUSE_S
    for person in others:
        assert [one.text for one in telegram.shown(person) if one.is_of_bot] == [f"{number}" for number in range(5)]
        assert max(arrivals(telegram, person)) - begun_at <= 6


async def test_a_restart_forgets_neither_the_minute_of_a_group_nor_what_telegram_asked_for(
    telegram: TelegramServer, url: str, time: OwnedTime, acme: Group, others: Sequence[Person]
) -> None:
    async with living(telegram, url, time) as life:
        await life.put(*((acme, f"{number}") for number in range(30)))
        await life.pass_for(timedelta(seconds=25))
        telegram.fail("sendMessage", Fault(retry_after=PAUSE_S), chat=others[0])
        await life.put((others[0], "0"))
        await life.pass_for(timedelta(0))
    assert len(arrivals(telegram, acme)) == 20
    async with living(telegram, url, time) as life:
        # Of what is urgent no row of its place says that it must wait.
        await life.put((others[0], "1"), (acme, "urgent"), is_urgent=True)
        await life.pass_for(3 * MINUTE)
    in_order = [*(f"{number}" for number in range(20)), "urgent", *(f"{number}" for number in range(20, 30))]
    assert [one.text for one in telegram.shown(acme)] == in_order
    assert at_most_twenty_a_minute(arrivals(telegram, acme))
    (refused,) = [call for call in telegram.asked("sendMessage") if call.status != 200]
    assert min(arrivals(telegram, others[0])) - refused.at >= PAUSE_S


async def test_two_processes_count_what_a_group_is_told_together(
    telegram: TelegramServer, time: OwnedTime, acme: Group
) -> None:
    kept = KeptInMemory(clock=lambda: time.at / 1000)
    both = [adapter_for(telegram, kept=kept, at=time.moment, rates=Rates(), rest=passing(time)) for _ in range(2)]
    refused = 0
    for number in range(180):
        try:
            await both[number % 2].send(OutboundMessage(f"{number}", _where(acme.id), f"{number}", START))
        except TemporaryError:
            refused += 1
        time.at = Instant(time.at + 1_000)
    for adapter in both:
        await adapter.close()
    assert refused
    assert {call.status for call in telegram.asked("sendMessage")} == {200}
    assert at_most_twenty_a_minute(arrivals(telegram, acme))
    assert len(arrivals(telegram, acme)) >= 55, "what was refused was not counted"


async def test_what_telegram_asks_of_one_process_every_other_keeps_to(
    telegram: TelegramServer, time: OwnedTime, others: Sequence[Person], acme: Group
) -> None:
    kept = KeptInMemory(clock=lambda: time.at / 1000)
    both = [adapter_for(telegram, kept=kept, at=time.moment, rates=Rates(), rest=passing(time)) for _ in range(2)]
    for adapter in both:  # both have spoken before
        await _send(adapter, others[1].id)
        time.at = Instant(time.at + 2_000)
    telegram.fail("sendMessage", Fault(retry_after=PAUSE_S), chat=others[0])
    for adapter in both:
        with pytest.raises(TemporaryError) as told:
            await _send(adapter, others[0].id)
        assert told.value.retry_after is not None
        assert PAUSE_S - 2 <= told.value.retry_after.total_seconds() <= PAUSE_S
        time.at = Instant(time.at + 1_000)
    assert [call.status for call in telegram.asked("sendMessage", others[0])] == [429]
    await _send(both[1], others[1].id)
    time.at = Instant(time.at + PAUSE_S * 1_000)
    await _send(both[1], others[0].id)
    for adapter in both:
        await adapter.close()


async def test_a_message_to_one_person_asks_the_desk_for_no_pace(
    telegram: TelegramServer, time: OwnedTime, others: Sequence[Person], acme: Group
) -> None:
    kept = KeptInMemory(clock=lambda: time.at / 1000)
    adapter = adapter_for(telegram, kept=kept, at=time.moment, rates=Rates())
    await _send(adapter, others[0].id)
    assert not kept.spoken
    await _send(adapter, acme.id)
    assert [len(moments) for moments in kept.spoken.values()] == [1]
    kept.is_away = True
    time.at = Instant(time.at + 5_000)
    with pytest.raises(TemporaryError):
        await _send(adapter, acme.id)
    kept.is_away = False
    time.at = Instant(time.at + 2_000)
    await _send(adapter, acme.id)
    await adapter.close()


async def test_thirty_a_second_is_kept_over_all_chats(telegram: TelegramServer, url: str, time: OwnedTime) -> None:
    people = [telegram.person(f"Contact {number}") for number in range(100)]
    for person in people:
        person.starts()
    telegram.is_flood_limited = True
    async with living(telegram, url, time) as life:
        await life.put(*((person, "an outage") for person in people))
        await life.pass_for(MINUTE)
    assert {call.status for call in telegram.asked("sendMessage")} == {200}
    last = max(call.at for call in telegram.asked("sendMessage"))
    assert 3 <= last - instant(START) / 1000 <= 6


async def _send(adapter: TelegramAdapter, chat: int) -> None:
    await adapter.send(OutboundMessage(f"to {chat}", _where(chat), "Hello", START))


def _where(chat: int) -> Conversation:
    return Conversation(Channel.TELEGRAM, "desk", str(chat))
