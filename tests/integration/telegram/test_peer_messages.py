"""The Telegram of our tests takes, shows and refuses messages as the real one does."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.integration.telegram.bot_calls import BotCalls, calls_of
from tests.peers.telegram_person import PIXEL
from tests.peers.telegram_server import TelegramServer

KEYS = {
    "inline_keyboard": [[{"text": "Take", "callback_data": "t1"}, {"text": "Board", "url": "https://desk.example/"}]]
}


@pytest.fixture
async def bot(telegram: TelegramServer) -> AsyncIterator[BotCalls]:
    async with calls_of(telegram) as bot:
        yield bot


async def test_html_is_read_and_shown_again(telegram: TelegramServer, bot: BotCalls) -> None:
    lena = telegram.person("Lena")
    lena.starts()
    link = '<a href="https://a.example/?x=1&amp;y=2">here</a>'
    source = f"<b>Due <i>16:00</i></b> &lt;now&gt; &amp; {link} 👩‍🔧 <code>a</code>"
    sent = await bot.done("sendMessage", chat_id=lena.id, text=f" {source}\n", parse_mode="HTML")
    assert sent["text"] == "Due 16:00 <now> & here 👩‍🔧 a"
    assert [(one["type"], one["offset"], one["length"]) for one in sent["entities"]] == [
        ("bold", 0, 9),
        ("italic", 4, 5),
        ("text_link", 18, 4),
        ("code", 29, 1),
    ]
    assert telegram.shown(lena)[-1].html == source


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param("<b>x", 'Can\'t find end tag corresponding to start tag "b"', id="an open tag"),
        pytest.param("é<blink>x</blink>", 'Unsupported start tag "blink" at byte offset 2', id="a tag it has not"),
        pytest.param(
            "<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"', id="crossed tags"
        ),
        pytest.param("x</b>", "Unexpected end tag at byte offset 1", id="an end without a start"),
        pytest.param("1 <2", "Unclosed start tag at byte offset 2", id="an unescaped sign"),
    ],
)
async def test_bad_html_is_refused_in_its_words(
    telegram: TelegramServer, bot: BotCalls, source: str, words: str
) -> None:
    lena = telegram.person("Lena")
    lena.starts()
    said = await bot.refused("sendMessage", chat_id=lena.id, text=source, parse_mode="HTML")
    assert said == f"Bad Request: can't parse entities: {words}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({"text": ""}, "message text is empty", id="nothing"),
        pytest.param({"text": " \n "}, "message text is empty", id="blank space"),
        pytest.param({"text": "🔧" * 2049}, "message is too long", id="4098 units in 2049 letters"),
        pytest.param({"text": "x", "message_thread_id": 77}, "message thread not found", id="in no topic"),
        pytest.param(
            {"text": "x", "reply_parameters": {"message_id": 99}}, "message to be replied not found", id="to nothing"
        ),
        pytest.param(
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "é" * 33}]]}},
            "BUTTON_DATA_INVALID",
            id="a press of 66 bytes",
        ),
        pytest.param(
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "b"}] * 9]}},
            "reply markup is too long",
            id="nine buttons in a row",
        ),
        pytest.param(
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]] * 101}},
            "reply markup is too long",
            id="a hundred and one buttons",
        ),
    ],
)
async def test_what_telegram_does_not_take_is_refused(
    telegram: TelegramServer, bot: BotCalls, arguments: dict[str, Any], words: str
) -> None:
    lena = telegram.person("Lena")
    lena.starts()
    assert await bot.refused("sendMessage", chat_id=lena.id, **arguments) == f"Bad Request: {words}"
    await bot.done("sendMessage", chat_id=lena.id, text="🔧" * 2048)


async def test_who_cannot_be_written_to(telegram: TelegramServer, bot: BotCalls) -> None:
    lena, vera = telegram.person("Lena"), telegram.person("Vera")
    assert await bot.refused("sendMessage", chat_id=lena.id, text="x") == "Bad Request: chat not found"
    lena.starts()
    lena.blocks()
    assert await bot.refused("sendMessage", chat_id=lena.id, text="x") == "Forbidden: bot was blocked by the user"
    lena.starts("again")
    await bot.done("sendMessage", chat_id=lena.id, text="x")
    acme = telegram.group("Acme", vera)
    acme.mutes()
    assert "not enough rights to send" in await bot.refused("sendMessage", chat_id=acme.id, text="x")
    acme.kicks(by=vera)
    said = await bot.refused("sendMessage", chat_id=acme.id, text="x")
    assert said == "Forbidden: bot was kicked from the supergroup chat"
    small = telegram.group("Small", vera, is_basic=True)
    new = small.upgrades()
    moved = await bot("sendMessage", chat_id=small.id, text="x")
    assert moved["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert moved["parameters"] == {"migrate_to_chat_id": new.id}
    await bot.done("sendMessage", chat_id=new.id, text="x")


async def test_an_edit_that_changes_nothing_is_refused(telegram: TelegramServer, bot: BotCalls) -> None:
    lena = telegram.person("Lena")
    said = lena.starts()
    sent = await bot.done("sendMessage", chat_id=lena.id, text="Due", reply_markup=KEYS)
    where = {"chat_id": lena.id, "message_id": sent["message_id"]}
    assert "message is not modified" in await bot.refused("editMessageText", **where, text="Due", reply_markup=KEYS)
    await bot.done("editMessageText", **where, text="Due")
    assert telegram.shown(lena)[-1].buttons == [], "an edit without a keyboard takes it away"
    await bot.done("editMessageReplyMarkup", **where, reply_markup=KEYS)
    assert telegram.shown(lena)[-1].labels == ["Take", "Board"]
    assert "there is no caption" in await bot.refused("editMessageCaption", **where, caption="x")
    theirs = await bot.refused("editMessageText", chat_id=lena.id, message_id=said.message_id, text="x")
    assert theirs == "Bad Request: message can't be edited"
    await bot.done("deleteMessage", **where)
    assert await bot.refused("editMessageText", **where, text="x") == "Bad Request: message to edit not found"


async def test_a_press_is_answered_once_and_soon(telegram: TelegramServer, bot: BotCalls) -> None:
    vera = telegram.person("Vera")
    vera.starts()
    sent = await bot.done("sendMessage", chat_id=vera.id, text="Card", reply_markup=KEYS)
    press = vera.presses((vera.id, sent["message_id"]), "Take")
    query = (await bot.updates())[-1]["callback_query"]
    assert (query["data"], query["message"]["message_id"]) == ("t1", sent["message_id"])
    await bot.done("answerCallbackQuery", callback_query_id=query["id"], text="Taken.", show_alert=True)
    assert await press.answered() == {"text": "Taken.", "show_alert": True}
    assert "query is too old" in await bot.refused("answerCallbackQuery", callback_query_id=query["id"])
    late = vera.presses((vera.id, sent["message_id"]), data="made up")
    telegram.passes(hours=1)
    assert "query is too old" in await bot.refused("answerCallbackQuery", callback_query_id=late.query.id)


async def test_files_go_both_ways(telegram: TelegramServer, bot: BotCalls) -> None:
    lena = telegram.person("Lena")
    lena.sends_document(b"%PDF report", name="report.pdf", caption="the report")
    document = (await bot.updates())[-1]["message"]["document"]
    found = await bot.done("getFile", file_id=document["file_id"])
    async with bot.http.get(f"{telegram.url}/file/bot{telegram.token}/{found['file_path']}") as answer:
        assert await answer.read() == b"%PDF report"
    large = lena.sends_document(b"x" * (20 * 2**20 + 1), name="film.mov", kind="video/quicktime")
    document = (await bot.updates())[-1]["message"]["document"]
    assert large.update_id is not None
    assert await bot.refused("getFile", file_id=document["file_id"]) == "Bad Request: file is too big"
    sent = await bot.with_file("sendPhoto", "photo", PIXEL, chat_id=lena.id, caption="<b>Look</b>", parse_mode="HTML")
    assert sent["result"]["caption"] == "Look"
    shown = telegram.shown(lena)[-1]
    assert (shown.kind, shown.file, shown.html) == ("photo", PIXEL, "<b>Look</b>")
    assert (await bot.with_file("sendPhoto", "photo", b"no picture", chat_id=lena.id))["error_code"] == 400
    long = await bot.with_file("sendDocument", "document", b"x", chat_id=lena.id, caption="x" * 1025)
    assert long["description"] == "Bad Request: message caption is too long"


async def test_an_album_is_several_messages_of_one_group(telegram: TelegramServer, bot: BotCalls) -> None:
    lena = telegram.person("Lena")
    lena.sends_album(PIXEL, PIXEL, caption="both")
    updates = await bot.updates()
    assert len({one["message"]["media_group_id"] for one in updates}) == 1
    assert [one["message"].get("caption") for one in updates] == ["both", None]
    photo = updates[0]["message"]["photo"][-1]["file_id"]
    media = [{"type": "photo", "media": photo}, {"type": "photo", "media": photo, "caption": "two"}]
    sent = await bot.done("sendMediaGroup", chat_id=lena.id, media=media)
    assert [one.album for one in telegram.shown(lena)[-2:]] == [sent[0]["media_group_id"]] * 2
    assert "2 to 10" in await bot.refused("sendMediaGroup", chat_id=lena.id, media=media[:1])


async def test_reactions_are_of_the_free_list_and_one_at_a_time(telegram: TelegramServer, bot: BotCalls) -> None:
    vera = telegram.person("Vera")
    said = vera.says("answer")
    where = {"chat_id": vera.id, "message_id": said.message_id}
    await bot.done("setMessageReaction", **where, reaction=[{"type": "emoji", "emoji": "👌"}])
    assert telegram.shown(vera)[-1].reactions == ["👌"]
    assert "REACTION_INVALID" in await bot.refused(
        "setMessageReaction", **where, reaction=[{"type": "emoji", "emoji": "✅"}]
    )
    two = [{"type": "emoji", "emoji": one} for one in ("👌", "👀")]
    assert "REACTIONS_TOO_MANY" in await bot.refused("setMessageReaction", **where, reaction=two)
    acme = telegram.group("Acme", vera)
    said = vera.says("here", acme)
    acme.allows_reactions("👍")
    where = {"chat_id": acme.id, "message_id": said.message_id}
    assert "REACTION_INVALID" in await bot.refused(
        "setMessageReaction", **where, reaction=[{"type": "emoji", "emoji": "👌"}]
    )


async def test_a_forum_has_topics_for_who_may_open_them(telegram: TelegramServer, bot: BotCalls) -> None:
    vera = telegram.person("Vera")
    plain, forum = telegram.group("Plain", vera), telegram.group("Forum", vera, is_forum=True)
    plain.promotes(can_manage_topics=True)
    assert await bot.refused("createForumTopic", chat_id=plain.id, name="x") == "Bad Request: the chat is not a forum"
    assert "not enough rights" in await bot.refused("createForumTopic", chat_id=forum.id, name="x")
    forum.promotes(can_manage_topics=True)
    thread = (await bot.done("createForumTopic", chat_id=forum.id, name="Acme"))["message_thread_id"]
    await bot.done("sendMessage", chat_id=forum.id, message_thread_id=thread, text="Card")
    said = vera.says("noted", forum, topic=thread)
    message = (await bot.updates())[-1]["message"]
    assert message["message_id"] == said.message_id
    assert message["is_topic_message"]
    assert message["reply_to_message"]["message_id"] == message["message_thread_id"] == thread
    assert [one.text for one in telegram.shown(forum, topic=thread)] == ["", "Card", "noted"]
    await bot.done("editForumTopic", chat_id=forum.id, message_thread_id=thread, name="Acme GmbH")
    assert telegram.topics(forum) == {thread: "Acme GmbH"}
    forum.deletes_topic(thread)
    said_no = await bot.refused("sendMessage", chat_id=forum.id, message_thread_id=thread, text="x")
    assert said_no == "Bad Request: message thread not found"


async def test_privacy_mode_keeps_the_talk_of_a_group_from_the_bot(telegram: TelegramServer, bot: BotCalls) -> None:
    lena = telegram.person("Lena")
    acme = telegram.group("Acme", lena)
    telegram.me["can_read_all_group_messages"] = False
    sent = await bot.done("sendMessage", chat_id=acme.id, text="Hello, Acme.")
    assert lena.says("among ourselves", acme).update_id is None
    assert lena.says("/status@maitred_desk_bot", acme).update_id is not None
    assert lena.says("/status@another_bot", acme).update_id is None
    assert lena.says("thanks", acme, reply_to=(acme.id, sent["message_id"])).update_id is not None
    assert lena.says("in private").update_id is not None
    acme.promotes()
    assert lena.says("an administrator hears all", acme).update_id is not None


async def test_menus_are_kept_by_scope_and_language(telegram: TelegramServer, bot: BotCalls) -> None:
    status = [{"command": "status", "description": "Where it stands"}]
    await bot.done("setMyCommands", commands=status, scope={"type": "all_private_chats"}, language_code="en")
    assert await bot.done("getMyCommands", scope={"type": "all_private_chats"}, language_code="en") == status
    assert await bot.done("getMyCommands") == []
    wrong = [{"command": "Status!", "description": "x"}]
    assert await bot.refused("setMyCommands", commands=wrong) == "Bad Request: BOT_COMMAND_INVALID"
