"""`maitred check --live` asks Telegram, and says what is wrong and where to mend it, without changing anything."""

from collections.abc import Mapping
from typing import Any

import pytest

from adapters.telegram.check import Doubt, Room, doubts
from adapters.telegram.config import Config
from bot.app.channels.telegram_app import telegram_doubts
from bot.settings import read_settings
from tests.peers.telegram_server import Fault, TelegramServer

OURS = "https://desk.example"


def config(telegram: TelegramServer, **settings: Any) -> Config:  # noqa: ANN401 - any of its fields
    return Config(**{"token": telegram.token, "api_url": telegram.url, **settings})


def polled(telegram: TelegramServer) -> Config:
    return config(telegram)


def pushed(telegram: TelegramServer, address: str = OURS) -> Config:
    return config(telegram, mode="webhook", webhook_secret="ours", public_url=address)


def words(found: list[Doubt]) -> list[tuple[str, bool]]:
    return [(one.name, one.is_error) for one in found]


async def test_a_bot_that_is_set_up_well_leaves_no_doubt_and_no_trace(telegram: TelegramServer) -> None:
    vera, lena = telegram.person("Vera"), telegram.person("Lena")
    vera.starts()
    acme, forum = telegram.group("Acme", lena), telegram.group("Desk", vera, is_forum=True)
    forum.promotes(can_manage_topics=True)
    rooms = [
        Room(str(acme.id), "clients.acme.channels", is_heard=True),
        Room(str(forum.id), "desk.cards", is_heard=True, has_topics=True),
        Room(str(vera.id), "desk.alerts", is_heard=False),
    ]
    assert await doubts(polled(telegram), rooms) == []
    assert {call.method for call in telegram.calls} == {"getMe", "getWebhookInfo", "getChat", "getChatMember"}


async def test_a_token_that_telegram_does_not_know_is_named_and_not_told(telegram: TelegramServer) -> None:
    telegram.is_revoked = True
    (doubt,) = await doubts(polled(telegram), [])
    assert words([doubt]) == [("TELEGRAM_BOT_TOKEN", True)]
    assert "BotFather" in doubt.mend
    assert telegram.token not in doubt.mend


async def test_a_telegram_that_is_away_is_one_doubt_about_its_address(telegram: TelegramServer) -> None:
    for fault in (Fault(status=502), Fault(cut="before"), Fault(status=429, retry_after=9)):
        telegram.fail("getMe", fault)
        (doubt,) = await doubts(polled(telegram), [])
        assert words([doubt]) == [("TELEGRAM_API_URL", True)]


async def test_privacy_mode_is_explained_where_a_group_is_to_be_heard(telegram: TelegramServer) -> None:
    telegram.me["can_read_all_group_messages"] = False
    lena = telegram.person("Lena")
    acme, globex, alerts = (telegram.group(name, lena) for name in ("Acme", "Globex", "Alerts"))
    globex.promotes()
    rooms = [
        Room(str(acme.id), "clients.acme.channels", is_heard=True),
        Room(str(globex.id), "clients.globex.channels", is_heard=True),
        Room(str(alerts.id), "desk.alerts", is_heard=False),
    ]
    (doubt,) = await doubts(polled(telegram), rooms)
    assert words([doubt]) == [("clients.acme.channels", True)]
    assert "/setprivacy" in doubt.mend


