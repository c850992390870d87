"""How fast Telegram may be spoken to, and the calls that keep to it.

    in all       thirty messages in any second
    a chat       one a second
    a group      twenty in any minute; edits of cards leave half of them to words and alerts, and wait alone

A wait that is over at once is waited out here; a longer one is told to the outbox, which sends to others meanwhile.
Telegram's own word ("retry after") counts for the chat it was said about, and for all where it was said about none.

What counts by the minute, and Telegram's own word, are the desk's to remember: a restart forgets neither, and all who
share a bot's token count together. A group's twenty a minute bound how often its count is asked for; Telegram's word,
whoever it was said to, is asked for once a second at most while anything is said.

https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import structlog

from adapters.errors import DeskAwayError, TemporaryError
from adapters.telegram.gate import Gate
from adapters.telegram.memory import Paces
from adapters.telegram.web import Files, Web

log = structlog.get_logger()

#: Waited out before a send that is one message; more than this is the outbox's to wait.
PATIENCE_S: Final = 0.5
_REMEMBERED: Final = 2_000
#: How long what others were told is taken as read.
_LEARNED_FOR_S: Final = 1.0
#: Instead of a chat's number, for all of them.
_ALL: Final = 0

#: `sign` is whatever shows nothing new in a chat.
Kind = Literal["words", "edit", "sign"]
_KINDS: Final[Mapping[str, Kind]] = {
    "createForumTopic": "words",
    "editMessageCaption": "edit",
    "editMessageText": "edit",
    "sendDocument": "words",
    "sendMediaGroup": "words",
    "sendMessage": "words",
    "sendPhoto": "words",
}


@dataclass(frozen=True, slots=True)
class Rates:
    """What Telegram bears. Its clock is not ours and the way there is not always as long, so a little is left over.

    `chat_rest_s` is from the end of one call to the next, `chat_every_s` from beginning to beginning.
    """

    in_a_second: int = 30
    chat_every_s: float = 1.05
    chat_rest_s: float = 1.0
    in_a_minute: int = 20
    edits_in_a_minute: int = 10
    second_s: float = 1.05
    minute_s: float = 61.0

    def most(self, kind: Kind) -> int:
        """How many of the kind a group bears in any `minute_s`."""
        return self.edits_in_a_minute if kind == "edit" else self.in_a_minute


@dataclass(slots=True)
class _Chat:
    """When it may be written to again, what went there lately, and how long Telegram wants to be left alone."""

    free_at: float = 0.0
    lately: deque[float] = field(default_factory=deque)
    held_until: float = 0.0


class Budgets:
    """When the next call may go out: arithmetic on seconds of a clock that the caller reads."""

    def __init__(self, rates: Rates | None = None) -> None:
        self.rates = rates or Rates()
        self._all: deque[float] = deque()
        self._chats: dict[int, _Chat] = {}
        self._held_until = 0.0
        self._latest = 0.0
        self._behind = 0.0

    def claim(self, kind: Kind, chat: int | None, *, at: float, count: int = 1, patience: float = PATIENCE_S) -> float:
        """Seconds to wait before this call, which shows so many messages.

        Up to `patience` it is counted; beyond that it is not, and must not go.
        """
        at = self._steady(at)
        place = self._chats.get(chat, _Chat()) if chat is not None else _Chat()
        ready_at = max(at, self._held_until, place.held_until)
        if kind != "sign":
            ready_at = max(
                ready_at, place.free_at, self._ready_in_all(count, at), self._ready_in(place, chat, kind, count, at)
            )
        wait = ready_at - at
        if wait <= patience and kind != "sign":
            self._take(chat, ready_at, count, at)
        return wait

    def settle(self, chat: int | None, *, at: float, count: int = 1) -> None:
        """A call that was counted has ended: Telegram counts it from some moment before, which we do not know."""
        at = self._steady(at)
        place = self._chats.get(chat) if chat is not None else None
        if place is None:
            return
        place.free_at = max(place.free_at, at + self.rates.chat_rest_s)
        for number in range(1, min(count, len(place.lately)) + 1):
            place.lately[-number] = max(place.lately[-number], at)

    def give_back(self, chat: int, *, count: int = 1) -> None:
        """What was counted last for a chat does not go out."""
        lately = self._chats[chat].lately if chat in self._chats else deque[float]()
        for _ in range(min(count, len(lately))):
            with suppress(ValueError):  # forgotten by now
                self._all.remove(lately.pop())

    def hold(self, chat: int | None, for_s: float, *, at: float) -> None:
        """Telegram asked for patience with this chat; None: altogether."""
        at = self._steady(at)
        if chat is None:
            self._held_until = max(self._held_until, at + for_s)
            return
        place = self._chats.setdefault(chat, _Chat())
        place.held_until = max(place.held_until, at + for_s)

    def is_held(self, chat: int | None, *, at: float) -> bool:
        """Does Telegram want to be left alone there?"""
        at = self._steady(at)
        place = self._chats.get(chat) if chat is not None else None
        return max(self._held_until, place.held_until if place is not None else 0.0) > at

    def _ready_in_all(self, count: int, at: float) -> float:
        _forget_before(self._all, at - self.rates.second_s)
        over = len(self._all) + min(count, self.rates.in_a_second) - self.rates.in_a_second
        return self._all[over - 1] + self.rates.second_s if over > 0 else at

    def _ready_in(self, place: _Chat, chat: int | None, kind: Kind, count: int, at: float) -> float:
        if chat is None or chat > 0:
            return at
        most = self.rates.most(kind)
        _forget_before(place.lately, at - self.rates.minute_s)
        over = len(place.lately) + min(count, most) - most
        return place.lately[over - 1] + self.rates.minute_s if over > 0 else at

    def _take(self, chat: int | None, at: float, count: int, now: float) -> None:
        self._all.extend([at] * count)
        if chat is None:
            return
        if len(self._chats) > _REMEMBERED:
            self._forget(now)
        place = self._chats.setdefault(chat, _Chat())
        place.free_at = at + self.rates.chat_every_s
        if chat < 0:
            place.lately.extend([at] * count)

    def _forget(self, at: float) -> None:
        self._chats = {
            chat: place
            for chat, place in self._chats.items()
            if max(place.free_at, place.held_until) > at
            or (place.lately and place.lately[-1] + self.rates.minute_s > at)
        }

    def _steady(self, at: float) -> float:
        """The same moment on a clock that never goes back: one that was set back must not silence us for hours."""
        if at + self._behind < self._latest:
            self._behind = self._latest - at
        self._latest = at + self._behind
        return self._latest


class PacedWeb:
    """The Bot API at the pace Telegram bears. `wall` is the world's clock, or a test's, and `rest` lets it go on."""

    def __init__(
        self,
        web: Web,
        wall: Callable[[], datetime],
        paces: Paces,
        budgets: Budgets | None = None,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.web = web
        self._rest = rest
        self._wall = wall
        self._paces = paces
        self._budgets = budgets or Budgets()
        self._learned_at: float | None = None

    async def call(
        self,
        method: str,
        arguments: Mapping[str, Any],
        *,
        files: Files | None = None,
        gate: Gate | None = None,
        count: int = 1,
        patience: float = PATIENCE_S,
    ) -> Any:  # noqa: ANN401 - each method has a result of its own
        """As `Web.call`; a TemporaryError also where a budget is spent. `count` messages are shown by it."""
        chat = arguments.get("chat_id")
        place = chat if isinstance(chat, int) else None
        kind = _KINDS.get(method, "sign")
        if kind != "sign":
            await self._learn()
        wait = self._budgets.claim(kind, place, at=self._clock(), count=count, patience=patience)
        if wait > patience:
            raise self._spent(kind, place, wait)
        if kind != "sign" and place is not None and place < 0:
            await self._claim_for_all(kind, place, count)
        if wait > 0:
            await self._rest(wait)
        try:
            return await self.web.call(method, arguments, files=files, gate=gate)
        except TemporaryError as error:
            if error.retry_after is not None:
                await self._hold(place, error.retry_after.total_seconds())
            raise
        finally:
            if kind != "sign":
                self._budgets.settle(place, at=self._clock(), count=count)

    async def _learn(self) -> None:
        """What Telegram asked for before this process was there, or asked of another. Raises DeskAwayError."""
        at = self._clock()
        if self._learned_at is not None and 0 <= at - self._learned_at < _LEARNED_FOR_S:
            return
        for chat, for_s in (await self._paces.held()).items():
            self._budgets.hold(chat or None, for_s, at=at)
        self._learned_at = at

    async def _claim_for_all(self, kind: Kind, group: int, count: int) -> None:
        """Count this for every process of the desk. Raises TemporaryError where they have said enough together."""
        rates = self._budgets.rates
        try:
            wait = await self._paces.claim(group, count=count, most=rates.most(kind), within_s=rates.minute_s)
        except DeskAwayError:
            self._budgets.give_back(group, count=count)
            raise
        if wait > 0:
            self._budgets.give_back(group, count=count)
            raise self._spent(kind, group, wait)

    async def _hold(self, chat: int | None, for_s: float) -> None:
        self._budgets.hold(chat, for_s, at=self._clock())
        try:
            await self._paces.hold(chat or _ALL, for_s)
        except DeskAwayError as error:
            log.warning("how long Telegram wants quiet could not be kept", channel="telegram", reason=str(error))

    def _spent(self, kind: Kind, chat: int | None, wait: float) -> TemporaryError:
        # Words may go into the room that edits leave them, unless Telegram wants no more of anything there.
        is_alone = kind == "edit" and not self._budgets.is_held(chat, at=self._clock())
        return TemporaryError(
            "as many messages as Telegram bears", retry_after=timedelta(seconds=wait), is_alone=is_alone
        )

    def _clock(self) -> float:
        return self._wall().timestamp()


def _forget_before(moments: deque[float], at: float) -> None:
    while moments and moments[0] <= at:
        moments.popleft()
