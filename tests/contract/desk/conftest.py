"""The desk whose only channel is mail."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.desk.applying import apply_document
from bot.store.driver.engine import open_database
from bot.store.files import Files
from sla.duration import instant
from tests.builders import document, story_desk
from tests.contract.desk.mail_home import Home
from tests.harness import NOON
from tests.templates import new_sqlite

#: One of our people has a mail address, and so has a second contact.
VERA = (
    'identities = { slack = "T1/U1", telegram = 2001 }',
    'identities = { slack = "T1/U1", email = "vera@desk.test" }',
)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    database = await open_database(new_sqlite(tmp_path / "maitred.db"))
    await apply_document(database, document(story_desk(VERA)), at=instant(NOON), by="test")
    home = Home(database, Files(tmp_path / "files"))
    await home.desk.prepare(is_alone=True)
    yield home
    await home.desk.drain()
    await database.close()
