"""One message put into a chat, whatever little stands in its way.

    our markup cannot be read            said once more without any
    the topic was deleted                made anew, where it is one of ours
    the topic was closed to us           said beside it, where it is one of ours

Everything else is told to whoever sends; that the group has another number, too: the desk moves everything there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from adapters.card import OutboundCard
from adapters.errors import PermanentError
from adapters.message import OutboundMessage, Topic
from adapters.telegram.gate import Gate
from adapters.telegram.markup import Drawn
from adapters.telegram.pacing import PATIENCE_S, PacedWeb
from adapters.telegram.places import Moves, message_of, place_of
from adapters.telegram.refusals import RefusedError
from adapters.telegram.topics import Topics
from adapters.telegram.uploads import Call

log = structlog.get_logger()

#: More than all that can stand in the way of one message.
_TRIES: Final = 3
_LOST_TOPIC: Final = ("message thread not found", "TOPIC_DELETED", "TOPIC_ID_INVALID")
_CLOSED_TOPIC: Final = "TOPIC_CLOSED"
QUIET: Final[Mapping[str, Any]] = {"link_preview_options": {"is_disabled": True}}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a message goes: a chat, a topic of it, and the message it answers. `topic` is set where it is ours."""

    chat: int
    thread: int | None = None
    reply_to: int | None = None
    topic: Topic | None = None


class Speaker:
    """Says one thing at one spot."""

    def __init__(self, web: PacedWeb, topics: Topics, moves: Moves) -> None:
        self._web = web
        self._topics = topics
        self._moves = moves

    async def spot_of(self, message: OutboundMessage | OutboundCard) -> Spot:
        """Raises a DeliveryError, or DeskAwayError."""
        place = place_of(message.conversation)
        chat = self._moves.now_at(place.chat)
        reply_to = self._answered(message.reply_to, chat)
        if place.topic is not None or message.topic is None or place.is_person:
            return Spot(chat, place.topic, reply_to)
        try:
            thread = await self._topics.thread_of(chat, message.topic)
        except RefusedError as error:
            if error.migrated_to is not None:
                self._moves.learn(chat, error.migrated_to)
            raise
        return Spot(chat, thread, reply_to, message.topic if thread is not None else None)

    async def say(
        self,
        spot: Spot,
        call: Callable[[bool], Call],
        *,
        reply_markup: Mapping[str, Any] | None = None,
        patience: float = PATIENCE_S,
        is_silent: bool = False,
        gate: Gate | None = None,
    ) -> Any:  # noqa: ANN401 - what the Bot API says
        """What was made. `call` draws it, plainly when asked for True. Raises a DeliveryError, or DeskAwayError."""
        is_plain = False
        for _ in range(_TRIES):
            drawn = call(is_plain)
            reply = {"message_id": spot.reply_to, "allow_sending_without_reply": True} if spot.reply_to else None
            arguments = {
                "chat_id": spot.chat,
                "message_thread_id": spot.thread,
                **drawn.arguments,
                "reply_parameters": reply,
                "reply_markup": reply_markup,
                "disable_notification": True if is_silent else None,
            }
            try:
                return await self._web.call(
                    drawn.method, arguments, files=drawn.files, gate=gate, count=drawn.count, patience=patience
                )
            except RefusedError as error:
                if error.migrated_to is not None:
                    self._moves.learn(spot.chat, error.migrated_to)
                    raise
                if error.is_unreadable_markup and not is_plain:
                    is_plain = True
                elif spot.topic is not None and any(error.says(words) for words in _LOST_TOPIC):
                    thread = await self._topics.thread_of(spot.chat, spot.topic, lost=spot.thread)
                    spot = replace(spot, thread=thread, reply_to=None)
                elif spot.topic is not None and spot.thread is not None and error.says(_CLOSED_TOPIC):
                    log.warning("a topic is closed to the bot", channel="telegram", place=spot.chat)
                    spot = replace(spot, thread=None, reply_to=None)
                else:
                    raise
        raise PermanentError("Telegram refuses it whatever way it is said")

    def _answered(self, external_id: str | None, chat: int) -> int | None:
        """The message that is answered, if it stands in this very chat: one has no answers in another."""
        if external_id is None:
            return None
        try:
            there, number = message_of(external_id)
        except PermanentError:
            return None
        return number if there == chat else None


def text_call(text: Drawn, *, is_plain: bool) -> Call:
    """Words alone."""
    return Call("sendMessage", text_arguments(text, is_plain=is_plain), {}, 1)


def text_arguments(text: Drawn, *, is_plain: bool) -> Mapping[str, Any]:
    """Words, with their markup or without, and no preview of a page they name."""
    return {"text": text.plain, **QUIET} if is_plain else {"text": text.html, "parse_mode": "HTML", **QUIET}
