"""A channel is open to other workspaces than before: heard as news of the place, and not as something said in it.

https://docs.slack.dev/reference/events/channel_shared
"""

from adapters.errors import MalformedError
from adapters.message import InboundPlace
from adapters.port import Raw
from adapters.shapes import fields_from_json, inner_or, text
from adapters.slack import ids
from adapters.slack.convert import SHARED, place_from_envelope


def shared_from_raw(raw: Raw) -> InboundPlace | None:
    """What it means; None for any other payload. Raises MalformedError."""
    envelope = fields_from_json(raw.payload)
    event = inner_or(envelope, "event")
    if event.get("type") not in SHARED:
        return None
    ts = text(event, "event_ts")
    if not ids.TS.fullmatch(ts):
        raise MalformedError("a timestamp is none")
    return InboundPlace(place_from_envelope(envelope, raw.account), "shared", ids.moment_from_ts(ts))
