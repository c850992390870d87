"""Slack says that it holds events back, because there are too many a minute: kept like an event, heard as news.

What it holds back is read back by us, so nothing is lost; but a person has to know that clients are heard late.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adapters.errors import MalformedError
from adapters.message import Channel, InboundGap
from adapters.port import Raw
from adapters.shapes import fields_from_json

_TYPE: Final = "app_rate_limited"
_MINUTE: Final = timedelta(minutes=1)


def is_held_back(envelope: Mapping[str, Any]) -> bool:
    """Whether a payload says so."""
    return envelope.get("type") == _TYPE


def name_of(envelope: Mapping[str, Any]) -> str:
    """Its name in the journal: one for each minute, however often it is said."""
    return f"held_back:{_minute(envelope):%Y-%m-%dT%H:%MZ}"


def held_back_from_raw(raw: Raw) -> InboundGap | None:
    """What it means; None for any other payload. Raises MalformedError."""
    envelope = fields_from_json(raw.payload)
    if not is_held_back(envelope):
        return None
    since = _minute(envelope)
    return InboundGap(Channel.SLACK, raw.account, 0, since, since + _MINUTE)


def _minute(envelope: Mapping[str, Any]) -> datetime:
    said = envelope.get("minute_rate_limited")
    if not isinstance(said, int):
        raise MalformedError("minute_rate_limited is no moment")
    try:
        return datetime.fromtimestamp(said, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise MalformedError("minute_rate_limited is no moment") from error
