"""What people press in Telegram: what stands behind a button, the desk's answer, and telling it where it was pressed.

    a short answer     a sentence that is gone after a moment; a refusal stays until it is closed
    a longer one       a message that answers the one that was pressed under

Every press is answered, or Telegram shows for a long time that something is being done. What is not ours, was made for
another chat or is forgotten by now is answered too, and has no effect.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Final

import structlog

from adapters.errors import DeliveryError, DeskAwayError, TemporaryError
from adapters.message import Conversation
from adapters.port import Answer, Ask, Press
from adapters.shapes import Fields, inner_or
from adapters.telegram import ids
from adapters.telegram.markup import LONGEST_TEXT, LONGEST_TOAST, as_written, for_our_people, shortened
from adapters.telegram.memory import Buttons, Kept
from adapters.telegram.numbers import number_or
from adapters.telegram.pacing import PacedWeb
from adapters.telegram.places import Moves, place_of
from adapters.telegram.refusals import RefusedError
from adapters.telegram.speaking import Speaker, Spot, text_call
from adapters.telegram.words import language_of
from adapters.text import clean, utf16_size

log = structlog.get_logger()

_LONGEST_NAME: Final = 64
_LONGEST_KEY: Final = 100
#: Anybody can send anything; what no name of ours looks like is not looked for, and no store has to bear it.
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_REMEMBERED: Final = 1_000
#: Buttons below words to clients.
_CLIENTS: Final = "client."
#: Rests after which an answer is tried again; by then nobody waits for it.
_PAUSES_S: Final = (0.5, 1.0, 3.0, 5.0)
#: The moment to answer has passed: nobody waits for it any more.
_TOO_OLD: Final = ("query is too old", "QUERY_ID_INVALID")


class Presses:
    """Asks the desk. `say` gives the channel's own words by name, in whoever's language Telegram names."""

    def __init__(
        self,
        web: PacedWeb,
        speaker: Speaker,
        moves: Moves,
        buttons: Buttons,
        now: Callable[[], datetime],
        *,
        account: str,
        say: Callable[[str, str | None], str],
    ) -> None:
        self._web = web
        self._speaker = speaker
        self._moves = moves
        self._buttons = buttons
        self._now = now
        self._account = account
        self._say = say
        self._following: set[asyncio.Task[None]] = set()
        #: Presses whose people know already that the desk is away.
        self._put_off: dict[str, None] = {}

    async def answer(self, query: Mapping[str, Any], ask: Ask) -> None:
        """Ask the desk and come back once it has decided; the answer is told meanwhile.

        `query` is a callback query of an update. Raises DeskAwayError: nothing was decided, the press has to come
        again. What cannot be read is passed over.
        """
        name, by = query.get("id"), number_or(inner_or(query, "from"), "id")
        if not isinstance(name, str) or not name or by is None:
            log.warning("a press cannot be read", channel="telegram")
            return
        try:
            where, answer, is_ours = await self._asked(query, f"telegram:{name[:_LONGEST_KEY]}", by, ask)
        except DeskAwayError:
            self._put(name, self._say("press_again", _language(query)))
            raise
        except Exception:  # said by whoever reads the updates; the presser is not left waiting meanwhile
            self._follow(self._show(name, "", is_alert=False))
            raise
        self._follow(self._tell(name, where, answer, is_ours=is_ours))

    async def drain(self) -> None:
        """Wait until everything that was decided has been told."""
        while self._following:
            await asyncio.wait(self._following)

    async def close(self) -> None:
        """Tell nothing more."""
        following = list(self._following)
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)

    async def _asked(self, query: Mapping[str, Any], key: str, by: int, ask: Ask) -> tuple[Spot | None, Answer, bool]:
        """Where it was pressed, the answer, and whether that is for our own people."""
        message = inner_or(query, "message")
        chat, number = number_or(inner_or(message, "chat"), "id"), number_or(message, "message_id")
        button = query.get("data")
        kept = None
        if isinstance(button, str) and len(button) <= _LONGEST_NAME and _NAME.fullmatch(button):
            kept = await self._buttons.find(button)
        if kept is None:
            return None, Answer(self._say("press_unknown", _language(query)), is_refused=True), False
        if chat is None or number is None or self._moves.now_at(place_of(kept.conversation).chat) != chat:
            log.warning("a button was pressed in another chat", channel="telegram")
            return None, Answer(self._say("press_elsewhere", _language(query)), is_refused=True), False
        where = self._pressed_in(message, chat, kept)
        press = Press(
            key,
            ids.person(by),
            kept.action,
            kept.value,
            self._now(),
            conversation=where,
            under=ids.message_id(chat, number),
            language=_language(query),
        )
        is_ours = not kept.action.startswith(_CLIENTS)
        return Spot(chat, place_of(where).topic, number), await ask(press), is_ours

    def _pressed_in(self, message: Fields, chat: int, kept: Kept) -> Conversation:
        """The chat, and the topic of it that the message says it stands in."""
        thread = number_or(message, "message_thread_id") if message.get("is_topic_message") is True else None
        return kept.conversation if thread is None or chat > 0 else ids.conversation(self._account, chat, thread)

    def _put(self, name: str, words: str) -> None:
        """Say once that the desk is away; the press itself comes again."""
        if name in self._put_off:
            return
        if len(self._put_off) >= _REMEMBERED:
            self._put_off.clear()
        self._put_off[name] = None
        self._follow(self._show(name, words, is_alert=False))

    async def _tell(self, name: str, where: Spot | None, answer: Answer, *, is_ours: bool) -> None:
        words = clean(answer.text).strip()
        is_short = utf16_size(words) <= LONGEST_TOAST
        is_shown = await self._show(name, words if is_short else "", is_alert=answer.is_refused and is_short)
        # Who was told to wait, or pressed long ago, sees what a card does not show only in words of its own.
        if words and where is not None and (not is_short or (not is_shown and answer.is_refused)):
            text = as_written(shortened(for_our_people(words) if is_ours else words, LONGEST_TEXT))
            await self._speaker.say(where, lambda is_plain: text_call(text, is_plain=is_plain))

    async def _show(self, name: str, words: str, *, is_alert: bool) -> bool:
        """False where Telegram lets nobody answer it any more."""
        arguments = {"callback_query_id": name, "text": words or None, "show_alert": True if is_alert else None}
        for pause_s in _PAUSES_S:
            try:
                await self._web.call("answerCallbackQuery", arguments)
            except TemporaryError as error:
                rest_s = error.retry_after.total_seconds() if error.retry_after is not None else 0
                await asyncio.sleep(max(rest_s, pause_s))
            except RefusedError as error:
                if not any(error.says(old) for old in _TOO_OLD):
                    raise
                return False
            else:
                return True
        return False

    def _follow(self, telling: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(_supervised(telling), name="telegram answer")
        self._following.add(task)
        task.add_done_callback(self._following.discard)


def _language(query: Fields) -> str | None:
    """What the presser's Telegram speaks."""
    return language_of(inner_or(query, "from"))


async def _supervised(telling: Coroutine[Any, Any, object]) -> None:
    try:
        await telling
    except (DeliveryError, DeskAwayError) as error:
        log.warning("an answer was not shown", channel="telegram", reason=str(error))
