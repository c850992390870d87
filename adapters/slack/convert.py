"""Slack's events in our words: pure, and the only place where a payload of the Events API gets a meaning.

    message                        somebody said something, in a channel, a thread or direct messages
    message / message_changed      new words; only what a person sees counts, a preview that was added does not
    message / message_deleted      taken back; the first of a thread is left as a tombstone, which means the same
    reaction_added                 a sign under a message

What apps write is not heard, ourselves among them. Whatever else Slack tells is known by name and not served.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from adapters.errors import ChannelError, MalformedError, UnfinishedError, UnsupportedError
from adapters.message import (
    Channel,
    Conversation,
    Identity,
    InboundDeletion,
    InboundEdit,
    InboundLine,
    InboundMessage,
    InboundReaction,
    PlaceChange,
    Untrusted,
)
from adapters.port import Raw
from adapters.shapes import Fields, each, fields_from_json, inner, inner_or, text, text_or
from adapters.slack import emoji, ids, markup
from adapters.slack.files import attachments_from_files, fetchable
from adapters.text import clean, one_line

#: What people write comes under these; every other subtype is a note of Slack's own about the channel.
_SPOKEN: Final = frozenset({"", "file_share", "me_message", "thread_broadcast"})
#: Others than before may read a channel. A workspace that left it may have been the client's, so that counts as well.
SHARED: Final = frozenset({"channel_shared", "channel_unshared"})
#: Nothing that is said in a channel is told us any more, and nothing of ours arrives there.
LEFT: Final = frozenset(
    {"channel_archive", "channel_deleted", "channel_left", "group_archive", "group_deleted", "group_left"}
)
#: The same where it was ourselves; of others it means nothing here.
_MEMBERS: Final[Mapping[str, PlaceChange]] = {"member_joined_channel": "joined", "member_left_channel": "left"}
#: Events with a meaning for the desk that is not a message, each with what becomes of it.
_UNSERVED: Final[Mapping[str, str]] = {
    "app_mention": "a mention of the app also comes as the message it stands in",
    "channel_rename": "a channel has another name; channels are known by their id",
    "channel_unarchive": "a channel is open again; whether we are in it shows as it is read back",
    "group_rename": "a channel has another name; channels are known by their id",
    "group_unarchive": "a channel is open again; whether we are in it shows as it is read back",
    "member_joined_channel": "somebody joined a channel",
    "member_left_channel": "somebody left a channel",
    "reaction_removed": "a sign was taken back",
}


def inbound_from_raw(raw: Raw) -> Sequence[InboundLine]:
    """Read one payload; a change that nobody sees is nothing.

    Raises UnsupportedError or MalformedError, and UnfinishedError while files are to be fetched.
    """
    envelope = fields_from_json(raw.payload)
    event = inner(envelope, "event")
    kind = text(event, "type")
    if kind == "message":
        return _message(raw.account, envelope, event)
    if kind == "reaction_added":
        return (_reaction(raw.account, envelope, event),)
    if kind == "app_home_opened":
        return ()  # answered as a press; nothing was said
    raise UnsupportedError(_UNSERVED.get(kind, f"events of the kind {kind[:40]!r} are not served"))


def lane_from_envelope(envelope: Fields, account: str) -> str:
    """The lane of the conversation an event belongs to; empty where it is not plain to see."""
    try:
        event = inner(envelope, "event")
        if place_change(envelope) is not None:
            return place_from_envelope(envelope, account).lane
        if event.get("type") != "message":
            return ""
        said = inner_or(event, "message") or inner_or(event, "previous_message") or event
        return _conversation(account, envelope, {**said, "channel": event.get("channel")}).lane
    except ChannelError:
        return ""


def place_from_envelope(envelope: Fields, account: str) -> Conversation:
    """The channel as a whole that an event is about, as the desk directory names it. Raises MalformedError."""
    team = our_team(envelope)
    if not ids.TEAM.fullmatch(team):
        raise MalformedError("the payload names no workspace")
    return Conversation(Channel.SLACK, account, f"{team}/{_channel(inner(envelope, 'event'))}")


def place_change(envelope: Fields) -> PlaceChange | None:
    """What became of a channel as a whole; None for an event that says nothing of that."""
    event = inner_or(envelope, "event")
    kind = text_or(event, "type")
    if kind in SHARED:
        return "shared"
    if kind in LEFT:
        return "left"
    return _MEMBERS.get(kind) if text_or(event, "user") in _ourselves(envelope) else None


def is_echo(envelope: Fields) -> bool:
    """Is this Slack telling us what we ourselves just said, changed or signed? There is nothing in it to keep."""
    event = inner_or(envelope, "event")
    match text_or(event, "type"):
        case "message":
            said = inner_or(event, "message") if event.get("subtype") == "message_changed" else event
            return event.get("subtype") != "message_deleted" and text_or(said, "user") in _ourselves(envelope)
        case "reaction_added" | "reaction_removed":
            return text_or(event, "user") in _ourselves(envelope)
    return False


def our_team(envelope: Fields) -> str:
    """The workspace our app lives in: in a shared channel the outer `team_id` may be the other side's."""
    for grant in each(envelope, "authorizations"):
        if team := text_or(grant, "team_id"):
            return team
    return text_or(envelope, "context_team_id") or text_or(envelope, "team_id")


