"""The bot as it is run, in a process of its own, with this Slack as its channel."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.slack.desks import DESK, LENA, VERA, people
from tests.peers.forked import run_command
from tests.peers.running import Running, running
from tests.peers.slack_front import SlackFront

ROOT = Path(__file__).parents[3]
STARTS_WITHIN_S = 60


@pytest.fixture
def environment(slack: SlackFront, tmp_path: Path) -> dict[str, str]:
    """Settings for the desk of these tests, which lies in the directory the bot works in."""
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "desk.toml").write_text(DESK)
    return {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "MAITRED_HTTP": "127.0.0.1:0",
        "MAITRED_LOG": "json",
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
    }


@asynccontextmanager
async def bot_of(folder: Path, environment: dict[str, str], *, is_begun: bool = False) -> AsyncIterator[Running]:
    """The bot, until the test is over."""
    bot = await running(["run"], directory=folder, environment=environment, is_begun=is_begun)
    try:
        yield bot
    finally:
        if bot.is_alive:
            bot.sends(signal.SIGKILL)
        await bot.ends(within=STARTS_WITHIN_S)
        # What nobody read goes with its pipe, and the pipe with the process.
        await asyncio.gather(bot.stdout.read(), bot.stderr.read())


async def said(folder: Path, environment: dict[str, str], *words: str) -> tuple[int, str, str]:
    """A command run to its end: its code, what it printed, what it complained of."""
    done = await asyncio.to_thread(run_command, words, directory=folder, environment=environment)
    return done.returncode, done.stdout, done.stderr


async def until_logged(process: Running, event: str) -> dict[str, Any]:
    async with asyncio.timeout(STARTS_WITHIN_S):
        while line := await process.stderr.readline():
            found: dict[str, Any] = json.loads(line) if line.startswith(b"{") else {}
            if found.get("event") == event:
                return found
    raise AssertionError(f"it ended without {event!r}")


async def test_a_message_in_a_clients_channel_is_a_card_in_front_of_their_manager(
    slack: SlackFront, environment: dict[str, str], tmp_path: Path
) -> None:
    acme = await people(slack)
    async with bot_of(tmp_path, environment, is_begun=True) as process:
        await until_logged(process, "ready")
        await slack.line.connected(2)
        told = await slack.says(LENA, acme, "Payroll failed")
        await slack.line.insists(told.told)
        dm = await slack.dm(VERA)
        shown: list[dict[str, Any]] = []
        async with asyncio.timeout(60):
            while not shown:
                shown = await slack.shown(dm)
        assert "Payroll failed" in json.dumps(shown[0])

        process.sends(signal.SIGTERM)
        assert await process.ends(within=STARTS_WITHIN_S) == 0
    await slack.line.disconnected()


async def test_what_is_done_from_a_terminal_shows_on_the_card_and_under_it(
    slack: SlackFront, environment: dict[str, str], tmp_path: Path
) -> None:
    acme = await people(slack)
    async with bot_of(tmp_path, environment) as process:
        await until_logged(process, "ready")
        await slack.line.connected(2)
        told = await slack.says(LENA, acme, "Payroll failed")
        await slack.line.insists(told.told)
        dm = await slack.dm(VERA)
        async with asyncio.timeout(60):
            while not await slack.shown(dm):
                pass
        code, _, complaint = await said(tmp_path, environment, "ticket", "T-1", "reply", "We mend it.", "--as", "vera")
        assert code == 0, complaint
        async with asyncio.timeout(60):
            while not (under := [one for one in await slack.shown(dm) if one.get("thread_ts", one["ts"]) != one["ts"]]):
                pass
            while not slack.api.asked("chat.update"):  # noqa: ASYNC110 - Slack tells nobody about it
                await asyncio.sleep(0.005)
        (card,) = [one for one in await slack.shown(dm) if one not in under]
        assert [one["thread_ts"] for one in under] == [card["ts"]]
        assert "We mend it." in json.dumps(under[0])

        process.sends(signal.SIGTERM)
        assert await process.ends(within=STARTS_WITHIN_S) == 0
    await slack.line.disconnected()


async def test_check_live_says_what_slack_thinks(
    slack: SlackFront, environment: dict[str, str], tmp_path: Path
) -> None:
    code, _, complaint = await said(tmp_path, environment, "check", "--live")
    assert code == 2
    assert "clients.acme.channels: the app is not in C0ACME" in complaint

    await people(slack)
    code, _, complaint = await said(tmp_path, environment, "check", "--live")
    assert (code, "SLACK" in complaint) == (0, False), complaint

    slack.api.is_revoked = True
    code, _, complaint = await said(tmp_path, environment, "check", "--live")
    assert code == 2
    assert "SLACK_BOT_TOKEN: Slack does not know this token (token_revoked)" in complaint
    assert "Traceback" not in complaint


async def test_the_manifest_over_http_names_the_address_of_the_settings(
    environment: dict[str, str], tmp_path: Path
) -> None:
    environment["MAITRED_PUBLIC_URL"] = "https://desk.test"
    code, out, _ = await said(tmp_path, environment, "manifest", "slack", "--http")
    assert code == 0
    assert yaml.safe_load(out)["settings"]["interactivity"]["request_url"] == "https://desk.test/slack/interactions"
