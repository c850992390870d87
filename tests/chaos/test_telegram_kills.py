"""The bot itself, killed while Telegram brings updates: each is a message once, and in the order of its chat."""

import asyncio
import random
import signal
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.chaos.telegram_life import TelegramLife, telegram_life
from tests.peers.telegram_people import Said
from tests.peers.telegram_server import TelegramServer

A_SECOND = 40
HEARD = """
SELECT conversation.key, message.external_id, message.text FROM message
JOIN conversation ON conversation.id = message.conversation_id WHERE message.direction = 'in' ORDER BY message.id
"""
PAYLOADS = "SELECT external_id FROM inbound WHERE channel = 'telegram'"


class Crowd:
    """Clients of the example desk, who write in private and in their groups without waiting for an answer."""

    def __init__(self, telegram: TelegramServer, chance: random.Random) -> None:
        self.telegram, self._chance = telegram, chance
        self.people = [telegram.person(name, id=1001 + index) for index, name in enumerate(("Lena", "Taras", "Bill"))]
        lena, taras, _ = self.people
        self.acme, self.globex = telegram.group("Acme", lena, id=-1001234), telegram.group("Globex", taras, id=-1005678)
        self.said: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.updates: list[int] = []

    def turn(self) -> None:
        """One update."""
        person = self._chance.choice(self.people)
        rooms = {"Lena": self.acme, "Taras": self.globex}
        room = rooms.get(person.name) if self._chance.random() < 0.4 else None
        text = f"line {len(self.updates)}"
        self._heard(person.says(text, room), text)

    def _heard(self, said: Said, text: str) -> None:
        assert said.update_id is not None
        self.updates.append(said.update_id)
        self.said[str(said.chat)].append((said.external_id, text))


async def speak(crowd: Crowd, *, until: int, within_s: float) -> None:
    """Write at the rate of the promise, for so long or until so many are written."""
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + within_s
    while len(crowd.updates) < until and loop.time() < ends_at:
        crowd.turn()
        await asyncio.sleep(1 / A_SECOND)


async def everything_is_heard_once(bot: TelegramLife, crowd: Crowd) -> None:
    heard: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for place, name, text in await bot.rows(HEARD):
        heard[place.rpartition(":")[2]].append((name, text))
    assert heard == dict(crowd.said)
    kept = Counter(name for (name,) in await bot.rows(PAYLOADS))
    assert kept == Counter(f"{crowd.telegram.bot_id}:{update}" for update in crowd.updates)


def repeats(crowd: Crowd) -> int:
    """How often the bot has said something again; its texts name their tickets, so none is said twice on purpose."""
    rooms = [*(person.id for person in crowd.people), crowd.acme.id, crowd.globex.id]
    said = Counter(
        (room, one.html, tuple(one.labels)) for room in rooms for one in crowd.telegram.shown(room) if one.is_of_bot
    )
    assert said, "nobody was answered"
    return sum(said.values()) - len(said)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("kind", "updates", "kills"),
    [pytest.param("sqlite", 500, 30, id="sqlite"), pytest.param("postgresql", 120, 3, id="postgresql")],
)
async def test_updates_at_forty_a_second_under_kills_are_each_heard_once(
    kind: str, updates: int, kills: int, telegram: TelegramServer, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    chance = random.Random(5)
    url = request.getfixturevalue("migrated_url") if kind == "postgresql" else ""
    crowd = Crowd(telegram, chance)
    async with telegram_life(telegram, tmp_path, database_url=url) as bot:
        for life in range(kills):
            if life == 0 or chance.random() < 0.8:  # the others die while they start
                await bot.polls()
            else:
                bot.start()
            await speak(crowd, until=updates, within_s=chance.uniform(0.1, 1.0))
            await bot.kill()
            await bot.its_turn_is_over()  # how long others wait for it is shown in test_telegram_trouble
        await bot.polls()
        await speak(crowd, until=updates, within_s=240)
        await bot.settled()
        await bot.stop()
        assert len(crowd.updates) == updates
        await everything_is_heard_once(bot, crowd)
        assert repeats(crowd) <= kills, "at most the one send in flight is made again"
        if kind == "sqlite":
            assert await bot.rows("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("point", ["journal.before_commit", "journal.after_commit", "intake.decided"])
async def test_a_batch_that_was_not_confirmed_comes_again_and_is_heard_once(
    point: str, telegram: TelegramServer, tmp_path: Path
) -> None:
    crowd = Crowd(telegram, random.Random(7))
    for _ in range(12):
        crowd.turn()
    async with telegram_life(telegram, tmp_path) as bot:
        bot.start(crash_at=f"{point}:1")
        assert await bot.ends() == -signal.SIGKILL
        if point != "intake.decided":
            assert telegram.pending == crowd.updates, "nothing is confirmed before the next question"
        assert len(await bot.rows(PAYLOADS)) == (0 if point == "journal.before_commit" else 12)
        await bot.polls()
        await bot.settled()
        await everything_is_heard_once(bot, crowd)
        for update in crowd.updates[3:]:  # Telegram begins again further back
            telegram.repeats(update)
        crowd.turn()
        await bot.settled()
        await everything_is_heard_once(bot, crowd)
        await bot.stop()


@pytest.mark.timeout(300)
async def test_what_a_webhook_brings_under_kills_is_heard_once(telegram: TelegramServer, tmp_path: Path) -> None:
    crowd = Crowd(telegram, random.Random(9))
    pushed = {
        "TELEGRAM_MODE": "webhook",
        "TELEGRAM_WEBHOOK_SECRET": "ours_alone-1",
        "MAITRED_PUBLIC_URL": "https://desk.example",
    }
    async with telegram_life(telegram, tmp_path, **pushed) as bot:
        telegram.point_at(f"http://127.0.0.1:{bot.port}")
        for life in range(4):
            bot.start()
            await bot.asks("setWebhook")
            await speak(crowd, until=25 * (life + 1), within_s=60)
            await bot.kill()
        bot.start()
        await bot.asks("setWebhook")
        await bot.settled()
        await everything_is_heard_once(bot, crowd)
        assert repeats(crowd) <= 4
        await bot.stop()
    assert telegram.asked("getUpdates") == []
