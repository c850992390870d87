"""Updates in the shapes the Bot API gives them, from tests/fixtures/telegram."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.message import Channel
from adapters.port import Raw

FOLDER = Path(__file__).parents[2] / "fixtures/telegram"
RECEIVED_AT = datetime(2026, 3, 27, 9, 30, 2, tzinfo=UTC)


def captured(name: str) -> dict[str, Any]:
    update: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return update


def raw_from(update: object) -> Raw:
    """What the journal keeps of it."""
    return Raw(Channel.TELEGRAM, "desk", "123:1", json.dumps(update).encode(), RECEIVED_AT)


def raw(name: str) -> Raw:
    return raw_from(captured(name))
