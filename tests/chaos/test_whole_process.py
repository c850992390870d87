"""The bot itself, killed and stopped while people chat with it: what it acknowledged it has, once and in order."""

import asyncio
import random
import signal
from collections import defaultdict
from pathlib import Path

from aiohttp import ClientSession

from tests.chaos.driver import rows
from tests.chaos.whole import Chatters, Whole, token, whole
from tests.contract.inapp.page import Site, fresh_id

PEOPLE = 6
KILLS = 4
HEARD = """
SELECT conversation.key, message.external_id FROM message JOIN conversation ON conversation.id = message.conversation_id
WHERE message.direction = 'in' ORDER BY message.id
"""


async def test_a_bot_that_is_killed_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random(11)
    async with whole(tmp_path) as bot, ClientSession() as http:
        chatters = Chatters(Site(http, bot.port))
        async with asyncio.TaskGroup() as people:
            for number in range(PEOPLE):
                people.create_task(chatters.chat(f"person-{number}"))
            for _ in range(KILLS):
                await bot.start()
                await asyncio.sleep(chance.uniform(0.2, 0.8))
                await bot.sends(signal.SIGKILL)
                assert await bot.ends() == -signal.SIGKILL
            await bot.start()
            async with asyncio.timeout(60):
                while chatters.lines <= PEOPLE * KILLS:  # noqa: ASYNC110 - a busy machine says little in a short life
                    await asyncio.sleep(0.05)
            chatters.are_done = True
        await _settled(bot)
        await bot.sends(signal.SIGTERM)
        assert await bot.ends() == 0

        heard: dict[str, list[str]] = defaultdict(list)
        for place, line in await rows(bot.database_url, HEARD):
            heard[place.rpartition(":")[2]].append(line)
        assert heard == dict(chatters.said)
        assert sum(map(len, heard.values())) > PEOPLE * KILLS
        assert await rows(bot.database_url, "PRAGMA integrity_check") == [("ok",)]
        assert await rows(bot.database_url, "SELECT count(*) FROM ticket") == [(PEOPLE,)]


async def test_a_second_signal_ends_at_once_and_loses_nothing(tmp_path: Path) -> None:
    async with whole(tmp_path) as bot, ClientSession() as http:
        await bot.start(is_begun=True)
        site = Site(http, bot.port)
        async with site.page(token=token("person-1")) as page:
            line = await page.say("Payroll failed")
            await page.hear("ack")
            # Held still meanwhile, so that however busy the machine is the second comes before the first is done.
            for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT):
                await bot.sends(number)
            assert await bot.ends() == 1
            assert "stopped" not in [one["event"] for one in bot.log]
        await bot.start()
        await _settled(bot)
        async with site.page(token=token("person-1")) as page:
            assert "Payroll failed" in await page.texts(1)
        assert [name for _, name in await rows(bot.database_url, HEARD)] == [line]
        await bot.sends(signal.SIGTERM)
        assert await bot.ends() == 0


async def test_what_a_full_disk_cannot_keep_is_not_acknowledged_and_arrives_once_there_is_room(tmp_path: Path) -> None:
    async with whole(tmp_path) as bot, ClientSession() as http:
        await bot.start()
        site, line = Site(http, bot.port), fresh_id()
        async with site.page(token=token("person-1")) as page:
            await page.say("Payroll failed")
            await page.hear("ack")
            await _settled(bot)
            with bot.disk_full():
                await page.say("Is anybody there?", line)
                assert await page.closed() == 1013
                assert not page.heard("ack")
                async with site.page(token=token("person-1")) as again:  # what is there can still be read
                    assert "Payroll failed" in await again.texts(1)
                async with http.get(site.at("/readyz")) as answer:
                    assert answer.status == 503
                    assert "disk" in (await answer.json())["database"]["detail"]
        assert not [one for one in bot.log if "exception" in one]
        async with site.page(token=token("person-1")) as page:
            for _ in range(2):
                await page.say("Is anybody there?", line)
                assert (await page.hear("ack"))["id"] == line
        await _settled(bot)
        assert [name for _, name in await rows(bot.database_url, HEARD)][1:] == [line]
        async with asyncio.timeout(60):
            while not await _is_ready(http, site):  # noqa: ASYNC110 - another process cannot ring
                await asyncio.sleep(0.05)
        await bot.sends(signal.SIGTERM)
        assert await bot.ends() == 0


async def _is_ready(http: ClientSession, site: Site) -> bool:
    async with http.get(site.at("/readyz")) as answer:
        return answer.status == 200


async def _settled(bot: Whole) -> None:
    """Everything that was kept is decided."""
    async with asyncio.timeout(60):
        while await rows(bot.database_url, "SELECT id FROM inbound WHERE state = 'new' LIMIT 1"):  # noqa: ASYNC110 - another process cannot ring
            await asyncio.sleep(0.05)
