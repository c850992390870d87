"""The board of a story's desk, served on loopback, and people who look at it with nothing but HTTP."""

import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from aiohttp import ClientSession, CookieJar

from adapters.message import Channel
from bot.app.simulation.stepping import OwnedTime
from bot.desk.applying import apply_document
from bot.store.driver.engine import open_database
from bot.store.driver.migrate import upgrade
from bot.store.files import Files
from bot.store.people import tokens
from bot.web.desk import Site
from bot.web.server import application, listening
from bot.web.session import BOARD_LINK
from sla.duration import instant, later
from tests.builders import STORY_DESK, document
from tests.harness import ALL_CHANNELS, NOON, Story, new_desk
from tests.story_parts import StoryChannel, StoryDatabase
from tests.templates import new_sqlite


@dataclass
class Answered:
    """What came back: the status, the page, and where one was sent on to."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def says(self) -> str:
        """What a person reads: tags gone, signs back, one space between words."""
        seen = re.sub(r"<[^>]*>", " ", self.text)
        return " ".join(html.unescape(seen).split())

    @property
    def key(self) -> str:
        """The page's key, which makes its next press count once."""
        found = re.search(r'name="key" value="([^"]+)"', self.text)
        assert found, "the page has no form"
        return found[1]


@dataclass
class Visit:
    """One browser without a script: a cookie jar and the origin it says it comes from."""

    address: str
    http: ClientSession
    origin: str | None = None

    async def see(self, path: str, **headers: str) -> Answered:
        async with self.http.get(self.address + path, headers=headers, allow_redirects=False) as answer:
            return Answered(answer.status, await answer.text(), answer.headers)

    async def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answered:
        sent = ({"Origin": self.origin} if self.origin else {}) | headers
        async with self.http.post(
            self.address + path, data=dict(fields or {}), headers=sent, allow_redirects=False
        ) as answer:
            return Answered(answer.status, await answer.text(), answer.headers)

    async def press(self, ticket: str, action: str, **fields: str) -> Answered:
        """Open the ticket's page and send one of its forms."""
        page = await self.see(f"/board/{ticket}")
        return await self.post(f"/board/{ticket}/{action}", {"key": page.key, **fields})


@dataclass
class ServedBoard:
    """A story with its board. `signed_in` is another person at another browser."""

    story: Story
    address: str
    files: Files
    _stack: AsyncExitStack = field(repr=False)

    async def link(self, person: str, *, uses: int = 1) -> str:
        """A one-time link, as `maitred board-link` makes it."""
        now = self.story.time.at
        token = await self.story.desk.database.write(
            lambda conn: tokens.make_link(
                conn,
                purpose=BOARD_LINK,
                subject=person,
                now=now,
                expires_at=later(now, timedelta(minutes=15)),
                uses=uses,
            )
        )
        return f"/board/enter/{token}"

    async def stranger(self) -> Visit:
        http = await self._stack.enter_async_context(ClientSession(cookie_jar=CookieJar(unsafe=True)))
        return Visit(self.address, http, self.address)

    async def signed_in(self, person: str) -> Visit:
        visit = await self.stranger()
        answer = await visit.post(await self.link(person))
        assert answer.status == 303, answer.says
        return visit


@asynccontextmanager
async def board_of_story(
    folder: Path, *, desk: str = STORY_DESK, site: Site | None = None, url: str | None = None
) -> AsyncIterator[ServedBoard]:
    """A story at noon on a Tuesday, on SQLite unless `url` names a database, with its board on a free port."""
    async with AsyncExitStack() as stack:
        database = StoryDatabase(await open_database(url or new_sqlite(folder / "board.db")))
        stack.push_async_callback(database.close)
        await upgrade(database)
        time = OwnedTime(instant(NOON))
        await apply_document(database, document(desk), at=time.at, by="story")
        channels = {channel: StoryChannel(channel, now=time.moment) for channel in ALL_CHANNELS}
        page = site.public_url if site is not None else ""
        story = Story(new_desk(database, channels, time, page=page), time, database, channels)
        await story.desk.prepare(is_alone=True)
        stack.push_async_callback(story.ends)
        files = Files(folder / "files")
        app = application(
            story.desk,
            site or Site(),
            adapters=[channels[Channel.TELEGRAM], channels[Channel.INAPP]],
            files=files,
        )
        address = await stack.enter_async_context(listening(app, "127.0.0.1", 0))
        yield ServedBoard(story, address, files, stack)
