"""The house with a bot in its settings: what Telegram brings becomes tickets, and everything around it is set up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.message import Channel
from bot.app.channels.telegram_past import NAME
from bot.app.house import House, built
from bot.desk.applying import apply_document
from bot.settings import Settings, read_settings
from bot.store import leases, remembered
from tests.builders import STORY_DESK, document
from tests.peers.telegram_server import TelegramServer

PATIENCE_S = 60
#: Open at any hour, because the wall clock may stand anywhere.
DESK = STORY_DESK.replace('mon-fri = ["10:00-19:00"]', 'mon-sun = ["00:00-24:00"]').replace(
    'mon-fri = ["09:00-21:00"]', 'mon-sun = ["00:00-24:00"]'
)


def settings_of(telegram: TelegramServer, folder: Path) -> Settings:
    return read_settings(
        {
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'maitred.db'}",
            "MAITRED_DATA": str(folder / "files"),
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "TELEGRAM_API_URL": telegram.url,
        }
    )


@pytest.fixture
async def house(telegram: TelegramServer, tmp_path: Path) -> AsyncIterator[House]:
    """At work, as `run` has it, but for the listener."""
    async with built(settings_of(telegram, tmp_path)) as found:
        await apply_document(found.database, document(DESK), at=found.time.now(), by="test")
        await found.desk.prepare(is_alone=True)
        telegram_ = found.adapters[Channel.TELEGRAM]
        loops = [
            asyncio.create_task(telegram_.run(found.desk.journal, found.desk.press)),
            asyncio.create_task(found.desk.run()),
        ]
        try:
            yield found
        finally:
            for loop in reversed(loops):
                loop.cancel()
                with suppress(asyncio.CancelledError):
                    await loop
            async with asyncio.timeout(PATIENCE_S):
                await found.desk.drain()


async def rows(house: House, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await house.database.read(lambda conn: conn.exec_driver_sql(sql).fetchall())]


async def test_a_message_becomes_a_ticket_and_is_answered_there(telegram: TelegramServer, house: House) -> None:
    lena = telegram.person("Lena", id=1001)
    lena.says("Payroll failed")
    await telegram.until(lambda: len(telegram.shown(lena)) > 1, within_s=PATIENCE_S)
    assert await rows(house, "SELECT subject, client FROM ticket") == [("Payroll failed", "acme")]
    assert house.adapters[Channel.TELEGRAM].health().detail == "reads updates"


async def test_a_photo_is_fetched_before_its_message_is_decided(
    telegram: TelegramServer, house: House, tmp_path: Path
) -> None:
    lena = telegram.person("Lena", id=1001)
    lena.sends_photo(b"\xff\xd8 picture", caption="Payroll failed")
    await telegram.until(lambda: len(telegram.shown(lena)) > 1, within_s=PATIENCE_S)
    ((digest, size, note),) = await rows(house, "SELECT digest, size, note FROM attachment")
    assert (size, note) == (len(b"\xff\xd8 picture"), "")
    assert (tmp_path / "files" / str(digest)[:2] / str(digest)).read_bytes() == b"\xff\xd8 picture"


async def test_the_menu_and_the_bots_name_are_kept_like_the_desks(telegram: TelegramServer, house: House) -> None:
    await telegram.asked_for("setChatMenuButton", count=1)
    languages = {call.arguments.get("language_code") for call in telegram.asked("setMyCommands")}
    assert languages == {None, "en", "uk", "es", "de"}
    described = [call.arguments for call in telegram.asked("setMyDescription")]
    assert len(described) == 5
    assert all(len(one["description"]) <= 512 for one in described)
    assert await house.database.read(lambda conn: remembered.recall(conn, NAME)) == telegram.bot_username


async def test_a_clean_stop_gives_the_turn_to_read_back(telegram: TelegramServer, tmp_path: Path) -> None:
    async with built(settings_of(telegram, tmp_path)) as house:
        adapter, name = house.adapters[Channel.TELEGRAM], f"telegram:{telegram.bot_id}"
        run = asyncio.create_task(adapter.run(house.desk.journal, house.desk.press))
        await telegram.asked_for("getUpdates", count=1)
        assert await house.database.read(lambda conn: leases.holder(conn, name)) is not None
        run.cancel()
        with suppress(asyncio.CancelledError):
            await run
        assert await house.database.read(lambda conn: leases.holder(conn, name)) is None
