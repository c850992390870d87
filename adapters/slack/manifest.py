"""The app as Slack has to know it, for *Create an app from a manifest*: `maitred manifest slack [--http]`.

Least privilege: scopes and events come from `scopes.py` and nowhere else. Socket Mode needs no public address; over
HTTP Slack is told where we are.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from adapters.slack.scopes import BOT_SCOPES, EVENTS

EVENTS_PATH: Final = "/slack/events"
PRESSES_PATH: Final = "/slack/interactions"
COMMAND: Final = "/desk"
#: What the message shortcut *Make a ticket* calls itself when it is used.
MAKE_A_TICKET: Final = "message.ticket"


def manifest(address: str | None) -> dict[str, Any]:
    """The manifest as Slack's own document; `address` is where we are reached over HTTP, None means Socket Mode."""
    command = {
        "command": COMMAND,
        "description": "Your queue, a ticket, who is there, and who stands in",
        "usage_hint": "queue | ticket T-1 | who CLIENT | away | back | help",
        "should_escape": True,
    }
    subscriptions: dict[str, Any] = {"bot_events": sorted(EVENTS)}
    interactivity: dict[str, Any] = {"is_enabled": True}
    if address is not None:
        command["url"] = interactivity["request_url"] = f"{address.rstrip('/')}{PRESSES_PATH}"
        subscriptions["request_url"] = f"{address.rstrip('/')}{EVENTS_PATH}"
    return {
        "display_information": {
            "name": "Maitred",
            "description": "The front of house for premium support",
            "background_color": "#20303c",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Maitred", "always_online": True},
            "shortcuts": [
                {
                    "name": "Make a ticket",
                    "type": "message",
                    "callback_id": MAKE_A_TICKET,
                    "description": "Open a ticket about this message",
                }
            ],
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": list(BOT_SCOPES)}},
        "settings": {
            "event_subscriptions": subscriptions,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": address is None,
            "token_rotation_enabled": False,
        },
    }


def yaml_from_manifest(document: Mapping[str, Any]) -> str:
    """The same as YAML, in the order it was made. Every text is quoted, so none can be taken for something else."""
    return "".join(f"{line}\n" for line in _lines(document, 0))


def _lines(value: object, depth: int) -> Iterator[str]:
    room = "  " * depth
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, Mapping) or (isinstance(inner, Sequence) and not isinstance(inner, str)):
                yield f"{room}{key}:"
                yield from _lines(inner, depth + 1)
            else:
                yield f"{room}{key}: {json.dumps(inner, ensure_ascii=False)}"
    elif isinstance(value, Sequence):
        for inner in value:
            if isinstance(inner, Mapping):
                first, *rest = _lines(inner, depth + 1)
                yield f"{room}- {first.strip()}"
                yield from rest
            else:
                yield f"{room}- {json.dumps(inner, ensure_ascii=False)}"
