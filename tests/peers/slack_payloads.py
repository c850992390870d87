"""What Slack sends an app, in Slack's own shapes: events, presses, forms, commands, shortcuts, and their signatures.

Made after Slack's documentation, with every field that a careful reader may rely on. `slack_sdk` judges them in
tests/integration/slack/test_peer.py.
"""

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from tests.peers.slack_emulator import APP, BOT, BOT_USER, TEAM

Payload = dict[str, Any]
VERIFICATION_TOKEN = "not-used-by-anybody"


def event_payload(event: Mapping[str, Any], *, event_id: str | None = None, at: float | None = None) -> Payload:
    """The outer part of an event, which names it: the id is the same on every redelivery."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": dict(event),
        "type": "event_callback",
        "event_id": event_id or f"Ev{uuid.uuid4().hex[:10].upper()}",
        "event_time": int(at or time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{uuid.uuid4().hex}",
    }


def message_event(message: Mapping[str, Any], channel: str) -> Payload:
    """A message as the event that tells of it."""
    return {
        **message,
        "type": "message",
        "channel": channel,
        "event_ts": message["ts"],
        "channel_type": channel_type(channel),
    }


def channel_type(channel: str) -> str:
    return {"D": "im", "G": "group"}.get(channel[0], "channel")


def rich_text(text: str) -> list[Payload]:
    """The block that Slack's own client makes of what a person types."""
    said = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return [{"type": "rich_text", "block_id": uuid.uuid4().hex[:5], "elements": [said]}]


def withheld_file(name: str) -> Payload:
    """A file in a channel shared with its workspace, as events and history tell of it: `files.info` says the rest."""
    return {
        "id": name,
        "mode": "file_access",
        "file_access": "check_file_info",
        "created": 0,
        "timestamp": 0,
        "user": "",
    }


def press_payload(
    *,
    user: str,
    team: str,
    channel: str,
    message: Mapping[str, Any],
    element: Mapping[str, Any],
    block_id: str,
    trigger: str,
    response_url: str,
) -> Payload:
    """A button under a message (or a line of an overflow menu) was pressed."""
    action: Payload = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block_id,
        "action_ts": f"{time.time():.6f}",
    }
    for name in ("text", "value", "style", "selected_option"):
        if name in element:
            action[name] = element[name]
    return {
        "type": "block_actions",
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": team},
        "api_app_id": APP,
        "token": VERIFICATION_TOKEN,
        "container": {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel,
            "is_ephemeral": False,
        },
        "trigger_id": trigger,
        "team": {"id": TEAM, "domain": "desk"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": channel, "name": "directmessage" if channel.startswith("D") else "desk"},
        "message": dict(message),
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    }


def home_press_payload(
    *, user: str, team: str, view: Mapping[str, Any], element: Mapping[str, Any], block_id: str, trigger: str
) -> Payload:
    """A button on a person's own page was pressed: there is a view and no channel."""
    payload = press_payload(
        user=user,
        team=team,
        channel="D",
        message={"ts": "0"},
        element=element,
        block_id=block_id,
        trigger=trigger,
        response_url="",
    )
    for name in ("channel", "message", "response_url"):
        del payload[name]
    return {**payload, "container": {"type": "view", "view_id": view["id"]}, "view": dict(view)}


def submission_payload(
    *, user: str, team: str, view: Mapping[str, Any], values: Mapping[str, Any], trigger: str
) -> Payload:
    """A form was sent off; `values` is the state as Slack nests it: block id, action id, element."""
    return {
        "type": "view_submission",
        "team": {"id": TEAM, "domain": "desk"},
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": team},
        "api_app_id": APP,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger,
        "view": {**view, "state": {"values": dict(values)}},
        "response_urls": [],
        "is_enterprise_install": False,
        "enterprise": None,
    }


def command_payload(
    *, user: str, team: str, channel: str, command: str, text: str, trigger: str, response_url: str
) -> dict[str, str]:
    """A slash command: a flat form, everything a text."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team,
        "team_domain": "desk",
        "channel_id": channel,
        "channel_name": "directmessage" if channel.startswith("D") else "desk",
        "user_id": user,
        "user_name": user.lower(),
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger,
    }


def shortcut_payload(
    *,
    user: str,
    team: str,
    channel: str,
    message: Mapping[str, Any],
    callback_id: str,
    trigger: str,
    response_url: str,
) -> Payload:
    """A message shortcut was chosen from the menu of a message."""
    return {
        "type": "message_action",
        "token": VERIFICATION_TOKEN,
        "action_ts": f"{time.time():.6f}",
        "team": {"id": TEAM, "domain": "desk"},
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": team},
        "channel": {"id": channel, "name": "desk"},
        "is_enterprise_install": False,
        "enterprise": None,
        "callback_id": callback_id,
        "trigger_id": trigger,
        "response_url": response_url,
        "message_ts": message["ts"],
        "message": dict(message),
    }


def bot_fields() -> Payload:
    """What stands on every message of ours beside its words."""
    return {
        "bot_id": BOT,
        "app_id": APP,
        "team": TEAM,
        "bot_profile": {
            "id": BOT,
            "deleted": False,
            "name": "Maitred",
            "updated": 1_700_000_000,
            "app_id": APP,
            "user_id": BOT_USER,
            "icons": {},
            "team_id": TEAM,
        },
    }


def body_of(kind: str, payload: Mapping[str, Any]) -> tuple[bytes, str]:
    """How a payload travels over HTTP: its bytes and their content type."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def signed_headers(secret: str, body: bytes, content_type: str, *, at: float | None = None) -> dict[str, str]:
    """The headers that say a request is Slack's, by Slack's own library."""
    sent_at = str(int(at if at is not None else time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=sent_at, body=body)
    assert signature is not None
    return {
        "Content-Type": content_type,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": sent_at,
        "X-Slack-Signature": signature,
    }
