"""What becomes of a channel as a whole: heard as news of the place, and not as something said in it.

    others can read there than before          channel_shared, channel_unshared
    we are in it no longer, or nobody is        channel_left, channel_archive, channel_deleted
    we are in it                                member_joined_channel, of ourselves
    it has another id                           channel_id_changed, as when it is shared with another workspace

https://docs.slack.dev/reference/events/channel_shared
https://docs.slack.dev/reference/events/channel_left
https://docs.slack.dev/reference/events/channel_id_changed
"""

from datetime import datetime
from typing import Final

from adapters.errors import MalformedError
from adapters.message import Channel, Conversation, InboundPlace
from adapters.port import Raw
from adapters.shapes import Fields, fields_from_json, inner_or, text
from adapters.slack import ids
from adapters.slack.convert import our_team, place_change, place_from_envelope

_RENUMBERED: Final = "channel_id_changed"


def place_from_raw(raw: Raw) -> InboundPlace | None:
    """What it means; None for any other payload. Raises MalformedError."""
    envelope = fields_from_json(raw.payload)
    event = inner_or(envelope, "event")
    if event.get("type") == _RENUMBERED:
        old, new = (_place(raw, envelope, text(event, name)) for name in ("old_channel_id", "new_channel_id"))
        return InboundPlace(old, "moved", _moment(event), to=new)
    change = place_change(envelope)
    return None if change is None else InboundPlace(place_from_envelope(envelope, raw.account), change, _moment(event))


def _place(raw: Raw, envelope: Fields, channel: str) -> Conversation:
    team = our_team(envelope)
    if not ids.TEAM.fullmatch(team) or not ids.CHANNEL.fullmatch(channel):
        raise MalformedError("a channel has another id, and Slack does not say which")
    return Conversation(Channel.SLACK, raw.account, f"{team}/{channel}")


def _moment(event: Fields) -> datetime:
    ts = text(event, "event_ts")
    if not ids.TS.fullmatch(ts):
        raise MalformedError("a timestamp is none")
    return ids.moment_from_ts(ts)