@pytest.mark.parametrize(
    ("trouble", "mend"),
    [
        pytest.param("nowhere", "the bot is not in the group", id="a number that is no group"),
        pytest.param("kicked", "the bot was removed from the group: add it again", id="the bot was removed"),
        pytest.param("moved", "has become a supergroup: write -100", id="the group has another number now"),
        pytest.param("stranger", "press Start", id="a person who never wrote to the bot"),
        pytest.param("name", "is no address of Telegram", id="a name instead of a number"),
        pytest.param("channel", "is a channel, in which nobody is served", id="a channel"),
    ],
)
async def test_a_place_where_the_bot_cannot_be_is_named_with_its_mend(
    telegram: TelegramServer, trouble: str, mend: str
) -> None:
    lena = telegram.person("Lena")
    group = telegram.group("Acme", lena, is_basic=True)
    addresses = {"nowhere": "-1009", "stranger": "77", "name": "@acme"}
    if trouble == "channel":
        group.place.chat["type"] = "channel"
        group.promotes(by=lena)
    if trouble == "kicked":
        group.kicks(by=lena)
    if trouble == "moved":
        group.upgrades()
        telegram.fail(
            "getChat",
            Fault(
                status=400,
                description="Bad Request: group chat was upgraded to a supergroup chat",
                parameters={"migrate_to_chat_id": -1005},
            ),
        )
    (doubt,) = await doubts(
        polled(telegram), [Room(addresses.get(trouble, str(group.id)), "clients.acme.channels", is_heard=True)]
    )
    assert words([doubt]) == [("clients.acme.channels", True)]
    assert mend in doubt.mend


async def test_the_managers_group_has_topics_that_the_bot_may_open(telegram: TelegramServer) -> None:
    vera = telegram.person("Vera")
    plain, forum = telegram.group("Plain", vera), telegram.group("Forum", vera, is_forum=True)
    forum.promotes(can_manage_topics=False)
    for place, is_error, mend in ((plain, False, "switch Topics on"), (forum, True, "Manage Topics")):
        (doubt,) = await doubts(polled(telegram), [Room(str(place.id), "desk.cards", is_heard=True, has_topics=True)])
        assert words([doubt]) == [("desk.cards", is_error)]
        assert mend in doubt.mend


async def test_a_webhook_and_polling_do_not_go_together(telegram: TelegramServer) -> None:
    telegram.line.set_webhook({"url": "https://elsewhere.example/a-secret-path"})
    (doubt,) = await doubts(polled(telegram), [])
    assert words([doubt]) == [("TELEGRAM_MODE", True)]
    assert "elsewhere.example" in doubt.mend
    assert "a-secret-path" not in doubt.mend
    (doubt,) = await doubts(pushed(telegram), [])
    assert words([doubt]) == [("TELEGRAM_MODE", False)]
    telegram.line.set_webhook({"url": f"{OURS}/telegram/webhook"})
    assert await doubts(pushed(telegram), []) == []
    telegram.line.webhook["last_error"] = {"last_error_date": 1, "last_error_message": "Connection timed out"}
    (doubt,) = await doubts(pushed(telegram), [])
    assert (doubt.name, doubt.is_error) == ("MAITRED_PUBLIC_URL", False)
    assert "Connection timed out" in doubt.mend


@pytest.mark.parametrize(
    ("address", "mend"),
    [
        pytest.param("http://desk.example", "public https address", id="without TLS"),
        pytest.param("https://desk.example:8080", "80, 88, 443 and 8443", id="on a port that Telegram does not call"),
    ],
)
async def test_telegram_must_be_able_to_come_to_us(telegram: TelegramServer, address: str, mend: str) -> None:
    (doubt,) = await doubts(pushed(telegram, address), [])
    assert words([doubt]) == [("MAITRED_PUBLIC_URL", True)]
    assert mend in doubt.mend


async def test_updates_that_wait_are_worth_a_look(telegram: TelegramServer) -> None:
    lena = telegram.person("Lena")
    for _ in range(101):
        lena.says("hello?")
    (doubt,) = await doubts(polled(telegram), [])
    assert words([doubt]) == [("TELEGRAM_MODE", False)]
    assert "24 hours" in doubt.mend


async def test_the_places_asked_about_are_those_of_the_desk_directory(telegram: TelegramServer) -> None:
    document: Mapping[str, Any] = {
        "clients": {"acme": {"channels": {"telegram": ["-1007"]}}, "initech": {}},
        "desk": {"cards": {"telegram": "-1008"}, "alerts": {"telegram": "42"}},
    }
    settings = read_settings({"TELEGRAM_BOT_TOKEN": telegram.token, "TELEGRAM_API_URL": telegram.url})
    found = await telegram_doubts(settings, document)
    assert [one.name for one in found] == ["clients.acme.channels", "desk.alerts", "desk.cards"]
    assert await telegram_doubts(read_settings({}), document) == []
