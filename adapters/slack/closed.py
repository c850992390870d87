"""What became of somebody's account in the workspace: it was closed, or is a guest's. Heard as news of their messages.

Slack tells of every change of everybody's profile under the same name; only these two are kept. That an account is open
again, or a member's, means nothing here: who is out is let in again by an admin, not by Slack.

https://docs.slack.dev/reference/events/user_change
https://docs.slack.dev/reference/objects/user-object
"""

from typing import Any, Final

from adapters.errors import MalformedError
from adapters.message import Conversation, Identity, InboundPlace, PlaceChange
from adapters.port import Raw
from adapters.shapes import Fields, fields_from_json, inner, inner_or, text, text_or
from adapters.slack import ids
from adapters.slack.convert import our_team

CHANGED: Final = "user_change"
#: The field of a kept message that says that a guest wrote it, by their id.
GUEST: Final = "guest"
#: What Slack says of guests of one channel or of several, of people of workspaces we share no channel with, of apps.
_NO_MEMBER: Final = ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot")


def is_small_change(envelope: Fields) -> bool:
    """Whether it tells of a new name, a picture, a status: there is nothing in it to keep."""
    event: Any = inner_or(envelope, "event")
    return event.get("type") == CHANGED and not _change(inner_or(event, "user"))


def is_no_member(user: Fields) -> bool:
    """Whether Slack says of an account that it is a guest's, a stranger's or a program's."""
    return any(user.get(trait) is True for trait in _NO_MEMBER)


def is_of_ours(user: Fields, who: Identity, me: Fields) -> bool:
    """Whether an account is of the workspace we live in, or of its organisation; `me` is what `auth.test` answers."""
    team, organisation = text_or(me, "team_id"), text_or(me, "enterprise_id")
    if organisation and text_or(inner_or(user, "enterprise_user"), "enterprise_id") == organisation:
        return True
    return who.address.partition("/")[0] == team and text_or(user, "team_id", team) in {team, organisation}


def closed_from_raw(raw: Raw) -> InboundPlace | None:
    """Whose account is closed or a guest's; None for any other payload. Raises MalformedError."""
    envelope = fields_from_json(raw.payload)
    event = inner_or(envelope, "event")
    if event.get("type") != CHANGED or is_small_change(envelope):
        return None
    user, ts = inner(event, "user"), text(event, "event_ts")
    named = text_or(user, "team_id")
    # In an organisation of several workspaces a person's team may be the organisation.
    team = our_team(envelope) if named.startswith("E") or not ids.TEAM.fullmatch(named) else named
    if not ids.TS.fullmatch(ts) or not ids.USER.fullmatch(text(user, "id")) or not ids.TEAM.fullmatch(team):
        raise MalformedError("an account was changed, and Slack does not say whose or when")
    who = ids.person(team, text(user, "id"))
    change = _change(user) or "closed"
    return InboundPlace(Conversation(who.channel, raw.account, who.address), change, ids.moment_from_ts(ts), by=who)


def guest_from_raw(raw: Raw) -> InboundPlace | None:
    """That whoever wrote this is a guest, as it was noticed when it came; None where nothing was."""
    if f'"{GUEST}"'.encode() not in raw.payload:
        return None
    envelope = fields_from_json(raw.payload)
    user, event = text_or(envelope, GUEST), inner_or(envelope, "event")
    team, ts = our_team(envelope), text_or(event, "ts")
    if not (ids.USER.fullmatch(user) and ids.TEAM.fullmatch(team) and ids.TS.fullmatch(ts)):
        return None
    who = ids.person(team, user)
    return InboundPlace(Conversation(who.channel, raw.account, who.address), "guest", ids.moment_from_ts(ts), by=who)


def _change(user: Fields) -> PlaceChange | None:
    if user.get("deleted") is True:
        return "closed"
    return "guest" if is_no_member(user) else None
