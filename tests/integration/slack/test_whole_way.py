"""The whole way through Slack and back: a client's channel, the manager's card, and what each of them sees."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.slack.ids import message_id
from tests.integration.slack.conftest import PATIENCE_S
from tests.integration.slack.desks import ACME, LENA, VERA, WholeDesk, people, prepared, working
from tests.peers.slack_adapter import seen
from tests.peers.slack_api import Fault
from tests.peers.slack_front import Said, SlackFront
from tests.peers.slack_payloads import Payload
from tests.templates import new_sqlite

REPORT = b"name;amount\n" * 5_000


@dataclass
class Stage:
    """A desk at work, and what stands where."""

    slack: SlackFront
    whole: WholeDesk

    async def written(self, text: str = "Payroll failed", **more: object) -> Said:
        """Lena writes in her channel, and the card is in front of Vera."""
        said = await self.slack.says(LENA, ACME, text)
        await self.until(self.cards)
        return said

    async def cards(self) -> list[Payload]:
        """The cards in Vera's direct messages whose receipts the desk has: what is said below is understood."""
        dm = await self.slack.dm(VERA)
        known = {one for (one,) in await self.whole.rows("SELECT external_id FROM receipt")}
        shown = [one for one in await self.slack.shown(dm) if "bot_id" in one and message_id(dm, one["ts"]) in known]
        return [one for one in shown if not one.get("thread_ts")] or [
            one for one in shown if one.get("thread_ts") == one["ts"]
        ]

    async def to_lena(self) -> list[str]:
        """What Lena sees of ours."""
        return [seen(one) for one in await self.slack.shown(ACME) if "bot_id" in one]

    async def signs(self, said: Said) -> list[str]:
        """The signs under a message of Vera's."""
        shown = await self.slack.shown(said.channel)
        return [sign["name"] for one in shown if one["ts"] == said.ts for sign in one.get("reactions", [])]

    async def until(self, look: Callable[[], Awaitable[object]]) -> None:
        """Wait until there is something to see."""
        async with asyncio.timeout(PATIENCE_S):
            while not await look():  # noqa: ASYNC110 - Slack tells nobody what it shows
                await asyncio.sleep(0.02)

    async def until_says(self, words: str) -> None:
        async def says() -> bool:
            return any(words in text for text in await self.to_lena())

        await self.until(says)


@pytest.fixture
async def stage(slack: SlackFront, tmp_path: Path) -> AsyncIterator[Stage]:
    url = new_sqlite(tmp_path / "maitred.db")
    await people(slack)
    await prepared(url)
    async with working(slack, url, tmp_path / "files") as whole:
        yield Stage(slack, whole)


async def test_an_answer_in_the_thread_of_the_card_reaches_the_client_and_is_marked(stage: Stage) -> None:
    asked = await stage.written()
    (card,) = await stage.cards()
    assert "Payroll failed" in seen(card)
    answer = await stage.slack.says(VERA, await stage.slack.dm(VERA), "We are on it.", thread=card["ts"])
    await stage.until_says("We are on it.")

    async def is_ticked() -> bool:
        return await stage.signs(answer) == ["white_check_mark"]

    await stage.until(is_ticked)
    threads = {one.get("thread_ts") for one in await stage.slack.shown(ACME) if "bot_id" in one}
    assert threads == {asked.ts}


async def test_a_note_in_the_thread_of_the_card_stays_inside(stage: Stage) -> None:
    await stage.written()
    (card,) = await stage.cards()
    dm = await stage.slack.dm(VERA)
    await stage.slack.says(VERA, dm, "// they owe us money", thread=card["ts"])
    await stage.slack.says(VERA, dm, "We are on it.", thread=card["ts"])
    await stage.until_says("We are on it.")
    assert not any("owe" in text for text in await stage.to_lena())


