"""The Telegram of our tests keeps, confirms and pushes updates as the real one does."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from tests.integration.telegram.bot_calls import BotCalls, calls_of
from tests.peers.telegram_server import Fault, TelegramServer


@pytest.fixture
async def bot(telegram: TelegramServer) -> AsyncIterator[BotCalls]:
    async with calls_of(telegram) as bot:
        yield bot


async def test_an_update_comes_until_a_higher_offset_confirms_it(telegram: TelegramServer, bot: BotCalls) -> None:
    lena = telegram.person("Lena")
    first, second = lena.says("one"), lena.says("two")
    assert [one["message"]["text"] for one in await bot.updates()] == ["one", "two"]
    assert [one["message"]["text"] for one in await bot.updates(limit=1)] == ["one"]
    assert first.update_id is not None
    assert [one["update_id"] for one in await bot.updates(offset=first.update_id + 1)] == [second.update_id]
    assert telegram.pending == [second.update_id]


async def test_a_long_poll_waits_for_the_next_update(telegram: TelegramServer, bot: BotCalls) -> None:
    poll = asyncio.create_task(bot.updates(timeout=30))
    await telegram.until(lambda: telegram.line.is_polled)
    telegram.person("Lena").says("now")
    assert [one["message"]["text"] for one in await poll] == ["now"]


async def test_a_second_poller_ends_the_first(telegram: TelegramServer, bot: BotCalls) -> None:
    first = asyncio.create_task(bot("getUpdates", timeout=30))
    await telegram.until(lambda: telegram.line.is_polled)
    assert await bot.updates() == []
    ended = await first
    assert (ended["error_code"], ended["description"]) == (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    )


async def test_who_has_hung_up_polls_no_more(telegram: TelegramServer, bot: BotCalls) -> None:
    async with calls_of(telegram) as other:
        poll = asyncio.create_task(other("getUpdates", timeout=30))
        await telegram.until(lambda: telegram.line.is_polled)
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)
    assert await bot.updates() == []
    await telegram.until(lambda: len(telegram.asked("getUpdates")) == 2)
    assert sorted(call.status for call in telegram.asked("getUpdates")) == [0, 200]


async def test_nobody_polls_while_a_webhook_is_set(telegram: TelegramServer, bot: BotCalls) -> None:
    poll = asyncio.create_task(bot("getUpdates", timeout=30))
    await telegram.until(lambda: telegram.line.is_polled)
    await bot.done("setWebhook", url="https://desk.example/telegram")
    assert (await poll)["description"] == "Conflict: terminated by setWebhook request"
    assert await bot.refused("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    await bot.done("deleteWebhook")
    assert await bot.updates() == []


async def test_an_update_waits_a_day_and_no_longer(telegram: TelegramServer, bot: BotCalls) -> None:
    lena = telegram.person("Lena")
    lena.says("yesterday")
    telegram.passes(hours=23)
    lena.says("today")
    telegram.passes(hours=2)
    assert [one["message"]["text"] for one in await bot.updates()] == ["today"]


async def test_after_a_week_of_silence_ids_begin_anywhere(telegram: TelegramServer, bot: BotCalls) -> None:
    lena = telegram.person("Lena")
    before = lena.says("long ago").update_id
    telegram.passes(hours=24 * 7)
    after = lena.says("again").update_id
    assert before is not None
    assert after is not None
    assert after != before + 1


async def test_some_kinds_come_only_to_a_bot_that_names_them(telegram: TelegramServer, bot: BotCalls) -> None:
    lena = telegram.person("Lena")
    said = lena.says("hello")
    assert lena.reacts(said, "👍") is None
    await bot.updates(allowed_updates=["message", "message_reaction"])
    assert lena.reacts(said, "👍", "🔥") is not None
    assert lena.edits(said, "hello!").update_id is None, "an edit was not asked for"
    await bot.updates()
    assert lena.reacts(said) is not None, "what was asked for stays until something else is"


async def test_a_webhook_is_told_with_its_secret_and_again_until_it_says_yes(
    telegram: TelegramServer, bot: BotCalls
) -> None:
    told: list[tuple[str, str]] = []
    answers = iter([500, 403, 200])

    async def take(request: web.Request) -> web.Response:
        update = await request.json()
        told.append((request.headers["X-Telegram-Bot-Api-Secret-Token"], update["message"]["text"]))
        return web.Response(status=next(answers))

    app = web.Application()
    app.router.add_post("/telegram/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        telegram.point_at(f"http://127.0.0.1:{runner.addresses[0][1]}")
        await bot.done("setWebhook", url="https://desk.example/telegram/hook", secret_token="only_ours-1")
        telegram.person("Lena").says("pushed")
        await telegram.taken()
    finally:
        await runner.cleanup()
    assert told == [("only_ours-1", "pushed")] * 3
    assert [one.status for one in telegram.hooked] == [500, 403, 200]
    state = await bot.done("getWebhookInfo")
    assert state["pending_update_count"] == 0
    assert state["last_error_message"] == "Wrong response from the webhook: 403 Forbidden"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({"url": "http://desk.example/"}, "An HTTPS URL must be provided for webhook", id="without TLS"),
        pytest.param({"url": "https://desk.example:99/"}, "only on ports 80, 88, 443 or 8443", id="on an odd port"),
        pytest.param(
            {"url": "https://d.example/", "secret_token": "ключ"}, "unallowed characters", id="with a bad secret"
        ),
    ],
)
async def test_a_bad_webhook_is_refused(bot: BotCalls, arguments: dict[str, str], words: str) -> None:
    assert words in await bot.refused("setWebhook", **arguments)


async def test_calls_go_wrong_as_planned(telegram: TelegramServer, bot: BotCalls) -> None:
    lena, vera = telegram.person("Lena"), telegram.person("Vera")
    lena.says("hello"), vera.says("hello")
    telegram.fail("sendMessage", Fault(status=429, retry_after=7), chat=lena)
    stopped = await bot("sendMessage", chat_id=lena.id, text="late")
    assert (stopped["error_code"], stopped["parameters"]) == (429, {"retry_after": 7})
    await bot.done("sendMessage", chat_id=vera.id, text="at once")
    telegram.fail("*", Fault(cut="after"))
    with pytest.raises(aiohttp.ClientError):
        await bot("sendMessage", chat_id=lena.id, text="it came, and nobody heard so")
    telegram.fail("sendMessage", Fault(cut="before"))
    with pytest.raises(aiohttp.ClientError):
        await bot("sendMessage", chat_id=lena.id, text="it never came")
    assert [one.text for one in telegram.shown(lena)] == ["hello", "it came, and nobody heard so"]
    telegram.fail("getUpdates", Fault(status=502))
    url = f"{telegram.url}/bot{telegram.token}/getUpdates"
    async with bot.http.get(url) as answer:
        assert answer.status == 502
    assert len(await bot.updates()) == 2


async def test_a_wrong_token_is_nobody(telegram: TelegramServer, bot: BotCalls) -> None:
    async with bot.http.get(f"{telegram.url}/bot123456789:wrong/getMe") as answer:
        assert await answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert await bot.refused("getMee") == "Not Found"


async def test_the_flood_limits_stop_one_chat_and_not_the_others(telegram: TelegramServer, bot: BotCalls) -> None:
    lena, vera = telegram.person("Lena"), telegram.person("Vera")
    acme = telegram.group("Acme", lena, vera)
    lena.says("hello"), vera.says("hello")
    telegram.is_flood_limited = True
    telegram.now = lambda: 1_800_000_000.0
    await bot.done("sendMessage", chat_id=lena.id, text="one")
    assert await bot.refused("sendMessage", chat_id=lena.id, text="two") == "Too Many Requests: retry after 1"
    await bot.done("sendMessage", chat_id=vera.id, text="one")
    telegram.passes(seconds=1)
    await bot.done("sendMessage", chat_id=lena.id, text="two")
    for _ in range(20):
        telegram.passes(seconds=1)
        await bot.done("sendMessage", chat_id=acme.id, text="again")
    telegram.passes(seconds=1)
    assert await bot.refused("sendMessage", chat_id=acme.id, text="again") == "Too Many Requests: retry after 40"
