"""What people press in Slack, in our words: buttons, forms, the command and the shortcut under a message. Pure.

    block_actions      a button of a card, or of somebody's home
    view_submission    a form that was filled in; what it asked for stands in its `private_metadata`
    message_action     the shortcut under a message
    /desk              the command, which comes as the fields of a form and not as JSON

Who presses is the acting person with the workspace they belong to; nothing follows from where they press.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.errors import MalformedError, UnsupportedError
from adapters.message import Conversation, Identity
from adapters.port import Press
from adapters.shapes import Fields, each, inner, inner_or, text, text_or
from adapters.slack import ids, markup
from adapters.slack.convert import our_team

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: The last moment that is written with four digits for the year.
_LAST_MOMENT: Final = 253_402_300_799
_KEY_SIZE: Final = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A form's own memory: what was pressed to open it, and where, and in which thread its answer may be whispered."""

    action: str
    value: str
    address: str = ""
    thread: str = ""

    def to_text(self) -> str:
        return json.dumps([self.action, self.value, self.address, self.thread], separators=(",", ":"))


def asked_from_text(metadata: str) -> Asked:
    """Undo `Asked.to_text`. Raises MalformedError."""
    try:
        found = json.loads(metadata)
    except (ValueError, RecursionError) as error:
        raise MalformedError("the form does not say what it is for") from error
    if not (
        isinstance(found, list) and len(found) == len(fields(Asked)) and all(isinstance(one, str) for one in found)
    ):
        raise MalformedError("the form does not say what it is for")
    return Asked(*found)


def press_from_payload(payload: Fields, *, account: str, at: datetime) -> Press:
    """Read an interaction, or the fields of a command. Raises UnsupportedError or MalformedError."""
    if "command" in payload:
        return _command(payload, account, at)
    match kind := text(payload, "type"):
        case "block_actions":
            return _button(payload, account, at)
        case "view_submission":
            return _form(payload, account, at)
        case "message_action":
            return _shortcut(payload, account, at)
    raise UnsupportedError(f"interactions of the kind {kind[:40]!r} are not served")


def press_from_event(envelope: Fields, *, account: str, at: datetime) -> Press | None:
    """Somebody opened their home in our app; None for every other event."""
    event = inner_or(envelope, "event")
    if event.get("type") != "app_home_opened" or text_or(event, "tab", "home") != "home":
        return None
    user, team = text_or(event, "user"), our_team(envelope)
    if not ids.USER.fullmatch(user) or not ids.TEAM.fullmatch(team):
        return None
    where = ids.direct(account, team, user)
    return Press(_key(ids.external_id_of(envelope)), ids.person(team, user), "home.open", "", at, conversation=where)


def where_pressed(payload: Fields, account: str) -> Conversation | None:
    """The conversation that what was pressed stands in; for a home, the direct messages with its owner.

    A card at the top of a channel stands in the channel; a message somebody wrote there is the first of its thread.
    """
    if text_or(payload, "type") == "view_submission":
        asked = asked_from_text(text_or(inner(payload, "view"), "private_metadata"))
        return Conversation(_by(payload).channel, account, asked.address) if asked.address else None
    container, message = inner_or(payload, "container"), inner_or(payload, "message")
    channel = (
        text_or(inner_or(payload, "channel"), "id")
        or text_or(container, "channel_id")
        or text_or(payload, "channel_id")
    )
    if channel.startswith("D") or not channel:
        return Conversation(_by(payload).channel, account, _by(payload).address)
    ts = thread_pressed(payload)
    if text_or(payload, "type") == "message_action":
        ts = ts or text_or(message, "ts")
    team = _our_team(payload)
    if not ids.CHANNEL.fullmatch(channel) or not ids.TEAM.fullmatch(team):
        raise MalformedError("the interaction names no place")
    if not ids.TS.fullmatch(ts):
        return Conversation(_by(payload).channel, account, f"{team}/{channel}")
    return ids.thread(account, team, channel, ts)


def thread_pressed(payload: Fields) -> str:
    """The thread that what was pressed stands in; empty for the first of a thread, which stands in the channel."""
    if text_or(payload, "type") == "view_submission":
        return asked_from_text(text_or(inner(payload, "view"), "private_metadata")).thread
    container, message = inner_or(payload, "container"), inner_or(payload, "message")
    thread = text_or(message, "thread_ts") or text_or(container, "thread_ts")
    is_in_one = ids.TS.fullmatch(thread) and thread != (text_or(message, "ts") or text_or(container, "message_ts"))
    return thread if is_in_one else ""


