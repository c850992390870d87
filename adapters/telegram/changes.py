"""What stands in a chat already, changed in place.

What reads so already is a success. A card whose message is gone is said anew, because somebody works with it; a
client's message that is gone is a failure, and its author is told.

A bot may change its own messages for ever, and take back those of the last two days. So a part too many of a message
that has become shorter is deleted, or, too old for that, blanked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from adapters.card import OutboundCard
from adapters.errors import PermanentError
from adapters.message import OutboundMessage, Receipt
from adapters.telegram.drawing import FIRST_FILE, Step, card_of, texts_of, words_of
from adapters.telegram.markup import LONGEST_CAPTION, NOTHING, Drawn, as_written
from adapters.telegram.memory import Parts
from adapters.telegram.pacing import PacedWeb
from adapters.telegram.places import message_of
from adapters.telegram.posts import Posts
from adapters.telegram.refusals import RefusedError
from adapters.telegram.speaking import QUIET, Speaker

_GONE: Final = (
    "message to edit not found",
    "message can't be edited",
    "MESSAGE_ID_INVALID",
    "group chat was upgraded",  # what stands in the chat it was before stays as it is
)
_IS_FILE: Final = "no text in the message to edit"
_BETWEEN_S: Final = 1.2


class Changes:
    """Edits messages, all their parts."""

    def __init__(
        self, web: PacedWeb, posts: Posts, speaker: Speaker, parts: Parts, now: Callable[[], datetime]
    ) -> None:
        self._web = web
        self._posts = posts
        self._speaker = speaker
        self._parts = parts
        self._now = now

    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        """Raises a DeliveryError, or DeskAwayError."""
        if isinstance(message, OutboundCard):
            return await self._redraw(external_id, message)
        try:
            await self._reword(external_id, message)
        except RefusedError as error:
            if error.migrated_to is not None:  # nothing that follows the group to its new number changes this
                raise PermanentError("the message stands where the group was before") from error
            raise
        return Receipt(external_id, self._now())

    async def _redraw(self, external_id: str, message: OutboundCard) -> Receipt:
        markup = await self._posts.reply_markup(message)
        try:
            await self._change(external_id, card_of(message), markup)
        except RefusedError as error:
            if not _is_gone(error):
                raise
            return await self._posts.send(replace(message, replaces=None))
        return Receipt(external_id, self._now())

    async def _reword(self, external_id: str, message: OutboundMessage) -> None:
        key, stands = await self._parts.beside(external_id) or (message.key, {0: external_id})
        words = words_of(message) or NOTHING
        markup = await self._posts.reply_markup(message)
        texts = texts_of(message, words)
        try:
            await self._change(external_id, texts[0], markup if len(texts) == 1 else None)
        except RefusedError as error:
            if not error.says(_IS_FILE):
                raise
            texts = texts_of(message, words, first=LONGEST_CAPTION)
            await self._change(external_id, texts[0], markup if len(texts) == 1 else None, is_caption=True)
        await self._reword_rest(key, stands, texts, markup, message)

    async def _reword_rest(
        self,
        key: str,
        stands: Mapping[int, str],
        texts: Sequence[Drawn],
        markup: Mapping[str, Any] | None,
        message: OutboundMessage,
    ) -> None:
        new: dict[int, Step] = {}
        for number, text in enumerate(texts[1:], 1):
            below = markup if number == len(texts) - 1 else None
            if number not in stands or not await self._is_changed(stands[number], text, below):
                new[number] = Step(number, text)
        for number, external_id in stands.items():
            if len(texts) <= number < FIRST_FILE:
                await self._take_back(external_id)
        if new:
            spot = await self._speaker.spot_of(message)
            beside = {number: external_id for number, external_id in stands.items() if number not in new}
            await self._posts.add(spot, key, new, markup, beside=beside)

    async def _is_changed(self, external_id: str, text: Drawn, markup: Mapping[str, Any] | None) -> bool:
        """False where it is gone."""
        try:
            await self._change(external_id, text, markup)
        except RefusedError as error:
            if not _is_gone(error):
                raise
            return False
        return True

    async def _change(
        self, external_id: str, text: Drawn, markup: Mapping[str, Any] | None, *, is_caption: bool = False
    ) -> None:
        chat, number = message_of(external_id)
        where = {"chat_id": chat, "message_id": number, "reply_markup": markup}
        name, method = ("caption", "editMessageCaption") if is_caption else ("text", "editMessageText")
        quiet = {} if is_caption else QUIET
        try:
            try:
                drawn = {name: text.html, "parse_mode": "HTML"}
                await self._web.call(method, {**where, **drawn, **quiet}, patience=_BETWEEN_S)
            except RefusedError as error:
                if not error.is_unreadable_markup:
                    raise
                await self._web.call(method, {**where, name: text.plain, **quiet}, patience=_BETWEEN_S)
        except RefusedError as error:
            if not error.is_unchanged:
                raise

    async def _take_back(self, external_id: str) -> None:
        chat, number = message_of(external_id)
        try:
            await self._web.call("deleteMessage", {"chat_id": chat, "message_id": number})
        except RefusedError:
            await self._is_changed(external_id, as_written(NOTHING), None)


def _is_gone(error: RefusedError) -> bool:
    return any(error.says(words) for words in _GONE)
