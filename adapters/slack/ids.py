"""How things of Slack are named: workspaces, people, channels, messages, and the conversations they make up.

    TEAM/USER                 the direct messages between our app and one person; TEAM is the person's own workspace
    TEAM/CHANNEL              a channel; TEAM is the workspace our app lives in
    TEAM/CHANNEL#TS           a thread in it; a message that opens no thread yet is the first of its own
    CHANNEL:TS                one message, wherever it stands; a change of its wording is CHANNEL:TS:TS in the journal

A message has no name of its own: its channel and its timestamp together are the name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adapters.errors import MalformedError
from adapters.message import Channel, Conversation, Identity

TEAM: Final = re.compile(r"[TE][A-Z0-9]{1,30}", re.ASCII)
USER: Final = re.compile(r"[UW][A-Z0-9]{1,30}", re.ASCII)
#: A public or private channel, a group of people, or the direct messages with one.
CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]{1,30}", re.ASCII)
FILE: Final = re.compile(r"F[A-Z0-9]{1,30}", re.ASCII)
TS: Final = re.compile(r"[0-9]{1,11}\.[0-9]{1,6}", re.ASCII)
_EVENT: Final = re.compile(r"[A-Za-z0-9_-]{1,60}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """An address taken apart; `target` is a person or a channel."""

    team: str
    target: str
    thread: str | None = None

    @property
    def is_person(self) -> bool:
        return USER.fullmatch(self.target) is not None


def place_from_address(address: str) -> Place:
    """Raises ValueError for a text that is no address of Slack."""
    place, _, thread = address.partition("#")
    team, _, target = place.partition("/")
    is_known = TEAM.fullmatch(team) and (USER.fullmatch(target) or CHANNEL.fullmatch(target))
    if not is_known or ("#" in address and not TS.fullmatch(thread)):
        raise ValueError(f"{address!r} is no address of Slack: write TEAM/USER, TEAM/CHANNEL or TEAM/CHANNEL#TS")
    return Place(team, target, thread or None)


def person(team: str, user: str) -> Identity:
    """Who somebody is; ids of people are unique within a workspace only."""
    return Identity(Channel.SLACK, f"{team}/{user}")


def user_of(who: Identity) -> str:
    """Slack's own name for somebody, without their workspace."""
    return who.address.rpartition("/")[2]


def direct(account: str, team: str, user: str) -> Conversation:
    """The direct messages between our app and a person."""
    return Conversation(Channel.SLACK, account, f"{team}/{user}")


def thread(account: str, team: str, channel: str, ts: str) -> Conversation:
    """A thread, by the timestamp of its first message."""
    return Conversation(Channel.SLACK, account, f"{team}/{channel}#{ts}")


def message_id(channel: str, ts: str) -> str:
    """Our name for one message."""
    return f"{channel}:{ts}"


def channel_and_ts(external_id: str) -> tuple[str, str]:
    """Undo `message_id`. Raises ValueError for a name that is not one of ours."""
    channel, _, ts = external_id.partition(":")
    if not CHANNEL.fullmatch(channel) or not TS.fullmatch(ts):
        raise ValueError(f"{external_id!r} names no message of Slack")
    return channel, ts


def moment_from_ts(ts: str) -> datetime:
    """The moment Slack's server gave a message. Raises ValueError."""
    if not TS.fullmatch(ts):
        raise ValueError(f"{ts!r} is no timestamp of Slack")
    seconds, _, fraction = ts.partition(".")
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(fraction.ljust(6, "0")))


def external_id_of(envelope: Mapping[str, Any]) -> str:
    """What the journal knows a payload by: an event by its id, a message read back by its name.

    Raises MalformedError when it has neither.
    """
    name = envelope.get("event_id")
    if isinstance(name, str) and _EVENT.fullmatch(name):
        return name
    event = envelope.get("event")
    if envelope.get("backfilled") is True and isinstance(event, Mapping):
        channel, ts = str(event.get("channel")), str(event.get("ts"))
        said = event.get("message")  # of a change; two may be of the same moment
        of = str(said.get("ts")) if isinstance(said, Mapping) else ts
        if CHANNEL.fullmatch(channel) and TS.fullmatch(ts) and TS.fullmatch(of):
            return message_id(channel, ts) if said is None else f"{message_id(channel, of)}:{ts}"
    raise MalformedError("the payload names neither an event nor a message")
