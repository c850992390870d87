"""What Telegram shows beside the bot is what the desk says, and is only changed where it differs."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, replace

import pytest
import structlog

from adapters.errors import TemporaryError
from adapters.telegram.menu import Menu, Menus
from adapters.telegram.timings import Timings
from adapters.telegram.web import Web
from tests.integration.telegram.ways_in import config_of
from tests.peers.telegram_server import Fault, TelegramServer

MENU = Menu(
    private={"": (("status", "Where your ticket stands"),), "de": (("status", "Wo Ihr Anliegen steht"),)},
    groups={"": (("status", "Where your ticket stands"),)},
    about={"": "Write what you need.", "de": "Schreiben Sie, was Sie brauchen."},
    about_short={"": "Support"},
)


@dataclass
class Kept:
    """What the desk remembers of what was set."""

    names: Collection[str] = ()

    async def menus(self) -> Collection[str]:
        return self.names

    async def keep_menus(self, names: Collection[str]) -> None:
        self.names = names


@pytest.fixture
async def web(telegram: TelegramServer) -> AsyncIterator[Web]:
    made = Web(config_of(telegram))
    yield made
    await made.close()


def changes(telegram: TelegramServer) -> list[str]:
    """What was set or removed so far, in order."""
    return [call.method for call in telegram.calls if call.method.startswith(("set", "delete"))]


async def test_commands_stand_where_they_are_of_use_in_each_language(telegram: TelegramServer, web: Web) -> None:
    await Menus(web, lambda: MENU, Timings(), Kept()).once()
    asked = [call.arguments for call in telegram.asked("setMyCommands")]
    assert [(one["scope"]["type"], one.get("language_code")) for one in asked] == [
        ("all_private_chats", None),
        ("all_private_chats", "de"),
        ("all_group_chats", None),
    ]
    assert asked[1]["commands"] == [{"command": "status", "description": "Wo Ihr Anliegen steht"}]
    assert changes(telegram).count("setMyDescription") == 2
    assert changes(telegram).count("setMyShortDescription") == 1
    assert changes(telegram)[-1] == "setChatMenuButton"


async def test_what_stands_there_already_is_left_alone(telegram: TelegramServer, web: Web) -> None:
    await Menus(web, lambda: MENU, Timings(), Kept()).once()
    before = changes(telegram)
    await Menus(web, lambda: MENU, Timings(), Kept()).once()  # after a restart
    assert changes(telegram) == before


async def test_nothing_is_asked_while_nothing_changes(telegram: TelegramServer, web: Web) -> None:
    menus = Menus(web, lambda: MENU, Timings(), Kept())
    await menus.once()
    before = len(telegram.calls)
    await menus.once()
    assert len(telegram.calls) == before


async def test_only_what_the_desk_words_differently_is_changed(telegram: TelegramServer, web: Web) -> None:
    wanted = MENU
    menus = Menus(web, lambda: wanted, Timings(), Kept())
    await menus.once()
    before = len(changes(telegram))
    wanted = replace(MENU, about_short={"": "Help"})
    await menus.once()
    assert changes(telegram)[before:] == ["setMyShortDescription"]


async def test_our_people_have_commands_of_their_own_once_they_wrote_to_the_bot(
    telegram: TelegramServer, web: Web
) -> None:
    vera, oleg = telegram.person("Vera"), telegram.person("Oleg")
    vera.starts()
    wanted = replace(MENU, ours={vera.id: (("queue", "Your tickets"),), oleg.id: (("queue", "Your tickets"),)})
    menus = Menus(web, lambda: wanted, Timings(), Kept())
    await menus.once()
    asked = [call for call in telegram.asked("setMyCommands") if "chat_id" in call.arguments["scope"]]
    assert [call.arguments["scope"]["chat_id"] for call in asked if call.status == 200] == [vera.id]
    oleg.starts()
    for _ in range(60):
        await menus.once()
    asked = [call for call in telegram.asked("setMyCommands") if "chat_id" in call.arguments["scope"]]
    assert [call.arguments["scope"]["chat_id"] for call in asked if call.status == 200] == [vera.id, oleg.id]


async def test_whoever_never_wrote_to_the_bot_is_no_news(telegram: TelegramServer, web: Web) -> None:
    oleg = telegram.person("Oleg")
    with structlog.testing.capture_logs() as logged:
        await Menus(web, lambda: replace(MENU, ours={oleg.id: (("queue", "Your tickets"),)}), Timings(), Kept()).once()
    assert {line["log_level"] for line in logged} == {"debug"}


async def test_whoever_is_none_of_ours_any_more_loses_them(telegram: TelegramServer, web: Web) -> None:
    vera = telegram.person("Vera")
    vera.starts()
    wanted = replace(MENU, ours={vera.id: (("queue", "Your tickets"),)})
    menus = Menus(web, lambda: wanted, Timings(), Kept())
    await menus.once()
    wanted = MENU
    await menus.once()
    (call,) = telegram.asked("deleteMyCommands")
    assert call.arguments["scope"] == {"type": "chat", "chat_id": vera.id}


@pytest.mark.parametrize("is_killed", [False, True], ids=["stopped", "killed in the middle"])
async def test_what_is_none_of_ours_any_more_is_taken_back_after_a_restart(
    telegram: TelegramServer, web: Web, *, is_killed: bool
) -> None:
    vera, kept = telegram.person("Vera"), Kept()
    forum = telegram.group("Desk", vera)
    vera.starts()
    queue = (("queue", "Your tickets"),)
    before = replace(MENU, ours={vera.id: queue, forum.id: queue})
    if is_killed:
        telegram.fail("getMyDescription", Fault(status=500))
        with pytest.raises(TemporaryError):
            await Menus(web, lambda: before, Timings(), kept).once()
    else:
        await Menus(web, lambda: before, Timings(), kept).once()
        kept.names = json.loads(json.dumps(sorted(kept.names)))
    wanted = replace(MENU, private={"": MENU.private[""]}, about={"": MENU.about[""]})
    await Menus(web, lambda: wanted, Timings(), kept).once()
    assert telegram.methods.profile.commands.keys() == {("all_private_chats", ""), ("all_group_chats", "")}
    assert not telegram.methods.profile.descriptions.get(("description", "de"))
    calls = len(telegram.asked("deleteMyCommands"))
    await Menus(web, lambda: wanted, Timings(), kept).once()
    assert len(telegram.asked("deleteMyCommands")) == calls, "once is enough"


async def test_a_failure_ends_nothing_and_is_mended_later(telegram: TelegramServer, web: Web) -> None:
    telegram.fail("getMyCommands", Fault(status=500), times=2)
    menus = Menus(web, lambda: MENU, Timings(menu_every_s=0.02), Kept())
    run = asyncio.create_task(menus.run())
    await telegram.asked_for("setChatMenuButton", count=1)
    run.cancel()
    assert len(telegram.asked("setMyCommands")) == 3


async def test_without_a_desk_there_is_no_menu(telegram: TelegramServer, web: Web) -> None:
    await Menus(web, lambda: None, Timings(), Kept()).once()
    assert telegram.calls == []