def _message(account: str, envelope: Fields, event: Fields) -> Sequence[InboundLine]:
    match subtype := text_or(event, "subtype"):
        case "message_changed":
            return _changed(account, envelope, event)
        case "message_deleted":
            said = inner_or(event, "previous_message")
            if not said:
                raise UnsupportedError("a message was taken back, and Slack does not say whose or where it stood")
            ts = text_or(event, "deleted_ts") or text(said, "ts")
            return (_deletion(account, envelope, event, {**said, "ts": ts}),)
        case "bot_message":
            raise UnsupportedError("an app wrote this")
        case _ if subtype not in _SPOKEN:
            raise UnsupportedError(f"messages of the kind {subtype[:40]!r} are not served")
    sender = _sender(envelope, event)
    names = _names(envelope)
    ts, root = _ts(event, "ts"), text_or(event, "thread_ts")
    channel = _channel(event)
    files, kept = each(event, "files"), inner_or(envelope, "kept")
    message = InboundMessage(
        conversation=_conversation(account, envelope, event),
        external_id=ids.message_id(channel, ts),
        sender=sender,
        sender_name=_name(event, names),
        text=_words(event, names),
        at=ids.moment_from_ts(ts),
        attachments=attachments_from_files(files, kept),
        reply_to=ids.message_id(channel, root) if ids.TS.fullmatch(root) and root != ts else None,
    )
    if fetchable(files, kept):
        raise UnfinishedError("its files are fetched first", so_far=message)
    return (message,)


def _changed(account: str, envelope: Fields, event: Fields) -> Sequence[InboundLine]:
    now, before = inner(event, "message"), inner_or(event, "previous_message")
    if text_or(now, "subtype") == "tombstone":
        return (_deletion(account, envelope, event, {**before, **now, "user": text_or(before, "user")}),)
    names = _names(envelope)
    words = _words(now, names)
    if before and words == _words(before, names):
        return ()  # a preview, a pin or the count of answers
    said = {**now, "channel": event.get("channel")}
    changed_at = text_or(inner_or(now, "edited"), "ts") or text(event, "ts")
    return (
        InboundEdit(
            _conversation(account, envelope, said),
            ids.message_id(_channel(said), _ts(said, "ts")),
            _sender(envelope, said),
            words,
            ids.moment_from_ts(_checked(changed_at)),
        ),
    )


