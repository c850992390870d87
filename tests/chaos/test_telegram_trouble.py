"""The bot itself and a Telegram in trouble: two of us on one token, somebody else's webhook, a storm of failures."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app.turn import Pace
from tests.chaos.telegram_life import TelegramLife, telegram_life
from tests.peers.telegram_server import Fault, TelegramServer

TAKE_OVER_WITHIN = timedelta(seconds=20)
READS, NOTHING_COMES = "this process reads the updates", "no updates come"
#: In milliseconds of the database's own clock.
LEASE_LEFT = """
SELECT expires_at - CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) FROM lease WHERE name LIKE 'telegram:%'
"""
TEXTS = "SELECT text FROM message WHERE direction = 'in' ORDER BY id"


async def standing(bot: TelegramLife) -> dict[str, Any]:
    """What `/readyz` says; nothing while nobody listens."""
    try:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{bot.port}/readyz") as answer:
            found: dict[str, Any] = await answer.json()
            return found
    except aiohttp.ClientError:
        return {}


async def is_ready(bot: TelegramLife) -> bool:
    return bool((await standing(bot)).get("is_ready"))


async def until_ready(bot: TelegramLife) -> None:
    async with asyncio.timeout(60):
        while not await is_ready(bot):  # noqa: ASYNC110 - another process cannot ring
            await asyncio.sleep(0.1)


def test_what_a_lease_and_a_question_take_is_the_promise_of_the_manual() -> None:
    pace = Pace()
    assert pace.lease_for + timedelta(seconds=pace.ask_every_s) < TAKE_OVER_WITHIN


@pytest.mark.timeout(300)
async def test_of_two_processes_one_reads_and_the_other_takes_over_when_it_dies(
    telegram: TelegramServer, migrated_url: str, tmp_path: Path
) -> None:
    lena = telegram.person("Lena", id=1001)
    async with (
        telegram_life(telegram, tmp_path, database_url=migrated_url, name="first") as first,
        telegram_life(telegram, tmp_path, database_url=migrated_url, name="second") as second,
    ):
        await first.polls()
        second.start()
        await until_ready(first)
        await until_ready(second)
        lena.says("to the first")
        await first.settled()
        assert (len(first.said(READS)), len(second.said(READS))) == (1, 0)
        await until_ready(first)
        await until_ready(second)

        await first.kill()
        lena.says("while nobody reads")
        ((waits_ms,),) = await second.rows(LEASE_LEFT)
        assert waits_ms > 0, "it is the dead one's turn until then"
        assert waits_ms <= Pace().lease_for / timedelta(milliseconds=1)
        await first.its_turn_is_over()
        await telegram.until(lambda: not telegram.pending, within_s=60)
        await second.settled()
        assert await second.rows(TEXTS) == [("to the first",), ("while nobody reads",)]

        first.start()  # and it does not take the turn away again
        await until_ready(first)
        lena.says("to the second")
        await second.settled()
        assert len(first.said(READS)) == 1
        await second.stop()  # an end in order gives the turn away at once
        lena.says("to the first again")
        await first.settled()
        assert [text for (text,) in await first.rows(TEXTS)][2:] == ["to the second", "to the first again"]
        await first.stop()
    assert {call.status for call in telegram.asked("getUpdates")} <= {200, 0}, "they never ask at the same time"


@pytest.mark.timeout(300)
async def test_a_webhook_of_somebody_else_is_said_once_and_left_alone(telegram: TelegramServer, tmp_path: Path) -> None:
    lena = telegram.person("Lena", id=1001)
    lena.says("waiting")
    telegram.line.webhook = {"url": "https://elsewhere.example/x", "secret_token": "", "max_connections": 40}
    async with telegram_life(telegram, tmp_path) as bot:
        bot.start()
        before, after = await refused(telegram, 2)
        assert after - before >= 4.9
        (line,) = bot.said(NOTHING_COMES)
        assert "webhook is set" in line["reason"]
        await until_ready(bot)  # other channels go on
        found = await standing(bot)
        assert (found["channels"]["telegram"]["is_up"], found["channels"]["telegram"]["detail"]) == (
            False,
            line["reason"],
        )
        telegram.line.delete_webhook({})  # by whoever set it
        await bot.settled()
        assert await bot.rows(TEXTS) == [("waiting",)]
        assert (await standing(bot))["channels"]["telegram"]["is_up"]
        await bot.stop()
    assert telegram.asked("deleteWebhook") == telegram.asked("setWebhook") == []


async def refused(telegram: TelegramServer, count: int) -> list[float]:
    """When updates were asked for and refused, once that has happened so often."""

    def moments() -> list[float]:
        return [call.at for call in telegram.asked("getUpdates") if call.status == 409]

    await telegram.until(lambda: len(moments()) >= count, within_s=60)
    return moments()


@pytest.mark.timeout(300)
async def test_a_storm_of_failures_passes_and_nothing_is_missing(telegram: TelegramServer, tmp_path: Path) -> None:
    lena = telegram.person("Lena", id=1001)
    said_no = Fault(status=500, description="Internal Server Error")
    async with telegram_life(telegram, tmp_path) as bot:
        await bot.polls()
        telegram.fail("sendMessage", said_no, times=2)
        telegram.fail("sendMessage", Fault(status=429, retry_after=1))
        for gust in (
            (Fault(status=502), said_no, Fault(cut="before")),
            (Fault(cut="after"), Fault(status=429, retry_after=1)),
        ):
            for fault in gust:
                telegram.fail("getUpdates", fault)
            lena.says("in the storm")
            await bot.settled()
        await telegram.until(lambda: any(one.is_of_bot for one in telegram.shown(lena)), within_s=60)
        await bot.settled()
        assert await bot.rows(TEXTS) == [("in the storm",)] * 2
        assert len([one for one in telegram.shown(lena) if one.is_of_bot]) == 1
        assert not [one for one in bot.log if "exception" in one]
        await bot.stop()


async def test_a_revoked_token_is_said_in_one_line_and_stops_no_other_channel(
    telegram: TelegramServer, tmp_path: Path
) -> None:
    telegram.is_revoked = True
    async with telegram_life(telegram, tmp_path) as bot:
        bot.start()
        await telegram.asked_for("getUpdates")
        await until_ready(bot)
        (line,) = bot.said(NOTHING_COMES)
        assert "BotFather" in line["reason"]
        assert (await standing(bot))["channels"]["telegram"]["detail"] == line["reason"]
        await bot.stop()
