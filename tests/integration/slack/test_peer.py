"""The Slack of the tests, judged by Slack's own library, which takes it for Slack."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, SectionBlock
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from tests.peers.slack_api import Fault
from tests.peers.slack_front import SlackFront

CARD = [
    SectionBlock(text="T-1 Acme"),
    ActionsBlock(elements=[ButtonElement(text="Take it", action_id="ticket.take", value="T-1")]),
]
MORNING = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@pytest.fixture
def web_client(slack: SlackFront) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=f"{slack.api_url}/", retry_handlers=[])


@pytest.fixture
async def socket(slack: SlackFront, web_client: AsyncWebClient) -> AsyncIterator[SocketModeClient]:
    """Slack's own client of Socket Mode; what it hears is acknowledged, presses with a word."""
    client = SocketModeClient(slack.app_token, web_client=web_client, auto_reconnect_enabled=False)

    async def acknowledge(it: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        payload = {"text": "Taken."} if request.accepts_response_payload else None
        await it.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))

    client.socket_mode_request_listeners.append(acknowledge)
    await client.connect()  # type: ignore[no-untyped-call]
    yield client
    await client.close()  # type: ignore[no-untyped-call]


async def test_a_token_is_checked_and_its_scopes_are_told(slack: SlackFront, web_client: AsyncWebClient) -> None:
    me = await web_client.auth_test()
    assert (me["team_id"], me["user_id"]) == (slack.team, slack.bot_user)
    assert "chat:write" in me.headers["x-oauth-scopes"]

    with pytest.raises(SlackApiError, match="invalid_auth"):
        await web_client.auth_test(token="xoxb-somebody-else")
    slack.api.is_revoked = True
    with pytest.raises(SlackApiError, match="token_revoked"):
        await web_client.auth_test()


async def test_a_scope_that_was_not_granted_is_missed(web_client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError, match="missing_scope"):
        await web_client.users_lookupByEmail(email="vera@desk.test")


async def test_people_write_and_the_app_hears_it_on_a_socket(slack: SlackFront, socket: SocketModeClient) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])

    said = await slack.says(lena, acme, "1 < 2 & more")
    delivery = await said.told.settled()

    event = delivery.payload["event"]
    assert (event["type"], event["channel"], event["user"]) == ("message", "C0ACME", "U0LENA")
    assert event["text"] == "1 &lt; 2 &amp; more"
    assert event["user_team"] == "T0ACME"
    assert delivery.attempts == 1


async def test_a_press_brings_what_was_answered(
    slack: SlackFront, socket: SocketModeClient, web_client: AsyncWebClient
) -> None:
    vera = await slack.person("U0VERA", "Vera")
    dm = (await web_client.conversations_open(users=[vera]))["channel"]["id"]
    await web_client.chat_postMessage(channel=dm, text="T-1", blocks=CARD)

    delivery = await (await slack.press(vera, dm, "Take it")).settled()

    assert delivery.payload["actions"][0]["value"] == "T-1"
    assert delivery.response == {"text": "Taken."}


async def test_a_trigger_opens_one_form_and_the_form_comes_back(
    slack: SlackFront, socket: SocketModeClient, web_client: AsyncWebClient
) -> None:
    vera = await slack.person("U0VERA", "Vera")
    command = await (await slack.command(vera, await slack.dm(vera), "queue")).settled()
    view = {
        "type": "modal",
        "callback_id": "eta.submit",
        "title": {"type": "plain_text", "text": "ETA"},
        "submit": {"type": "plain_text", "text": "Tell"},
        "blocks": [
            {
                "type": "input",
                "block_id": "eta",
                "label": {"type": "plain_text", "text": "By"},
                "element": {"type": "plain_text_input", "action_id": "eta"},
            }
        ],
    }
    trigger = command.payload["trigger_id"]
    await web_client.views_open(trigger_id=trigger, view=view)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await web_client.views_open(trigger_id=trigger, view=view)

    sent = await (await slack.submits(vera, slack.view_of(vera), {"eta": "17:00"})).settled()

    assert sent.payload["view"]["callback_id"] == "eta.submit"
    assert sent.payload["view"]["state"]["values"]["eta"]["eta"]["value"] == "17:00"