def _deletion(account: str, envelope: Fields, event: Fields, said: Fields) -> InboundDeletion:
    said = {**said, "channel": event.get("channel")}
    at = text_or(event, "ts") or text_or(event, "event_ts")
    return InboundDeletion(
        _conversation(account, envelope, said),
        ids.message_id(_channel(said), _ts(said, "ts")),
        _sender(envelope, said),
        ids.moment_from_ts(_checked(at)),
    )


def _reaction(account: str, envelope: Fields, event: Fields) -> InboundReaction:
    item = inner(event, "item")
    if text_or(item, "type") != "message":
        raise UnsupportedError("a sign under something that is no message")
    sender = _sender(envelope, event)
    # Slack does not say which thread the message is in, so it stands for itself.
    where = _conversation(account, envelope, {**item, "user": event.get("user"), "team": event.get("team")})
    sign = one_line(text(event, "reaction"), 60)
    at = ids.moment_from_ts(_ts(event, "event_ts"))
    return InboundReaction(where, ids.message_id(_channel(item), _ts(item, "ts")), sender, Untrusted(f":{sign}:"), at)


def _conversation(account: str, envelope: Fields, said: Fields) -> Conversation:
    channel = _channel(said)
    if channel.startswith("D"):
        sender = _sender(envelope, said)
        return Conversation(sender.channel, account, sender.address)
    root = text_or(said, "thread_ts")
    ts = root if ids.TS.fullmatch(root) else _ts(said, "ts")
    team = our_team(envelope)
    if not ids.TEAM.fullmatch(team):
        raise MalformedError("the payload names no workspace")
    return ids.thread(account, team, channel, ts)


def _sender(envelope: Fields, said: Fields) -> Identity:
    """Who said it, in their own workspace. Raises UnsupportedError for apps."""
    user = text_or(said, "user")
    if text_or(said, "bot_id") or user in _ourselves(envelope):
        raise UnsupportedError("an app wrote this")
    if user == "USLACKBOT":
        raise UnsupportedError("Slack itself wrote this")
    team = text_or(said, "user_team") or text_or(said, "source_team") or text_or(said, "team") or our_team(envelope)
    if not ids.USER.fullmatch(user) or not ids.TEAM.fullmatch(team):
        raise MalformedError("the payload names no sender")
    return ids.person(team, user)


def _ourselves(envelope: Fields) -> set[str]:
    """Our app's own ids as a member of workspaces."""
    grants = [grant for grant in each(envelope, "authorizations") if grant.get("is_bot") is True]
    return {user for grant in grants if (user := text_or(grant, "user_id"))}


def _names(envelope: Fields) -> Mapping[str, str]:
    """What people are called, as the adapter knew when the event came."""
    return {user: name for user, name in inner_or(envelope, "names").items() if isinstance(name, str)}


def _name(event: Fields, names: Mapping[str, str]) -> Untrusted:
    profile = inner_or(event, "user_profile")
    said = text_or(profile, "display_name") or text_or(profile, "real_name") or text_or(profile, "name")
    return one_line(names.get(text_or(event, "user")) or said)


def _words(said: Fields, names: Mapping[str, str]) -> Untrusted:
    """What was written, and below it the messages that were forwarded with it."""
    parts = [markup.read(emoji.shown(text_or(said, "text"), said), names)]
    for shared in each(said, "attachments"):
        if shared.get("is_share") is True or shared.get("is_msg_unfurl") is True:
            quoted = markup.read(text_or(shared, "text") or text_or(shared, "fallback"), names)
            author = one_line(text_or(shared, "author_name"))
            parts.append(clean(f"{author}: {quoted}" if author else quoted))
    return Untrusted("\n\n".join(part for part in parts if part))


def _channel(said: Fields) -> str:
    channel = text(said, "channel")
    if not ids.CHANNEL.fullmatch(channel):
        raise MalformedError("channel is no channel")
    return channel


def _ts(said: Fields, name: str) -> str:
    return _checked(text(said, name))


def _checked(ts: str) -> str:
    if not ids.TS.fullmatch(ts):
        raise MalformedError("a timestamp is none")
    return ts
