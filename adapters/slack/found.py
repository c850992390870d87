"""What of ours already stands in Slack: every message we post carries its key, where no person sees it.

Slack has no key that makes a second post harmless. So after an uncertain one the channel is read back, and the key says
for certain whether the message is there, and which of its parts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from adapters.errors import UncertainError
from adapters.shapes import Fields, each, inner_or, text_or
from adapters.slack.pacing import PacedWeb
from adapters.slack.refusals import RefusedError

EVENT_TYPE: Final = "maitred_outbox"
_PAGE: Final = 200
#: A send in doubt is minutes old, or as old as an outage: it is not further back than this.
_MOST_PAGES: Final = 10


@dataclass(slots=True)
class Standing:
    """What was found of one message: each part's timestamp, and the files (name and size) we shared beside it."""

    parts: dict[int, str] = field(default_factory=dict)
    files: set[tuple[str, int]] = field(default_factory=set)


def metadata(key: str, part: int) -> Mapping[str, Any]:
    """What a post carries, so that it is found again."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key, "part": part}}


def key_and_part(message: Fields) -> tuple[str, int] | None:
    """Whose part a message is; None for one that is not ours."""
    carried = inner_or(message, "metadata")
    payload = inner_or(carried, "event_payload")
    part = payload.get("part")
    if text_or(carried, "event_type") != EVENT_TYPE or type(part) is not int:
        return None
    return text_or(payload, "key"), part


async def standing(
    web: PacedWeb, channel: str, thread: str | None, key: str, *, since: datetime | None = None, is_single: bool = False
) -> Standing:
    """Read back what stands in a channel or a thread under this key. Raises a DeliveryError where it cannot be read.

    `since` is a moment before which the message was certainly not sent; one that `is_single` has one part and no files.
    """
    method = "conversations.replies" if thread else "conversations.history"
    arguments: dict[str, Any] = {"channel": channel, "limit": _PAGE, "include_all_metadata": True, "ts": thread}
    if since is not None:
        arguments["oldest"] = f"{since.timestamp():.6f}"
    found = Standing()
    for _ in range(_MOST_PAGES):
        try:
            page = await web.call(method, arguments)
        except RefusedError as error:
            if error.code == "thread_not_found":
                return found
            raise
        for message in each(page, "messages"):
            ours = key_and_part(message)
            if ours is not None and ours[0] == key:
                found.parts.setdefault(ours[1], text_or(message, "ts"))
            if text_or(message, "bot_id") or message.get("upload") is True:
                found.files |= {(text_or(file, "name"), _size(file)) for file in each(message, "files")}
        cursor = text_or(inner_or(page, "response_metadata"), "next_cursor")
        if not cursor or (is_single and found.parts):
            break
        arguments["cursor"] = cursor
    else:
        # A card is looked for without a moment to stop at, and is not said twice by being drawn once more.
        if since is not None and not found.parts:
            raise UncertainError("too much was said meanwhile to tell whether it arrived")
    return found


def _size(file: Fields) -> int:
    size = file.get("size")
    return size if type(size) is int else 0
