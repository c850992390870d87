"""The Slack of the tests, judged by an app of Slack's own framework: what is said, pressed and asked comes through.

Maitred is no such app, see docs/decisions/021: here Bolt is a second pair of eyes on the peer that ours is tested with.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, SectionBlock
from slack_sdk.web.async_client import AsyncWebClient

from tests.peers.slack_front import SlackFront

Heard = asyncio.Queue[tuple[str, str]]


@pytest.fixture
def heard() -> Heard:
    return asyncio.Queue()


@pytest.fixture
async def app(slack: SlackFront, heard: Heard) -> AsyncIterator[AsyncApp]:
    client = AsyncWebClient(slack.bot_token, base_url=f"{slack.api_url}/", retry_handlers=[])
    app = AsyncApp(client=client, ignoring_self_events_enabled=True)

    @app.event("message")
    async def said(event: dict[str, Any]) -> None:
        heard.put_nowait(("said", event["text"]))

    @app.action("ticket.take")
    async def pressed(ack: AsyncAck, action: dict[str, Any]) -> None:
        await ack()
        heard.put_nowait(("pressed", action["value"]))

    @app.command("/desk")
    async def asked(ack: AsyncAck, command: dict[str, Any]) -> None:
        await ack("Here you are.")
        heard.put_nowait(("asked", command["text"]))

    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    yield app
    await handler.close_async()  # type: ignore[no-untyped-call]


async def test_an_app_of_bolts_hears_what_people_write_press_and_ask(
    slack: SlackFront, app: AsyncApp, heard: Heard
) -> None:
    vera = await slack.person("U0VERA", "Vera")
    desk = await slack.channel("C0DESK", members=[vera])
    async with asyncio.timeout(60):
        said = await slack.says(vera, desk, "Payroll failed")
        await said.told.settled()
        assert await heard.get() == ("said", "Payroll failed")

        blocks = [
            SectionBlock(text="T-1 Acme"),
            ActionsBlock(elements=[ButtonElement(text="Take it", action_id="ticket.take", value="T-1")]),
        ]
        await app.client.chat_postMessage(channel=desk, text="T-1 Acme", blocks=blocks)
        await (await slack.press(vera, desk, "Take it")).settled()
        assert await heard.get() == ("pressed", "T-1")

        answered = await (await slack.command(vera, desk, "queue")).settled()
        assert await heard.get() == ("asked", "queue")
        assert answered.is_acknowledged