def _command(payload: Fields, account: str, at: datetime) -> Press:
    name = text(payload, "command").removeprefix("/")
    words = markup.read(text_or(payload, "text"), {}).strip()
    key = _key(text(payload, "trigger_id"))
    return Press(key, _by(payload), name, words, at, conversation=where_pressed(payload, account))


def _button(payload: Fields, account: str, at: datetime) -> Press:
    pressed = next(iter(each(payload, "actions")), None)
    if pressed is None:
        raise MalformedError("nothing was pressed")
    if text_or(pressed, "type", "button") != "button" or "url" in pressed:
        raise UnsupportedError("only buttons are pressed")
    key = _key(text(payload, "trigger_id"))
    action, value = _action(text(pressed, "action_id")), text_or(pressed, "value")
    return Press(key, _by(payload), action, value, at, conversation=where_pressed(payload, account))


def _action(action_id: str) -> str:
    """A button's action; what stands after `#` tells two buttons of one row apart that do the same."""
    return action_id.partition("#")[0]


def _form(payload: Fields, account: str, at: datetime) -> Press:
    view = inner(payload, "view")
    asked = asked_from_text(text_or(view, "private_metadata"))
    filled_in = _filled_in(inner_or(inner_or(view, "state"), "values"))
    # Slack lets a form be sent twice before it closes: the same words in the same form are the same press.
    digest = hashlib.sha256(json.dumps(sorted(filled_in.items())).encode()).hexdigest()[:16]
    key = _key(f"{text(view, 'id')}:{digest}")
    where = where_pressed(payload, account)
    return Press(key, _by(payload), asked.action, asked.value, at, filled_in, where)


def _filled_in(blocks: Fields) -> Mapping[str, str]:
    """What every field of a form holds; the block and the element in it have the field's name."""
    filled_in: dict[str, str] = {}
    for name, elements in blocks.items():
        for element in elements.values() if isinstance(elements, Mapping) else ():
            if isinstance(element, Mapping):
                filled_in[name] = _value(element)
    return filled_in


def _value(element: Fields) -> str:
    match text_or(element, "type"):
        case "static_select":
            return text_or(inner_or(element, "selected_option"), "value")
        case "datetimepicker":
            seconds = element.get("selected_date_time")
            if type(seconds) is not int or not 0 <= seconds <= _LAST_MOMENT:
                return ""
            return (_EPOCH + timedelta(seconds=seconds)).isoformat()
    return text_or(element, "value").strip()


def _shortcut(payload: Fields, account: str, at: datetime) -> Press:
    message = inner(payload, "message")
    channel, ts = text(inner(payload, "channel"), "id"), text(message, "ts")
    if not ids.CHANNEL.fullmatch(channel) or not ids.TS.fullmatch(ts):
        raise MalformedError("the shortcut names no message")
    return Press(
        _key(text(payload, "trigger_id")),
        _by(payload),
        text(payload, "callback_id"),
        ids.message_id(channel, ts),
        at,
        {"text": markup.read(text_or(message, "text"), {})},
        where_pressed(payload, account),
    )


def _by(payload: Fields) -> Identity:
    """The acting person. Raises MalformedError where the payload names none."""
    if "command" in payload:
        user, team = text_or(payload, "user_id"), text_or(payload, "team_id")
    else:
        acting = inner(payload, "user")
        user = text_or(acting, "id")
        team = text_or(acting, "team_id") or text_or(inner_or(payload, "team"), "id")
    if not ids.USER.fullmatch(user) or not ids.TEAM.fullmatch(team):
        raise MalformedError("the interaction names nobody")
    return ids.person(team, user)


def _our_team(payload: Fields) -> str:
    """The workspace of our app: Slack names it beside the acting person's own."""
    view_team = text_or(inner_or(payload, "view"), "app_installed_team_id")
    return view_team or text_or(inner_or(payload, "team"), "id") or text_or(payload, "team_id")


def _key(name: str) -> str:
    return f"slack:{name[:_KEY_SIZE]}"