async def test_history_is_read_between_two_moments_and_threads_apart(
    slack: SlackFront, web_client: AsyncWebClient
) -> None:
    lena = await slack.person("U0LENA", "Lena")
    acme = await slack.channel("C0ACME", members=[lena])
    said = [
        await slack.says(lena, acme, text, at=MORNING.replace(minute=minute))
        for minute, text in ((1, "one"), (5, "two"), (9, "three"))
    ]
    await slack.says(lena, acme, "of two", thread=said[1].ts, at=MORNING.replace(minute=20))

    found = await web_client.conversations_history(channel=acme, oldest=said[0].ts, limit=1)
    assert [message["text"] for message in found["messages"]] == ["three"]
    cursor = found["response_metadata"]["next_cursor"]
    found = await web_client.conversations_history(channel=acme, oldest=said[0].ts, limit=1, cursor=cursor)
    (two,) = found["messages"]
    assert (two["text"], two["ts"], found["has_more"]) == ("two", said[1].ts, False)
    assert two["latest_reply"] == f"{int(MORNING.replace(minute=20).timestamp())}.000004"

    thread = await web_client.conversations_replies(channel=acme, ts=two["ts"])
    assert [message["text"] for message in thread["messages"]] == ["two", "of two"]


async def test_metadata_is_shown_to_who_asks_for_it(slack: SlackFront, web_client: AsyncWebClient) -> None:
    acme = await slack.channel("C0ACME")
    metadata = {"event_type": "maitred_outbox", "event_payload": {"key": "reply-1"}}
    await web_client.chat_postMessage(channel=acme, text="We are on it.", metadata=metadata)

    (hidden,) = (await web_client.conversations_history(channel=acme))["messages"]
    (shown,) = (await web_client.conversations_history(channel=acme, include_all_metadata=True))["messages"]

    assert "metadata" not in hidden
    assert shown["metadata"]["event_payload"] == {"key": "reply-1"}
    assert shown["bot_id"]


async def test_files_go_up_and_come_down_with_a_token_alone(slack: SlackFront, web_client: AsyncWebClient) -> None:
    lena = await slack.person("U0LENA", "Lena")
    acme = await slack.channel("C0ACME", members=[lena])
    await web_client.files_upload_v2(channel=acme, content=b"ours", filename="report.txt")
    said = await slack.shares(lena, acme, "log.txt", b"theirs", text="See the log")

    assert said.message["subtype"] == "file_share"
    (file,) = said.message["files"]
    async with aiohttp.ClientSession() as http:
        async with http.get(file["url_private"], headers={"Authorization": f"Bearer {slack.bot_token}"}) as answer:
            assert await answer.read() == b"theirs"
        async with http.get(file["url_private"], headers={"Authorization": "Bearer no"}, allow_redirects=False) as no:
            assert no.status == 302


async def test_calls_fail_on_demand(slack: SlackFront, web_client: AsyncWebClient) -> None:
    acme = await slack.channel("C0ACME")
    slack.api.fail("chat.postMessage", Fault(retry_after=7))
    slack.api.fail("chat.postMessage", Fault(status=503))
    slack.api.fail("chat.postMessage", Fault(cut="before"))
    slack.api.fail("chat.postMessage", Fault(cut="after"))

    with pytest.raises(SlackApiError, match="ratelimited") as hasty:
        await web_client.chat_postMessage(channel=acme, text="one")
    assert hasty.value.response.headers["Retry-After"] == "7"
    with pytest.raises((SlackApiError, aiohttp.ClientError, json.JSONDecodeError)):
        await web_client.chat_postMessage(channel=acme, text="two")
    for text in ("three", "four"):
        with pytest.raises(aiohttp.ClientError):
            await web_client.chat_postMessage(channel=acme, text=text)

    assert [message["text"] for message in await slack.shown(acme)] == ["four"]


