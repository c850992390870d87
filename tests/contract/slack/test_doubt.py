"""A Slack that takes its time, asks for patience, or cannot be read to the end: nothing is said twice meanwhile."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from adapters.errors import DeliveryError, TemporaryError, UncertainError
from adapters.slack.config import Config
from adapters.slack.found import standing
from adapters.slack.pacing import PacedWeb
from adapters.slack.places import Places
from adapters.slack.posts import Posts
from adapters.slack.uploads import Uploads
from adapters.slack.web import Web
from tests.contract.slack.desk import ACME, LONG, Desk, a_file, names_of_files
from tests.peers.slack_adapter import KeptFiles, adapter_for, wall
from tests.peers.slack_api import Fault


async def test_what_slack_does_after_we_stopped_waiting_is_not_said_again(desk: Desk) -> None:
    message = desk.words("We are on it.")
    desk.slack.api.fail("chat.postMessage", Fault(cut="before"))
    with pytest.raises(UncertainError):
        await desk.adapter.send(message)
    with pytest.raises(TemporaryError, match="may still be at it"):
        await desk.adapter.reconcile(message)

    late = adapter_for(desk.slack)  # what was asked is done in the end
    await late.send(message)
    await late.close()
    assert await desk.adapter.reconcile(message) is not None
    assert await desk.texts() == ["We are on it."]


async def test_what_slack_has_not_done_in_its_time_it_will_not_do(desk: Desk) -> None:
    message = desk.words("We are on it.")
    desk.slack.api.fail("chat.postMessage", Fault(cut="before"))
    with pytest.raises(UncertainError):
        await desk.adapter.send(message)
    desk.ahead = timedelta(minutes=1)
    assert await desk.adapter.reconcile(message) is None


async def test_a_send_we_gave_up_in_the_middle_may_still_be_done(desk: Desk) -> None:
    message = desk.words("We are on it.")
    asked = asyncio.Event()

    async def hang(*_: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    desk.slack.api.worked = hang
    sending = asyncio.create_task(desk.adapter.send(message))
    await asyncio.wait_for(asked.wait(), 60)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    desk.slack.api.worked = None
    (shown,) = await desk.shown()
    await desk.slack.api.inside("chat.delete", {"channel": ACME, "ts": shown["ts"]})  # it is not there yet
    with pytest.raises(TemporaryError, match="may still be at it"):
        await desk.adapter.reconcile(message)


async def test_a_part_that_slack_may_still_be_at_is_not_said_again(desk: Desk) -> None:
    message = desk.words(LONG)
    desk.slack.api.fail("chat.postMessage", Fault(), times=1)  # the first part passes
    desk.slack.api.fail("chat.postMessage", Fault(cut="before"), times=1)
    with pytest.raises(UncertainError, match="only a part of it arrived"):
        await desk.adapter.send(message)
    with pytest.raises(TemporaryError, match="may still be at it"):
        await desk.adapter.reconcile(message)
    assert len(await desk.shown()) == 1
    desk.ahead = timedelta(minutes=1)
    assert await desk.adapter.reconcile(message) is not None
    assert "\n".join(await desk.texts()) == LONG


async def test_patience_that_slack_asks_for_in_the_middle_of_a_message_is_passed_on(desk: Desk) -> None:
    message = desk.words(LONG)
    desk.slack.api.fail("chat.postMessage", Fault(), times=1)  # the first part passes
    desk.slack.api.fail("chat.postMessage", Fault(retry_after=30), times=1)
    with pytest.raises(UncertainError, match="only a part of it arrived") as failed:
        await desk.adapter.send(message)
    assert failed.value.retry_after == timedelta(seconds=30)


@dataclass
class SlowFiles(KeptFiles):
    """Files that come one by one, when a test says so."""

    may_come: asyncio.Event = field(default_factory=asyncio.Event)
    is_waited_for: asyncio.Event = field(default_factory=asyncio.Event)
    read_files: int = 0

    async def read(self, digest: str) -> bytes:
        self.read_files += 1
        if self.read_files > 1:
            self.is_waited_for.set()
            await self.may_come.wait()
        return await super().read(digest)


async def test_files_that_take_longer_than_a_send_go_on_meanwhile_and_are_brought_once(desk: Desk) -> None:
    message = desk.words("Here it is.", attachments=(a_file(desk), a_file(desk, "two.pdf")))
    files = SlowFiles(desk.files.content)
    web = Web(Config(desk.slack.bot_token, app_token=desk.slack.app_token, api_url=desk.slack.api_url))
    paced = PacedWeb(web)
    posts = Posts(paced, Places(paced), Uploads(paced, files, patience_s=0.05), wall, wall)
    for _ in range(2):
        with pytest.raises(TemporaryError, match="on their way"):
            await posts.send(message)
    assert await desk.shown() == []

    files.may_come.set()
    async with asyncio.timeout(60):
        while not await is_sent(posts, message):
            pass
    assert names_of_files(await desk.slack.shown(ACME)) == ["report.pdf", "two.pdf"]
    assert len(desk.slack.api.asked("files.getUploadURLExternal")) == files.read_files == 2
    await web.close()


async def is_sent(posts: Posts, message: Any) -> bool:  # noqa: ANN401
    try:
        await posts.send(message)
    except DeliveryError:
        return False
    return True


async def test_files_on_their_way_are_given_up_when_we_end(desk: Desk) -> None:
    message = desk.words("Here it is.", attachments=(a_file(desk), a_file(desk, "two.pdf")))
    web = Web(Config(desk.slack.bot_token, api_url=desk.slack.api_url))
    paced = PacedWeb(web)
    files = SlowFiles(desk.files.content)
    posts = Posts(paced, Places(paced), Uploads(paced, files), wall, wall)
    sending = asyncio.create_task(posts.send(message))
    await asyncio.wait_for(files.is_waited_for.wait(), 60)
    await web.close()
    with pytest.raises(TemporaryError):
        await sending


class EndlessWeb(PacedWeb):
    """A channel that is never read to its end, with nothing of ours in it."""

    def __init__(self) -> None:
        super().__init__(Web(Config("xoxb-1-desk")))

    async def call(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"messages": [{"ts": "1700000000.000001"}], "response_metadata": {"next_cursor": "more"}}


async def test_a_channel_that_is_not_read_to_its_end_says_nothing_for_certain() -> None:
    with pytest.raises(UncertainError, match="too much was said meanwhile"):
        await standing(EndlessWeb(), ACME, None, "reply-1", since=wall())
