"""Who may read in a channel, and that we are in it, as Slack lists it: what changed unseen is news all the same.

Slack tells of it once, by `channel_shared`, `channel_unshared` or `channel_left`, and not at all that a channel was
opened to its whole workspace. So whoever reads back compares with what was seen last, which is kept as a cursor of its
own a channel. Empty means that Slack told by itself: the next look only learns.

https://docs.slack.dev/reference/objects/conversation-object
"""

from collections.abc import Mapping
from typing import Any, Final

from adapters.message import Channel
from adapters.port import Cursor
from adapters.shapes import Fields, inner_or, text_or
from adapters.slack import ids
from adapters.slack.convert import place_change

UNKNOWN: Final = ""
#: We are not in it; whoever finds us there again has news.
GONE: Final = "gone"
#: The events that Slack would have sent.
NOW_SHARED, NOW_LEFT, NOW_JOINED = "channel_shared", "channel_left", "member_joined_channel"


def cursor_name(account: str, channel: str) -> str:
    """Under which name it is kept who reads there."""
    return f"{account}/readers/{channel}"


def readers_from_listing(found: Fields) -> str:
    """What a listed channel says about its readers; the same text as long as they are the same."""
    teams: set[str] = set()
    for field in ("shared_team_ids", "connected_team_ids"):
        listed = found.get(field)
        teams.update(str(team) for team in listed if team) if isinstance(listed, list) else None
    is_shared = found.get("is_ext_shared") is True or found.get("is_org_shared") is True
    words = ["members" if found.get("is_private") is True else "workspace"]
    if is_shared:
        words += ["shared", *sorted(teams)]
    return " ".join(words)


def forgotten(envelope: Mapping[str, Any] | None, account: str) -> Cursor | None:
    """The cursor that forgets what was seen of a channel, because Slack itself says that it is otherwise; else None."""
    change = place_change(envelope or {})
    channel = text_or(inner_or(envelope or {}, "event"), "channel")
    if change is None or not ids.CHANNEL.fullmatch(channel):
        return None
    return Cursor(Channel.SLACK, cursor_name(account, channel), GONE if change == "left" else UNKNOWN)


def news(kind: str, channel: str, ts: str, *, user: str) -> dict[str, Any]:
    """The event that Slack would have sent; `user` is ourselves there."""
    return {"type": kind, "channel": channel, "user": user, "event_ts": ts}