async def test_what_slack_would_refuse_is_refused(slack: SlackFront, web_client: AsyncWebClient) -> None:
    acme = await slack.channel("C0ACME")
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await web_client.chat_postMessage(channel=acme, text="x" * 40_001)
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        await web_client.chat_postMessage(channel=acme, text="x", blocks=[{"type": "divider"}] * 51)
    await slack.removes_app(acme)
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await web_client.chat_postMessage(channel=acme, text="x")


async def test_an_archived_channel_takes_nothing(slack: SlackFront, web_client: AsyncWebClient) -> None:
    acme = await slack.channel("C0ACME")
    await slack.archives(acme)
    with pytest.raises(SlackApiError, match="is_archived"):
        await web_client.chat_postMessage(channel=acme, text="x")


async def test_what_nobody_acknowledged_comes_again_on_another_socket(
    slack: SlackFront, web_client: AsyncWebClient
) -> None:
    heard: list[SocketModeRequest] = []
    come = asyncio.Event()

    async def hear(_it: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request)
        come.set()

    client = SocketModeClient(slack.app_token, web_client=web_client, auto_reconnect_enabled=False)
    client.socket_mode_request_listeners.append(hear)
    await client.connect()  # type: ignore[no-untyped-call]
    try:
        delivery = await slack.tells({"type": "app_uninstalled"})
        async with asyncio.timeout(60):
            await come.wait()
        come.clear()
        await slack.line.redelivers(delivery)
        async with asyncio.timeout(60):
            await come.wait()
    finally:
        await client.close()  # type: ignore[no-untyped-call]
    first, second = heard
    assert not delivery.is_acknowledged
    assert first.envelope_id != second.envelope_id
    assert first.payload["event_id"] == second.payload["event_id"]
    assert (first.retry_attempt, second.retry_attempt) == (0, 1)


async def test_requests_are_signed_as_slack_signs_them(slack: SlackFront) -> None:
    verifier = SignatureVerifier(slack.signing_secret)
    came: list[tuple[bool, str]] = []

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        came.append(
            (verifier.is_valid_request(body, dict(request.headers)), request.headers.get("X-Slack-Retry-Num", ""))
        )
        return web.Response(status=503 if len(came) == 1 else 200)

    app = web.Application()
    app.router.add_post("/slack/events", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        slack.line.point_at(f"http://127.0.0.1:{runner.addresses[0][1]}")
        delivery = await slack.tells({"type": "app_uninstalled"})
        assert not delivery.acknowledged.is_set()
        await slack.line.redelivers(delivery)
        await delivery.settled()
    finally:
        await runner.cleanup()
    assert came == [(True, ""), (True, "1")]
    assert delivery.statuses == [503, 200]


async def test_of_a_file_from_another_workspace_the_app_is_told_the_rest_when_it_asks(
    slack: SlackFront, web_client: AsyncWebClient
) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    said = await slack.shares(lena, acme, "payroll.csv", b"name;amount\n", text="the report")
    (file,) = said.told.payload["event"]["files"]
    assert (file["file_access"], set(file)) == (
        "check_file_info",
        {"id", "mode", "file_access", "created", "timestamp", "user"},
    )
    history = await web_client.conversations_history(channel=acme)
    assert [one["files"] for one in history["messages"]] == [[file]]

    shown = (await web_client.files_info(file=file["id"]))["file"]
    assert (shown["id"], shown["name"], shown["size"], shown["file_access"]) == (
        file["id"],
        "payroll.csv",
        12,
        "visible",
    )
    assert shown["url_private_download"].startswith(slack.address)
    with pytest.raises(SlackApiError, match="file_not_found"):
        await web_client.files_info(file="F0NOWHERE")
