"""Payloads in the shapes Slack sends them, from tests/fixtures/slack."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.message import Channel
from adapters.port import Raw

FOLDER = Path(__file__).parents[2] / "fixtures/slack"
RECEIVED_AT = datetime(2026, 3, 27, 9, 30, 2, tzinfo=UTC)


def captured(name: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return payload


def raw_from(payload: object) -> Raw:
    """What the journal keeps of it."""
    return Raw(Channel.SLACK, "desk", "Ev1", json.dumps(payload).encode(), RECEIVED_AT)


def raw(name: str) -> Raw:
    return raw_from(captured(name))
