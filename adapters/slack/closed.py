"""Somebody's account in the workspace was closed: heard as news of their direct messages, which nobody reads any more.

Slack tells of every change of everybody's profile under the same name; only that an account is closed is kept. That one
is open again means nothing here: who left is let in again by an admin, not by Slack.

https://docs.slack.dev/reference/events/user_change
"""

from typing import Any, Final

from adapters.errors import MalformedError
from adapters.message import Conversation, InboundPlace
from adapters.port import Raw
from adapters.shapes import Fields, fields_from_json, inner, inner_or, text, text_or
from adapters.slack import ids
from adapters.slack.convert import our_team

CHANGED: Final = "user_change"


def is_small_change(envelope: Fields) -> bool:
    """Whether it tells of a new name, a picture, a status: there is nothing in it to keep."""
    event: Any = inner_or(envelope, "event")
    return event.get("type") == CHANGED and inner_or(event, "user").get("deleted") is not True


def closed_from_raw(raw: Raw) -> InboundPlace | None:
    """Whose account was closed; None for any other payload. Raises MalformedError."""
    envelope = fields_from_json(raw.payload)
    event = inner_or(envelope, "event")
    if event.get("type") != CHANGED or is_small_change(envelope):
        return None
    user, ts = inner(event, "user"), text(event, "event_ts")
    named = text_or(user, "team_id")
    # In an organisation of several workspaces a person's team may be the organisation.
    team = our_team(envelope) if named.startswith("E") or not ids.TEAM.fullmatch(named) else named
    if not ids.TS.fullmatch(ts) or not ids.USER.fullmatch(text(user, "id")) or not ids.TEAM.fullmatch(team):
        raise MalformedError("an account was closed, and Slack does not say whose or when")
    who = ids.person(team, text(user, "id"))
    return InboundPlace(Conversation(who.channel, raw.account, who.address), "closed", ids.moment_from_ts(ts), by=who)
