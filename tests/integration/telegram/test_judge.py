"""A foreigner works with the Telegram of our tests: aiogram's own bot and dispatcher, over polling and over a webhook.

Its models judge every update and every request as well, wherever the peer is used; here it is shown that they would
find something. Its models take seconds to be built, so it is imported where it is used, not where tests are collected.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from tests.integration.telegram.bot_calls import calls_of
from tests.peers.telegram_judge import Judge
from tests.peers.telegram_person import PIXEL
from tests.peers.telegram_server import Fault, TelegramServer

if TYPE_CHECKING:
    from aiogram import Bot, Dispatcher
    from aiogram.types import CallbackQuery, Message

TAKE = {"inline_keyboard": [[{"text": "Take", "callback_data": "take"}]]}


@pytest.fixture
async def bot(telegram: TelegramServer) -> "AsyncIterator[Bot]":
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    bot = Bot(telegram.token, session=AiohttpSession(api=TelegramAPIServer.from_base(telegram.url)))
    yield bot
    await bot.session.close()


def echo() -> "Dispatcher":
    """A bot that says everything again, with a button."""
    from aiogram import Dispatcher
    from aiogram.types import InlineKeyboardMarkup

    dispatcher = Dispatcher()
    take = InlineKeyboardMarkup.model_validate(TAKE)

    @dispatcher.message()
    async def again(message: "Message") -> None:
        await message.reply(message.text or message.content_type, reply_markup=take)

    @dispatcher.callback_query()
    async def taken(query: "CallbackQuery") -> None:
        await query.answer(f"Taken by {query.from_user.first_name}.")

    return dispatcher


async def test_aiogram_polls_and_answers(telegram: TelegramServer, bot: "Bot") -> None:
    lena = telegram.person("Lena")
    forum = telegram.group("Acme", lena, is_forum=True)
    forum.promotes(can_manage_topics=True)
    thread = forum.opens_topic("Billing", by=lena)
    lena.says("hello")
    lena.says("in the topic", forum, topic=thread)
    lena.sends_album(PIXEL, PIXEL)
    lena.sends_poll("Which day?", "Mon", "Tue")
    dispatcher = echo()
    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, polling_timeout=5))
    await telegram.until(lambda: len(telegram.asked("sendMessage")) == 6)
    press = lena.presses((lena.id, telegram.shown(lena)[-1].message_id), "Take")
    assert await press.answered() == {"text": "Taken by Lena.", "show_alert": False}
    await dispatcher.stop_polling()
    await polling
    assert [one.text for one in telegram.shown(lena) if one.is_of_bot] == ["hello", "photo", "photo", "poll"]
    assert telegram.shown(forum, topic=thread)[-1].text == "in the topic"


async def test_aiogram_listens_to_a_webhook(telegram: TelegramServer, bot: "Bot") -> None:
    from aiogram.webhook.aiohttp_server import SimpleRequestHandler

    app = web.Application()
    SimpleRequestHandler(echo(), bot, handle_in_background=False, secret_token="ours").register(app, path="/hook")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        telegram.point_at(f"http://127.0.0.1:{runner.addresses[0][1]}")
        await bot.set_webhook("https://desk.example/hook", secret_token="ours")
        lena = telegram.person("Lena")
        lena.says("hello")
        await telegram.taken()
    finally:
        await runner.cleanup()
    assert [one.text for one in telegram.shown(lena)] == ["hello", "hello"]
    assert {one.status for one in telegram.hooked} == {200}


async def test_aiogram_understands_every_refusal(telegram: TelegramServer, bot: "Bot") -> None:
    from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter

    lena = telegram.person("Lena")
    lena.starts()
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(5, "x")
    telegram.fail("sendMessage", Fault(status=429, retry_after=7))
    with pytest.raises(TelegramRetryAfter) as stopped:
        await bot.send_message(lena.id, "x")
    assert stopped.value.retry_after == 7
    lena.blocks()
    with pytest.raises(TelegramForbiddenError, match="blocked by the user"):
        await bot.send_message(lena.id, "x")


async def test_aiogram_sends_and_fetches_files(telegram: TelegramServer, bot: "Bot") -> None:
    from aiogram.types import BufferedInputFile

    lena = telegram.person("Lena")
    lena.starts()
    sent = await bot.send_document(lena.id, BufferedInputFile(b"a report", "report.txt"), caption="Yours")
    assert (telegram.shown(lena)[-1].file, telegram.shown(lena)[-1].file_name) == (b"a report", "report.txt")
    assert sent.document is not None
    fetched = await bot.download(sent.document)
    assert fetched is not None
    assert fetched.read() == b"a report"


async def test_everything_people_can_do_is_an_update_of_the_bot_api(telegram: TelegramServer) -> None:
    async with calls_of(telegram) as calls:
        await calls.updates(allowed_updates=["message", "edited_message", "callback_query", "message_reaction",
                                             "my_chat_member", "chat_member"])  # fmt: skip
        lena, vera = telegram.person("Lena", "Sousa", username="lena"), telegram.person("Vera")
        acme = telegram.group("Acme", vera, lena)
        acme.promotes()
        said = lena.starts("token")
        for sends in (lena.sends_photo, lena.sends_document, lena.sends_video, lena.sends_voice, lena.sends_audio,
                      lena.sends_animation, lena.sends_video_note):  # fmt: skip
            sends(PIXEL, acme, caption="" if sends == lena.sends_video_note else "Look")
        lena.sends_sticker("👍", acme)
        lena.sends_location(38.72, -9.14)
        lena.sends_contact("Vera", "+351210000000", of=vera)
        lena.says("answer", acme, reply_to=vera.says("question, see https://a.example", acme), quote="question")
        vera.says("from all of us", acme, as_group=True)
        lena.forwards(said, acme)
        lena.forwards(said, acme, hides_sender=True)
        lena.edits(said, "changed")
        lena.reacts(said, "👍")
        lena.reacts(said)
        otto = telegram.person("Otto")
        acme.adds(otto, by=vera)
        acme.renames("Acme GmbH", by=vera)
        acme.leaves(otto)
        acme.kicks(lena, by=vera)
        acme.kicks(by=vera)
        lena.blocks()
        lena.unblocks()
        small = telegram.group("Small", vera, is_basic=True, has_bot=False)
        small.adds(by=vera)
        small.upgrades()
        sent = await calls.done("sendMessage", chat_id=lena.id, text="x", reply_markup=TAKE)
        lena.presses((lena.id, sent["message_id"]), "Take")
        lena.presses((lena.id, sent["message_id"]), "Take", is_inaccessible=True)
        kinds = {kind for one in telegram.line.emitted for kind in one if kind != "update_id"}
    assert kinds == {"message", "edited_message", "callback_query", "message_reaction", "my_chat_member", "chat_member"}
    assert telegram.findings == []


async def test_the_judge_finds_what_is_wrong_with_a_request(telegram: TelegramServer) -> None:
    lena = telegram.person("Lena")
    lena.starts()
    async with calls_of(telegram) as calls:
        await calls.done("sendMessage", chat_id=lena.id, text="x", parse_made="HTML")
        await calls.done("sendMessage", chat_id=lena.id, text="x", disable_notification="perhaps")
    first, second = telegram.findings
    assert first == "sendMessage: unknown parameters ['parse_made']"
    assert second.startswith("sendMessage: ('disable_notification',)")
    telegram.allows("parse_made")
    telegram.allows("disable_notification")


def test_the_judge_finds_what_is_wrong_with_an_update() -> None:
    judge = Judge()
    judge.update({"update_id": 1, "message": {"message_id": 1, "date": 1, "text": "from nowhere"}})
    judge.update({"update_id": 2, "poll_answers": {}})
    assert judge.findings == [
        "update 1: ('message', 'chat'): Field required",
        "update 2: unknown field .poll_answers",
    ]