async def test_files_go_both_ways(stage: Stage, tmp_path: Path) -> None:
    await stage.slack.shares(LENA, ACME, "payroll.csv", REPORT, text="Payroll failed")
    await stage.until(stage.cards)
    ((digest, size, note),) = await stage.whole.rows("SELECT digest, size, note FROM attachment")
    assert (size, note) == (len(REPORT), "")
    assert (tmp_path / "files" / digest[:2] / digest).read_bytes() == REPORT

    (card,) = await stage.cards()
    dm = await stage.slack.dm(VERA)
    await stage.slack.shares(VERA, dm, "mended.csv", REPORT[:600], text="Read this.", thread=card["ts"])
    await stage.until_says("Read this.")

    async def has_file() -> bool:
        files = [file for one in await stage.slack.shown(ACME) for file in one.get("files", [])]
        return [(file["name"], file["size"]) for file in files] == [("payroll.csv", len(REPORT)), ("mended.csv", 600)]

    await stage.until(has_file)


async def test_a_clients_file_is_asked_about_again_after_a_life_that_ended_in_between(
    slack: SlackFront, tmp_path: Path
) -> None:
    url, folder = new_sqlite(tmp_path / "maitred.db"), tmp_path / "files"
    await people(slack)
    await prepared(url)
    slack.api.fail("files.info", Fault(status=503))
    async with working(slack, url, folder) as whole:
        stage = Stage(slack, whole)
        await slack.shares(LENA, ACME, "payroll.csv", REPORT, text="Payroll failed")

        async def is_asked() -> bool:
            return bool(slack.api.asked("files.info"))

        await stage.until(is_asked)
        assert await whole.rows("SELECT id FROM ticket") == []
    async with working(slack, url, folder) as whole:
        stage = Stage(slack, whole)
        await stage.until(stage.cards)
        assert await whole.rows("SELECT text FROM message WHERE direction = 'in'") == [("Payroll failed",)]
        ((name, digest, size, note),) = await whole.rows("SELECT name, digest, size, note FROM attachment")
        assert (name, size, note) == ("payroll.csv", len(REPORT), "")
        assert (folder / digest[:2] / digest).read_bytes() == REPORT
    assert [call.is_ok for call in slack.api.asked("files.info")][:2] == [False, True]


async def test_an_eta_given_in_a_form_is_promised_to_the_client(stage: Stage) -> None:
    await stage.written()
    await stage.slack.press(VERA, await stage.slack.dm(VERA), "Give ETA")

    async def is_open() -> bool:
        return bool(stage.slack.api.opened_views)

    await stage.until(is_open)
    by = datetime.now(UTC) + timedelta(hours=5)  # noqa: TID251 - the desk of this test lives in the world's time
    await stage.slack.submits(VERA, stage.slack.view_of(VERA), {"eta": str(int(by.timestamp())), "text": "Node two."})
    await stage.until_says("Node two.")

    async def is_promised() -> bool:
        clocks = await stage.whole.rows("SELECT due_at FROM clock WHERE metric = 'eta'")
        return [due_at // 1000 for (due_at,) in clocks] == [int(by.timestamp())]

    await stage.until(is_promised)


async def test_an_answer_whose_connection_broke_is_read_once(stage: Stage) -> None:
    await stage.written()
    (card,) = await stage.cards()
    await stage.until(stage.to_lena)  # the receipt is not what this is about
    stage.slack.api.fail("chat.postMessage", Fault(cut="after"), channel=ACME)
    answer = await stage.slack.says(VERA, await stage.slack.dm(VERA), "We are on it.", thread=card["ts"])

    async def is_ticked() -> bool:
        return await stage.signs(answer) == ["white_check_mark"]

    await stage.until(is_ticked)
    assert [text for text in await stage.to_lena() if "We are on it." in text] == ["We are on it."]


async def test_a_client_in_the_channel_cannot_press_our_buttons(stage: Stage) -> None:
    await stage.written()
    await stage.slack.press(LENA, await stage.slack.dm(VERA), "Take")

    async def is_refused() -> bool:
        return any(one["user"] == LENA for one in stage.slack.api.ephemerals)

    await stage.until(is_refused)
    assert await stage.whole.rows("SELECT actor FROM audit WHERE action LIKE '%refused%'")
