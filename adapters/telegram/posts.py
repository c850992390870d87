"""Words, files and cards on their way out, and changed where they stand.

A message that takes several calls keeps after each of them what Telegram has taken, so whatever interrupts it, a crash
among them, costs at most a repeat of the one that was under way. A message that takes one call keeps nothing: its
receipt says it all.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from adapters.card import OutboundCard
from adapters.errors import DeskAwayError, PermanentError, TemporaryError
from adapters.message import Conversation, OutboundMessage, Receipt
from adapters.telegram.cards import keyboard
from adapters.telegram.drawing import FIRST_FILE, Layout, Step, layout
from adapters.telegram.gate import Gate
from adapters.telegram.memory import Memory
from adapters.telegram.pacing import PATIENCE_S
from adapters.telegram.places import external_id_from_message, place_of
from adapters.telegram.refusals import RefusedError
from adapters.telegram.speaking import Speaker, Spot, text_call
from adapters.telegram.uploads import Going, KeptFiles, Load, as_files, call_for, contents_of

_FORCED: Final[Mapping[str, Any]] = {"force_reply": True, "selective": True}
#: Between two parts of one message; after so many the outbox may see to others first.
_PATIENCE_BETWEEN_S: Final = 1.2
_PARTS_IN_A_ROW: Final = 3
_REMEMBERED: Final = 500
_FORBIDDEN: Final = 403
_NOT_THERE: Final = ("chat not found", "user not found", "PEER_ID_INVALID")


class Posts:
    """Says what is new; `Changes` sees to what stands there already."""

    def __init__(
        self,
        speaker: Speaker,
        memory: Memory,
        files: KeptFiles,
        now: Callable[[], datetime],
        *,
        patience_s: float,
    ) -> None:
        """`patience_s` is how long a send waits for its files."""
        self._speaker = speaker
        self._memory = memory
        self._files = files
        self._now = now
        self._going = Going(patience_s)
        #: What Telegram has taken and the desk could not keep yet.
        self._fresh: dict[str, dict[int, str]] = {}

    async def send(self, message: OutboundMessage | OutboundCard) -> Receipt:
        """Say it, all parts and files. Raises a DeliveryError; sent again with its key, it goes on where it stopped."""
        if isinstance(message, OutboundMessage) and (only_to := _alone_to(message)) is not None:
            return await self._whisper(message, only_to)
        return await self._say(message)

    async def finish(self, message: OutboundMessage | OutboundCard) -> Receipt | None:
        """The receipt, if it is known that all of it arrived; None where nobody can tell.

        Files that are still on their way are waited for, as `send` does.
        """
        if isinstance(message, OutboundMessage) and message.only_to is not None:
            return None
        if self._going.has(message.key):
            return await self._say(message)
        plan = layout(message)
        if plan.is_single:
            return None
        stands = await self._taken(message.key)
        if any(position not in stands for position in plan.positions):
            return None
        return Receipt(stands[plan.steps[0].position], self._now())

    async def add(
        self,
        spot: Spot,
        key: str,
        steps: Mapping[int, Step],
        markup: Mapping[str, Any] | None,
        *,
        beside: Mapping[int, str],
    ) -> None:
        """Further parts of a message that has grown, each at its position; `markup` below the last.

        `beside` is what stands of it: what was one message is found again as a part from now on.
        """
        for number, (position, step) in enumerate(sorted(steps.items()), 1):
            made = await self._made(spot, key, step, markup if number == len(steps) else None, _PATIENCE_BETWEEN_S)
            await self._take(key, {**beside, position: made[0]})

    async def reply_markup(self, message: OutboundMessage | OutboundCard) -> Mapping[str, Any] | None:
        """What stands below it: its buttons, else, for a question, the field to answer it in."""
        buttons = message.card.buttons if isinstance(message, OutboundCard) else message.buttons
        if buttons:
            return keyboard(buttons, await self._memory.buttons.keep(message.conversation, buttons))
        return _FORCED if isinstance(message, OutboundMessage) and message.asks else None

    async def close(self) -> None:
        await self._going.close()

    async def _say(self, message: OutboundMessage | OutboundCard) -> Receipt:
        plan = layout(message)
        stands = {} if plan.is_single else await self._taken(message.key)
        if not plan.is_single and not stands:
            await self._check_files(plan)
        spot = await self._speaker.spot_of(message)
        markup = await self.reply_markup(message)
        said = 0
        for step in plan.steps:
            if step.position in stands:
                continue
            patience = _PATIENCE_BETWEEN_S if 0 < said < _PARTS_IN_A_ROW else PATIENCE_S
            below = markup if plan.keyed == step.position else None
            try:
                made = await self._made(spot, message.key, step, below, patience)
            except PermanentError as error:
                is_moved = isinstance(error, RefusedError) and error.migrated_to is not None
                if stands and not is_moved:  # where it moved to it goes on
                    raise PermanentError(f"only a part of it arrived: {error}") from error
                raise
            said += 1
            taken = dict(zip(step.positions, made, strict=False))
            stands = {**stands, **taken}
            if not plan.is_single:
                await self._take(message.key, taken)
        self._fresh.pop(message.key, None)
        return Receipt(stands[plan.steps[0].position], self._now())

    async def _whisper(self, message: OutboundMessage, only_to: str) -> Receipt:
        """To the person alone, if they ever spoke to the bot; else where they are, for all to see."""
        where = Conversation(message.conversation.channel, message.conversation.account, only_to)
        try:
            return await self._say(replace(message, conversation=where, only_to=None, topic=None))
        except RefusedError as error:
            if error.code != _FORBIDDEN and not any(error.says(words) for words in _NOT_THERE):
                raise
        return await self._say(message)

    async def _made(
        self, spot: Spot, key: str, step: Step, markup: Mapping[str, Any] | None, patience: float
    ) -> list[str]:
        """Our names for what one step made."""
        if step.load is None:
            text = step.text
            assert text is not None  # noqa: S101 - a step holds words or files
            made = await self._speaker.say(
                spot, lambda is_plain: text_call(text, is_plain=is_plain), reply_markup=markup, patience=patience
            )
        else:
            hand_over = partial(self._handed_over, spot, step, step.load, markup, patience)
            made = await self._going.result(key, step.position, hand_over)
        return [external_id_from_message(one) for one in (made if isinstance(made, list) else [made])]

    async def _handed_over(
        self, spot: Spot, step: Step, load: Load, markup: Mapping[str, Any] | None, patience: float, gate: Gate
    ) -> Any:  # noqa: ANN401 - what the Bot API says
        contents = await contents_of(load, self._files)
        try:
            call = partial(call_for, load, contents, step.text)
            return await self._speaker.say(spot, call, reply_markup=markup, patience=patience, gate=gate)
        except RefusedError as error:
            if load.kind != "photo" or not (error.says("PHOTO_") or error.says("IMAGE_")):
                raise
        call = partial(call_for, as_files(load), contents, step.text)  # it is no picture that Telegram can show
        return await self._speaker.say(spot, call, reply_markup=markup, patience=patience, gate=gate)

    async def _check_files(self, plan: Layout) -> None:
        """A file that is gone is noticed before anything is said."""
        for step in plan.steps:
            if step.load is not None and step.position >= FIRST_FILE:
                for file in step.load.files:
                    await contents_of(replace(step.load, files=(file,)), self._files)

    async def _taken(self, key: str) -> Mapping[int, str]:
        return {**await self._memory.parts.taken(key), **self._fresh.get(key, {})}

    async def _take(self, key: str, parts: Mapping[int, str]) -> None:
        if len(self._fresh) >= _REMEMBERED:
            self._fresh.clear()
        fresh = self._fresh.setdefault(key, {})
        fresh.update(parts)
        try:
            await self._memory.parts.take(key, fresh)
        except DeskAwayError as error:
            raise TemporaryError(str(error)) from error


def _alone_to(message: OutboundMessage) -> str | None:
    """Who else than its place a message may be told to: what answers something is read where that stands."""
    if message.asks or message.reply_to is not None:
        return None
    return None if place_of(message.conversation).is_person else message.only_to
