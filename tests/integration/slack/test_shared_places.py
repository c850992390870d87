"""The leads' channel, a person's own page and what they ask, on Slack: the desk's rules hold there as in stories."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.slack.ids import message_id
from bot.desk.applying import apply_document
from bot.now import Timekeeper
from bot.store.driver.engine import open_database
from tests.builders import document
from tests.integration.slack.conftest import PATIENCE_S
from tests.integration.slack.desks import ACME, DESK, LENA, VERA, WholeDesk, people, prepared, working
from tests.peers.slack_adapter import seen
from tests.peers.slack_emulator import TEAM
from tests.peers.slack_front import SlackFront
from tests.peers.slack_payloads import Payload
from tests.templates import new_sqlite

DANA, ALERTS = "U0DANA", "C0ALERTS"
WITH_ALERTS = DESK.replace('slack = "T1/U5"', f'slack = "{TEAM}/{DANA}"').replace(
    'public_plan = "public"', f'public_plan = "public"\nalerts = {{ slack = "{TEAM}/{ALERTS}" }}'
)


@dataclass
class Stage:
    """A desk at work whose leads are alerted in a channel, and a ticket of Lena's that Vera has."""

    slack: SlackFront
    whole: WholeDesk
    dm: str

    async def ours(self, channel: str, containing: str) -> list[Payload]:
        """What of ours stands in a channel with these words and has its receipt: what is said below is understood."""
        known = {one for (one,) in await self.whole.rows("SELECT external_id FROM receipt")}
        shown = [one for one in await self.slack.shown(channel) if "bot_id" in one and containing in seen(one)]
        return [one for one in shown if message_id(channel, one["ts"]) in known]

    async def until(self, channel: str, containing: str) -> Payload:
        """Wait until it does."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := await self.ours(channel, containing)):  # noqa: ASYNC110 - Slack tells nobody
                await asyncio.sleep(0.02)
        return found[-1]

    async def until_so(self, sql: str, *rows: tuple[object, ...]) -> None:
        """Wait until the database says so."""
        async with asyncio.timeout(PATIENCE_S):
            while [tuple(row) for row in await self.whole.rows(sql)] != list(rows):  # noqa: ASYNC110 - nor does SQL
                await asyncio.sleep(0.02)


@pytest.fixture
async def stage(slack: SlackFront, tmp_path: Path) -> AsyncIterator[Stage]:
    url = new_sqlite(tmp_path / "maitred.db")
    await people(slack)
    await slack.person(DANA, "Dana Orlyk")
    await slack.channel(ALERTS, members=[DANA, VERA])
    await prepared(url)
    database = await open_database(url)
    await apply_document(database, document(WITH_ALERTS), at=Timekeeper().now(), by="test")
    await database.close()
    async with working(slack, url, tmp_path / "files") as whole:
        stage = Stage(slack, whole, await slack.dm(VERA))
        await slack.says(LENA, ACME, "Payroll failed")
        await stage.until(stage.dm, "Payroll failed")
        yield stage


async def escalated(stage: Stage) -> Payload:
    """Vera asks for help; the alert of that."""
    await stage.slack.press(VERA, stage.dm, "Escalate")
    async with asyncio.timeout(PATIENCE_S):
        while not stage.slack.api.opened_views:  # noqa: ASYNC110 - Slack tells nobody
            await asyncio.sleep(0.02)
    await stage.slack.submits(VERA, stage.slack.view_of(VERA), {"why": "The bank refuses"})
    return await stage.until(ALERTS, "asks for help. The bank refuses")


async def test_an_alert_calls_the_lead_in_their_channel_and_words_under_it_are_notes(stage: Stage) -> None:
    alert = await escalated(stage)
    assert f"<@{DANA}>" in alert["text"]
    await stage.slack.says(DANA, ALERTS, "they owe us money", thread=alert["ts"])
    await stage.until_so("SELECT author, text FROM note", ("dana", "they owe us money"))
    await stage.slack.says(DANA, ALERTS, "!reply We are on it", thread=alert["ts"])
    await stage.until(ACME, "We are on it")
    assert not await stage.ours(ACME, "owe")
    under = await stage.until(stage.dm, "Dana Orlyk")
    (card, *_) = await stage.ours(stage.dm, "T-1 · Acme")
    assert under["thread_ts"] == card["ts"]


async def test_what_the_client_says_and_what_is_changed_stands_where_it_belongs(stage: Stage) -> None:
    (card, *_) = await stage.ours(stage.dm, "T-1 · Acme")
    said = await stage.slack.says(VERA, stage.dm, "By 3 pm", thread=card["ts"])
    await stage.until(ACME, "By 3 pm")
    await stage.until_so("SELECT state FROM message WHERE kind = 'reply'", ("sent",))
    await stage.slack.edits(said, "By 4 pm")
    await stage.until(ACME, "By 4 pm")
    assert not await stage.ours(ACME, "By 3 pm")

    (receipt, *_) = await stage.ours(ACME, "we have it")
    await stage.slack.says(LENA, ACME, "Thank you, and the export?", thread=receipt["thread_ts"])
    async with asyncio.timeout(PATIENCE_S):
        threads: list[str | None] = []
        while card["ts"] not in threads:
            threads = [one.get("thread_ts") for one in await stage.ours(stage.dm, "and the export?")]


async def test_a_page_of_ones_own_and_questions_are_answered(stage: Stage) -> None:
    await stage.slack.opens_home(VERA)
    async with asyncio.timeout(PATIENCE_S):
        while VERA not in stage.slack.api.homes:  # noqa: ASYNC110 - Slack tells nobody
            await asyncio.sleep(0.02)
    assert "Payroll failed" in str(stage.slack.api.homes[VERA])
    asked = await (await stage.slack.command(VERA, stage.dm, "queue")).settled()
    assert "T-1 · Acme: Payroll failed" in str(asked.response)
    refused = await (await stage.slack.command(LENA, ACME, "ticket T-1")).settled()
    assert "Payroll failed" not in str(refused.response)


async def test_a_message_of_a_clients_becomes_a_ticket_of_its_own(stage: Stage) -> None:
    (receipt, *_) = await stage.ours(ACME, "we have it")
    said = await stage.slack.says(LENA, ACME, "By the way, the export hangs", thread=receipt["thread_ts"])
    await stage.until_so(
        "SELECT text FROM message WHERE direction = 'in' ORDER BY id",
        ("Payroll failed",),
        ("By the way, the export hangs",),
    )
    await stage.slack.shortcut(VERA, said)
    await stage.until_so(
        "SELECT subject FROM ticket ORDER BY id", ("Payroll failed",), ("By the way, the export hangs",)
    )
