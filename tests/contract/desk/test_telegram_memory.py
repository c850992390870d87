"""What the desk remembers for the Telegram channel, over restarts and while its database is away."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.errors import DeskAwayError
from adapters.message import Button, Channel, Conversation
from adapters.telegram.memory import Kept, KnownTopic, Memory
from bot.app.channels.telegram_memory import telegram_memory
from bot.app.simulation.stepping import OwnedTime
from bot.desk.desk import MESSAGES_CHANGED_FOR, Desk
from bot.now import Timekeeper
from bot.store.driver.engine import open_database
from bot.store.files import Files
from sla.duration import instant, later
from tests.harness import NOON
from tests.templates import new_sqlite

VERA = Conversation(Channel.TELEGRAM, "desk", "42")
FORUM = Conversation(Channel.TELEGRAM, "desk", "-100777#55")
TAKE, RESOLVE = Button("ticket.take", "Take it", "T-1"), Button("ticket.resolve", "Resolve", "T-1")


@pytest.fixture
def time() -> OwnedTime:
    return OwnedTime(instant(NOON))


@pytest.fixture
async def desk(tmp_path: Path, time: OwnedTime) -> AsyncIterator[Desk]:
    database = await open_database(new_sqlite(tmp_path / "maitred.db"))
    desk = Desk(database, {}, Timekeeper(wall=time.now))
    yield desk
    await desk.committer.close()
    await database.close()


def memory_of(
    desk: Desk,
    secret: str = "a secret of sixteen letters",  # noqa: S107 - a test's own
    *,
    files: Files | None = None,
) -> Memory:
    return telegram_memory(desk, files or Files(Path("no such directory")), secret)


async def test_a_button_has_an_opaque_name_that_is_the_same_in_every_life(desk: Desk) -> None:
    names = await memory_of(desk).buttons.keep(FORUM, [TAKE, RESOLVE])
    again = memory_of(desk)
    assert await again.buttons.keep(FORUM, [TAKE, RESOLVE]) == names
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{24}", name) for name in names)
    assert len(set(names)) == 2
    assert await again.buttons.find(names[1]) == Kept(FORUM, "ticket.resolve", "T-1")


async def test_nobody_without_the_secret_makes_the_name_of_a_button(desk: Desk) -> None:
    names = await memory_of(desk).buttons.keep(VERA, [TAKE])
    assert await memory_of(desk, "another secret").buttons.keep(VERA, [TAKE]) != names
    assert await memory_of(desk).buttons.keep(FORUM, [TAKE]) != names
    assert await memory_of(desk).buttons.find("ticket.take:T-1") is None


async def test_a_button_that_is_still_drawn_is_not_forgotten(desk: Desk, time: OwnedTime) -> None:
    memory = memory_of(desk)
    (take, resolve) = await memory.buttons.keep(VERA, [TAKE, RESOLVE])
    time.at = later(time.at, MESSAGES_CHANGED_FOR)
    await memory.buttons.keep(VERA, [TAKE])
    time.at = later(time.at, timedelta(hours=1))
    assert await desk.tidy() == 1
    assert await memory.buttons.find(take) is not None
    assert await memory.buttons.find(resolve) is None


async def test_parts_of_a_message_are_there_in_the_next_life(desk: Desk, time: OwnedTime) -> None:
    await memory_of(desk).parts.take("reply-1", {0: "42:7", 1: "42:8"})
    assert await memory_of(desk).parts.taken("reply-1") == {0: "42:7", 1: "42:8"}
    assert await memory_of(desk).parts.beside("42:8") == ("reply-1", {0: "42:7", 1: "42:8"})
    assert await memory_of(desk).parts.beside("42:9") is None
    time.at = later(time.at, MESSAGES_CHANGED_FOR + timedelta(hours=1))
    assert await desk.tidy() == 2


async def test_a_topic_is_found_by_what_it_is_about(desk: Desk) -> None:
    topics = memory_of(desk).topics
    assert await topics.find("-100777", "client:acme") is None
    await topics.keep("-100777", "client:acme", KnownTopic("55", "Acme"))
    await topics.keep("-100777", "client:acme", KnownTopic("56", "Acme"))
    assert await topics.find("-100777", "client:acme") == KnownTopic("56", "Acme")
    assert await topics.find("-100778", "client:acme") is None


async def test_a_file_that_was_fetched_is_known_by_its_mark_as_long_as_its_bytes_are_here(
    desk: Desk, time: OwnedTime, tmp_path: Path
) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7"

    files = Files(tmp_path / "files")
    kept = await files.save(content(), limit=100)
    fetched = memory_of(desk, files=files).fetched
    assert await fetched.find("AQAD") is None
    await fetched.keep("AQAD", kept.digest, kept.size)
    await fetched.keep("AQAD", kept.digest, kept.size)
    assert await memory_of(desk, files=files).fetched.find("AQAD") == (kept.digest, 8)
    assert await memory_of(desk).fetched.find("AQAD") is None, "a copy of the database without its files"
    time.at = later(time.at, MESSAGES_CHANGED_FOR + timedelta(hours=1))
    assert await desk.tidy() == 1


async def test_what_was_said_in_a_group_and_what_telegram_asked_for_is_known_in_the_next_life(desk: Desk) -> None:
    for _ in range(20):
        assert await memory_of(desk).paces.claim(-100777, count=1, most=20, within_s=61) == 0
    assert 55 < await memory_of(desk).paces.claim(-100777, count=1, most=20, within_s=61) <= 61
    await memory_of(desk).paces.hold(42, 7)
    await memory_of(desk).paces.hold(0, 3)
    held = await memory_of(desk).paces.held()
    assert held.keys() == {42, 0}
    assert 5 < held[42] <= 7


async def test_a_database_that_is_away_is_told_in_the_words_of_the_border(desk: Desk) -> None:
    memory = memory_of(desk)
    await desk.database.close()
    with pytest.raises(DeskAwayError):
        await memory.buttons.find("x" * 24)
    with pytest.raises(DeskAwayError):
        await memory.buttons.keep(VERA, [TAKE])
    with pytest.raises(DeskAwayError):
        await memory.parts.take("reply-1", {0: "42:7"})
