"""What Telegram hands over, taken apart: one payload for each update, and none held up by another.

An update that cannot be read is kept by itself, as its bytes came, and becomes a dead letter; those around it go on.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters.errors import MalformedError
from adapters.message import Channel
from adapters.port import Raw
from adapters.shapes import Fields
from adapters.telegram import ids
from adapters.telegram.convert import GAP, lane_from_update
from adapters.telegram.numbers import number_or

_PRESS: Final = "callback_query"
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
_OPENS: Final = (b"[", b"{")
_ID: Final = re.compile(rb'"update_id"\s*:\s*([1-9][0-9]{0,15})\b')


@dataclass(frozen=True, slots=True)
class Update:
    """One update: `number` is None where it cannot be read, `press` what somebody pressed, if that is all it is."""

    payload: bytes
    number: int | None
    lane: str = ""
    press: Mapping[str, Any] | None = None


def updates_from_answer(payload: bytes, account: str) -> Sequence[Update]:
    """The updates of an answer to getUpdates, in their order. Raises MalformedError for what is no such answer."""
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return [_from_bytes(piece, account) for piece in _pieces(payload)]
    updates = found.get("result") if isinstance(found, dict) and found.get("ok") is True else None
    if not isinstance(updates, list):
        raise MalformedError("the answer holds no updates")
    return [_from_fields(one, compact(one), account) for one in updates]


def update_from_fields(update: Fields, payload: bytes, account: str) -> Update:
    """One update that came by itself."""
    return _from_fields(update, payload, account)


def raw_from_update(update: Update, *, bot: str, account: str, at: datetime) -> Raw:
    """What the journal keeps; whatever has no number is known by its bytes."""
    name = hashlib.sha256(update.payload).hexdigest() if update.number is None else str(update.number)
    return Raw(Channel.TELEGRAM, account, f"{bot}:{name}", update.payload, at, update.lane)


def raw_from_gap(first: int, last: int, *, since: datetime, until: datetime, bot: str, account: str) -> Raw:
    """Our own payload: these updates never came, and may have been dropped between two moments."""
    said = {"maitred": GAP, "from": first, "to": last, "since": since.isoformat(), "until": until.isoformat()}
    return Raw(Channel.TELEGRAM, account, ids.gap_key(bot, first, last), compact(said), until)


def compact(found: object) -> bytes:
    """JSON as bytes. Letters beyond ASCII are escaped, so that half a letter is no error of ours."""
    return json.dumps(found, separators=(",", ":")).encode()


def _from_fields(found: object, payload: bytes, account: str) -> Update:
    fields = found if isinstance(found, dict) else {}
    number = number_or(fields, "update_id")
    if number is None or number <= 0:
        return Update(payload, None)
    press = fields.get(_PRESS)
    if isinstance(press, dict):
        return Update(payload, number, press=press)
    return Update(payload, number, lane_from_update(fields, account))


def _from_bytes(piece: bytes, account: str) -> Update:
    """What one update of an answer says that cannot be read as a whole; a good one among bad ones is read as ever."""
    try:
        found = json.loads(piece)
    except (ValueError, RecursionError):
        number = _ID.search(piece)
        return Update(piece, int(number[1]) if number else None)
    return _from_fields(found, piece, account)


def _pieces(payload: bytes) -> Sequence[bytes]:
    """The members of the outermost list, by their brackets alone. Raises MalformedError where there is none."""
    pieces: list[bytes] = []
    depth = start = 0
    for token in _TOKEN.finditer(payload):
        sign = token[0]
        if sign in _OPENS:
            depth += 1
            if depth == 3:  # noqa: PLR2004 - the answer, its list, an update
                start = token.start()
        elif len(sign) == 1:
            if depth == 3:  # noqa: PLR2004 - the same
                pieces.append(payload[start : token.end()])
            depth -= 1
    if not pieces:
        raise MalformedError("the answer cannot be read")
    return pieces
