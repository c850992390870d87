"""What becomes of a channel as a whole: heard as news of the place, and not as something said in it.

    others can read there than before          channel_shared, channel_unshared
    we are in it no longer, or nobody is        channel_left, channel_archive, channel_deleted
    we are in it                                member_joined_channel, of ourselves

https://docs.slack.dev/reference/events/channel_shared
https://docs.slack.dev/reference/events/channel_left
"""

from adapters.errors import MalformedError
from adapters.message import InboundPlace
from adapters.port import Raw
from adapters.shapes import fields_from_json, inner_or, text
from adapters.slack import ids
from adapters.slack.convert import place_change, place_from_envelope


def place_from_raw(raw: Raw) -> InboundPlace | None:
    """What it means; None for any other payload. Raises MalformedError."""
    envelope = fields_from_json(raw.payload)
    change = place_change(envelope)
    if change is None:
        return None
    ts = text(inner_or(envelope, "event"), "event_ts")
    if not ids.TS.fullmatch(ts):
        raise MalformedError("a timestamp is none")
    return InboundPlace(place_from_envelope(envelope, raw.account), change, ids.moment_from_ts(ts))
