"""The arguments of one call of the Bot API, whichever way they were passed."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.peers.telegram_markup import Payload, RefusalError

Method = Callable[["Arguments"], Awaitable[Any]]
_JSON = {
    "reply_markup", "entities", "caption_entities", "media", "reaction", "allowed_updates", "commands", "scope",
    "link_preview_options", "reply_parameters", "permissions", "menu_button", "message_ids", "options",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    content: bytes


@dataclass(slots=True)
class Arguments:
    """The arguments of one call as values, and the files beside them."""

    method: str
    values: Payload
    files: Mapping[str, Upload] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.values.items():
            if name in _JSON and isinstance(value, str):
                self.values[name] = _from_json(name, value)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - as the caller wrote it
        return self.values.get(name)

    def text(self, name: str) -> str:
        return str(self.values.get(name) or "")

    def number(self, name: str) -> int | None:
        value = self.values.get(name)
        if value in {None, ""}:
            return None
        try:
            return int(str(value))
        except ValueError:
            raise RefusalError(f"{name} must be a number") from None

    def is_true(self, name: str) -> bool:
        return str(self.values.get(name) or "").lower() in {"true", "1"}


def _from_json(name: str, value: str) -> Any:  # noqa: ANN401 - whatever was written
    if not value:
        return None
    try:
        return json.loads(value)
    except ValueError:
        if name == "reply_markup":
            raise RefusalError("can't parse reply keyboard markup JSON object") from None
        raise RefusalError(f"can't parse {name} JSON object") from None
