"""What a press is answered with, as Slack wants it: in the acknowledgement itself, in a window, or whispered. Pure.

    a button, a shortcut     a text is whispered where it was pressed; a form opens
    a form                   mistakes stand beside their fields; a refusal takes the form's place; else it closes
    a command                a text is the command's own answer, for whoever wrote it alone

On somebody's home nothing can be whispered, and the direct messages in which a shortcut is chosen may be none of ours,
so a text opens a window there. Where Slack opens none it is whispered after all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.card import Form
from adapters.message import Conversation
from adapters.port import Answer, Press
from adapters.shapes import Fields, each, inner_or, text_or
from adapters.slack.cards import told, view_from_form, view_from_notice
from adapters.slack.presses import thread_pressed


@dataclass(frozen=True, slots=True)
class Whisper:
    """A sentence that only one person sees, where they pressed: in a thread, or beside what they pressed."""

    conversation: Conversation
    user: str
    text: str
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """`body` goes with the acknowledgement. What follows it is called afterwards: a window, a whisper.

    `instead` is whispered where Slack would not open the window; without words of its own, it asks to press again.
    `late_to` is Slack's own address for what is said to whoever pressed, also in a place that the app is no member of;
    empty where Slack gave none.
    """

    body: Mapping[str, Any] = field(default_factory=dict)
    view: Mapping[str, Any] | None = None
    trigger_id: str = ""
    whisper: Whisper | None = None
    instead: Whisper | None = None
    late_to: str = ""

    @property
    def is_followed(self) -> bool:
        """Whether anything is called after the acknowledgement."""
        return self.view is not None or self.whisper is not None


def response_for(payload: Fields, press: Press, answer: Answer, *, title: str) -> Response:
    """`title` heads a window that holds a sentence alone: the app's own name."""
    response = _response(payload, press, answer, title)
    if response.view is not None:
        response = replace(response, instead=whisper_to(payload, press, answer.text))
    return replace(response, late_to=text_or(payload, "response_url")) if response.is_followed else response


def _response(payload: Fields, press: Press, answer: Answer, title: str) -> Response:
    if press.action == "home.open":
        return Response()
    if "command" in payload:
        return _to_command(payload, press, answer)
    if text_or(payload, "type") == "view_submission":
        return _to_form(payload, press, answer, title)
    trigger = text_or(payload, "trigger_id")
    if answer.form is not None:
        return Response(view=_window(payload, press, answer.form), trigger_id=trigger)
    if not answer.text:
        return Response()
    if text_or(inner_or(payload, "container"), "type") == "view" or _is_shortcut_in_direct(payload):
        return Response(view=view_from_notice(title, answer.text), trigger_id=trigger)
    return Response(whisper=whisper_to(payload, press, answer.text))


def _is_shortcut_in_direct(payload: Fields) -> bool:
    is_direct = text_or(inner_or(payload, "channel"), "id").startswith("D")
    return is_direct and text_or(payload, "type") == "message_action"


def _to_command(payload: Fields, press: Press, answer: Answer) -> Response:
    if answer.form is not None:
        view = _window(payload, press, answer.form)
        return Response(view=view, trigger_id=text_or(payload, "trigger_id"))
    return Response({"response_type": "ephemeral", **told(answer.text)} if answer.text else {})


def _to_form(payload: Fields, press: Press, answer: Answer, title: str) -> Response:
    if answer.errors:
        blocks = [text_or(block, "block_id") for block in each(inner_or(payload, "view"), "blocks")]
        fields = [block for block in blocks if block in press.fields] or list(press.fields)
        return Response({"response_action": "errors", "errors": _by_field(answer.errors, fields)})
    if answer.form is not None:
        view = _window(payload, press, answer.form)
        return Response({"response_action": "update", "view": view})
    if answer.is_refused and answer.text:
        return Response({"response_action": "update", "view": view_from_notice(title, answer.text)})
    return Response(whisper=whisper_to(payload, press, answer.text) if answer.text else None)


def _by_field(errors: Mapping[str, str], fields: list[str]) -> Mapping[str, str]:
    """Slack shows only what stands under a field of the form; the rest goes under the first."""
    shown = {name: words for name, words in errors.items() if name in fields}
    others = [words for name, words in errors.items() if name not in fields]
    if others and fields:
        shown[fields[0]] = " ".join([*([shown[fields[0]]] if fields[0] in shown else []), *others])
    return shown


def whisper_to(payload: Fields, press: Press, text: str) -> Whisper | None:
    """A sentence for whoever pressed; None where there is no place for one."""
    if press.conversation is None:
        return None
    return Whisper(press.conversation, press.by.address.partition("/")[2], text, thread_pressed(payload) or None)


def _window(payload: Fields, press: Press, form: Form) -> dict[str, Any]:
    address = press.conversation.address if press.conversation is not None else ""
    return view_from_form(form, address, thread_pressed(payload))
