"""Telegram's updates in our words: pure, and the only place where an update gets a meaning.

    message                 somebody said something, in a private chat, a group or a topic of one
    edited_message          new words for it, or another file
    message_reaction        a sign under it
    my_chat_member          we were added, removed or blocked
    migrate_to_chat_id      a group became a supergroup, with another number; the note of it there adds nothing
    a gap                   our own payload: Telegram may have dropped something

What bots write is not heard, ourselves among them. Whatever else Telegram tells is known by name and not served.
Whoever writes as a group or a channel cannot be known as a person: the sender is then that group or channel itself, and
not proven to be a client's. It may be one of our own people.

https://core.telegram.org/bots/api#update
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.errors import MalformedError, UnfinishedError, UnsupportedError
from adapters.message import (
    Conversation,
    Identity,
    Inbound,
    InboundEdit,
    InboundGap,
    InboundMessage,
    InboundPlace,
    InboundReaction,
    PlaceChange,
    Untrusted,
)
from adapters.port import Raw
from adapters.shapes import Fields, each, fields_from_json, inner, inner_or, text_or
from adapters.telegram import ids
from adapters.telegram.files import attachments_from_files, fetchable, files_of
from adapters.telegram.numbers import number, number_or
from adapters.telegram.quotes import quoted
from adapters.telegram.words import SERVICE, language_of, name_of, words
from adapters.text import one_line

#: What Telegram is asked for, by name: what is not named it may leave out.
ALLOWED_UPDATES: Final = (
    "message",
    "edited_message",
    "callback_query",
    "message_reaction",
    "my_chat_member",
    "chat_member",
)
GAP: Final = "gap"
#: Updates with a meaning for the desk that is not a message, each with what becomes of it.
_UNSERVED: Final[Mapping[str, str]] = {
    "callback_query": "a press is answered at once, and not kept as a payload",
    "channel_post": "a post in a channel: nobody is served there",
    "chat_member": "somebody else joined or left a group",
    "edited_channel_post": "a post in a channel: nobody is served there",
    "message_reaction_count": "signs of nobody in particular",
    "poll": "a poll went on",
    "poll_answer": "somebody answered a poll",
}
_COMMAND: Final = re.compile(r"(/[A-Za-z0-9_]{1,32})@([A-Za-z0-9_]{1,64})(?![A-Za-z0-9_])", re.ASCII)
_IN: Final = frozenset({"creator", "administrator", "member"})
#: Posts of a channel come into its discussion group under this number.
_TELEGRAM_ITSELF: Final = 777_000


def inbound_from_raw(raw: Raw, username: str = "") -> Sequence[Inbound]:
    """Read one update; a change that concerns nobody is nothing. A command to `username` is one to us.

    Raises UnsupportedError or MalformedError, and UnfinishedError while files are to be fetched.
    """
    update = fields_from_json(raw.payload)
    if update.get("maitred") == GAP:
        return (_gap(raw, update),)
    if "message" in update:
        return _said(raw.account, username, update, inner(update, "message"))
    if "edited_message" in update:
        return _edited(raw.account, update, inner(update, "edited_message"))
    if "message_reaction" in update:
        return (_reaction(raw.account, inner(update, "message_reaction")),)
    if "my_chat_member" in update:
        return _standing(raw.account, inner(update, "my_chat_member"))
    kinds = sorted(update.keys() - {"update_id"})
    if not kinds:
        raise MalformedError("the update holds nothing")
    raise UnsupportedError(_UNSERVED.get(kinds[0], f"updates of the kind {kinds[0][:40]!r} are not served"))


def lane_from_update(update: Fields, account: str) -> str:
    """The lane of the chat an update belongs to; empty where it is not plain to see.

    A group's move belongs to where it went, so that nothing said there is read before it.
    """
    for kind in ("message", "edited_message", "message_reaction", "my_chat_member"):
        if found := inner_or(update, kind):
            chat = number_or(found, "migrate_to_chat_id") or number_or(inner_or(found, "chat"), "id")
            return ids.conversation(account, chat).lane if chat else ""
    return ""


def _said(account: str, username: str, update: Fields, message: Fields) -> Sequence[Inbound]:
    chat = _chat(message)
    if (to := number_or(message, "migrate_to_chat_id")) is not None:
        return (_moved(account, chat, to, message),)
    for note in SERVICE & message.keys():
        raise UnsupportedError(f"a note of Telegram's own about a chat: {note}")
    sender, name = _sender(message, chat)
    files, kept = files_of(message), inner_or(update, "kept")
    group = text_or(message, "media_group_id")
    found = InboundMessage(
        conversation=_conversation(account, chat, message),
        external_id=_name(chat, message),
        sender=sender,
        sender_name=name,
        text=_without_name(words(message), username, is_alone=chat > 0),
        at=_at(message, "date"),
        attachments=attachments_from_files(files, kept),
        reply_to=_answered(chat, message),
        language=language_of(inner_or(message, "from")),
        album=ids.album_id(chat, one_line(group, 40)) if group else None,
        doubt=_doubt(message, chat),
        quoted=quoted(message),
    )
    if fetchable(files, kept):
        raise UnfinishedError("its files are fetched first", so_far=found)
    return (found,)


def _without_name(text: Untrusted, username: str, *, is_alone: bool) -> Untrusted:
    """`/status@OurBot` is `/status`. Raises UnsupportedError for a command to another bot, which a group may have."""
    found = _COMMAND.match(text)
    if not found or not username:
        return text
    if found[2].casefold() != username.casefold():
        if is_alone:
            return text
        raise UnsupportedError("a command to another bot")
    return Untrusted(found[1] + text[found.end() :])


def _edited(account: str, update: Fields, message: Fields) -> Sequence[Inbound]:
    chat = _chat(message)
    sender, _ = _sender(message, chat)
    if "location" in message:
        return ()  # somebody who shares where they are moves; nothing new was said
    files, kept = files_of(message), inner_or(update, "kept")
    where, at = _conversation(account, chat, message), _at(message, "edit_date")
    found = InboundEdit(where, _name(chat, message), sender, words(message), at, attachments_from_files(files, kept))
    if fetchable(files, kept):  # whether it is another file than before, its bytes say
        raise UnfinishedError("its files are fetched first")
    return (found,)


def _reaction(account: str, reaction: Fields) -> InboundReaction:
    chat = _chat(reaction)
    by = inner_or(reaction, "user") or inner_or(reaction, "actor_chat")
    if by.get("is_bot") is True:
        raise UnsupportedError("a bot's sign")
    before = [_sign(one) for one in each(reaction, "old_reaction")]
    new = [sign for one in each(reaction, "new_reaction") if (sign := _sign(one)) not in before]
    if not new:
        raise UnsupportedError("a sign was taken back")
    # Telegram does not say which topic the message is in.
    where, sender = ids.conversation(account, chat), ids.person(_id(by))
    return InboundReaction(where, _name(chat, reaction), sender, one_line(new[-1], 60), _at(reaction, "date"))


def _sign(reaction: Fields) -> str:
    if text_or(reaction, "type") == "emoji":
        return text_or(reaction, "emoji") or "?"
    return "⭐" if text_or(reaction, "type") == "paid" else "[an emoji of their own]"


def _standing(account: str, change: Fields) -> Sequence[Inbound]:
    chat, kind = _chat(change), text_or(inner(change, "chat"), "type")
    before, now = inner(change, "old_chat_member"), inner(change, "new_chat_member")
    became: PlaceChange
    if kind == "private":
        if text_or(before, "status") == text_or(now, "status"):
            return ()
        if text_or(now, "status") != "kicked" and text_or(before, "status") != "kicked":
            return ()  # the first time they come, which their first message tells
        became = "blocked" if text_or(now, "status") == "kicked" else "unblocked"
    else:
        if _is_in(before) == _is_in(now):
            return ()  # our rights changed; what they forbid, a send is told
        became = "joined" if _is_in(now) else "left"
    by = inner_or(change, "from")
    who = ids.person(_id(by)) if by else None
    title = name_of(inner(change, "chat"))
    return (InboundPlace(ids.conversation(account, chat), became, _at(change, "date"), by=who, title=title),)


def _is_in(member: Fields) -> bool:
    status = text_or(member, "status")
    return status in _IN or (status == "restricted" and member.get("is_member") is True)


def _moved(account: str, chat: int, to: int, message: Fields) -> InboundPlace:
    if to >= 0 or to == chat:
        raise MalformedError("a group moved to what is no group")
    title = name_of(inner(message, "chat"))
    old, new = ids.conversation(account, chat), ids.conversation(account, to)
    return InboundPlace(old, "moved", _at(message, "date"), title=title, to=new)


def _gap(raw: Raw, payload: Fields) -> InboundGap:
    first, last = number(payload, "from"), number(payload, "to")
    try:
        since = datetime.fromisoformat(text_or(payload, "since"))
        until = datetime.fromisoformat(text_or(payload, "until"))
    except ValueError as error:
        raise MalformedError("a gap has no moments") from error
    if since.utcoffset() != timedelta(0) or until.utcoffset() != timedelta(0) or last < first:
        raise MalformedError("a gap without a beginning or an end")
    return InboundGap(raw.channel, raw.account, last - first + 1, since.astimezone(UTC), until.astimezone(UTC))


def _chat(message: Fields) -> int:
    chat = inner(message, "chat")
    if text_or(chat, "type") == "channel":
        raise UnsupportedError("a channel: nobody is served there")
    return _id(chat)


def _id(fields: Fields) -> int:
    found = number(fields, "id")
    if not found:
        raise MalformedError("an id is zero")
    return found


def _name(chat: int, message: Fields) -> str:
    found = number(message, "message_id")
    if found <= 0:
        raise MalformedError("a message without a number")
    return ids.message_id(chat, found)


def _at(fields: Fields, name: str) -> datetime:
    return ids.moment_from_seconds(number(fields, name))


def _conversation(account: str, chat: int, message: Fields) -> Conversation:
    """A topic is one only where Telegram says so: in other groups the same field names a chain of answers."""
    topic = number_or(message, "message_thread_id")
    is_topic = message.get("is_topic_message") is True and topic is not None and topic > 0 and chat < 0
    return ids.conversation(account, chat, topic if is_topic else None)


def _sender(message: Fields, chat: int) -> tuple[Identity, Untrusted]:
    """Who said it. Raises UnsupportedError for bots, and for posts that a channel brings into its group."""
    if message.get("is_automatic_forward") is True:
        raise UnsupportedError("a post of the channel that belongs to the group")
    user = inner_or(message, "from")
    if behind := inner_or(message, "sender_chat"):
        return ids.person(_id(behind)), name_of(behind) or name_of(inner_or(message, "chat"))
    if user.get("is_bot") is True:
        raise UnsupportedError("a bot wrote this")
    if number_or(user, "id") == _TELEGRAM_ITSELF:
        raise UnsupportedError("Telegram itself wrote this")
    if not user and chat > 0:
        raise MalformedError("the message names no sender")
    return ids.person(_id(user)), name_of(user)


def _doubt(message: Fields, chat: int) -> str:
    """Why nobody can say who wrote it, where somebody hides behind a group or a channel."""
    behind = number_or(inner_or(message, "sender_chat"), "id")
    if behind is None:
        return ""
    if behind != chat:
        return "written in the name of a channel"
    return "written in the group's own name, by an administrator of it"


def _answered(chat: int, message: Fields) -> str | None:
    """The message this one answers; in a topic whatever answers nothing answers the note that opened the topic."""
    found = number_or(inner_or(message, "reply_to_message"), "message_id")
    if found is None or found <= 0:
        return None
    if message.get("is_topic_message") is True and found == number_or(message, "message_thread_id"):
        return None
    return ids.message_id(chat, found)
