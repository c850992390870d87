"""Updates that we ask for: kept first, confirmed after, by one process at a time.

    getUpdates ──> payloads and cursor (one commit) ──> presses asked ──> cursor past them ──> getUpdates, confirming

The next question confirms what came before it, so nothing is confirmed that is not on disk, and no press that was not
decided. What a crash lets come twice is recognised by its number, and a press by its own key. The first question of all
names no number: everything unconfirmed comes again, and numbers that Telegram has chosen anew are not lost.

The SDK's own loop confirms updates that are only in memory, and one that it cannot read stops it for good.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import structlog

from adapters.errors import DeliveryError, DeskAwayError, InboundError, MalformedError, TemporaryError, TurnLostError
from adapters.message import Channel
from adapters.port import Ask, Cursor, Fence, Journal, Raw, Turn
from adapters.telegram import ids
from adapters.telegram.config import Config
from adapters.telegram.convert import ALLOWED_UPDATES
from adapters.telegram.gaps import Gaps
from adapters.telegram.pressing import Presses, ask_all
from adapters.telegram.refusals import CONFLICT, UNAUTHORIZED, RefusedError
from adapters.telegram.timings import Timings
from adapters.telegram.updates import Update, raw_from_gap, raw_from_update, updates_from_answer
from adapters.telegram.web import Web

log = structlog.get_logger()

#: Telegram gives no more at once.
BATCH: Final = 100
_ELSEWHERE: Final = (
    "another program reads the updates of this bot: stop it, or give this desk a bot of its own (TELEGRAM_BOT_TOKEN)"
)
_WEBHOOK: Final = (
    "a webhook is set for this bot, so its updates cannot be asked for: remove it there (deleteWebhook), "
    "or set TELEGRAM_MODE=webhook"
)


class Past(Protocol):
    """What the desk remembers of the way in."""

    async def last_read(self) -> tuple[str, datetime] | None:
        """The newest cursor and when it was kept; None before the first. Raises DeskAwayError."""


class Poll:
    """One run of the channel."""

    def __init__(
        self,
        config: Config,
        web: Web,
        presses: Presses,
        turn: Turn,
        past: Past,
        now: Callable[[], datetime],
        timings: Timings,
    ) -> None:
        self._config = config
        self._web = web
        self._presses = presses
        self._turn = turn
        self._past = past
        self._now = now
        self._timings = timings
        self._gaps = Gaps(timings)
        self._failures = 0
        self._is_away = False
        #: Is it our turn, and did Telegram answer the last time it was asked?
        self.has_turn = False
        self.is_heard = False
        #: Why nothing comes, in words; empty while all is well.
        self.trouble = ""

    async def run(self, journal: Journal, ask: Ask) -> None:
        """Read updates whenever it is our turn, until cancelled."""
        while True:
            try:
                async with self._turn.held() as fence:
                    self.has_turn = True
                    log.info("this process reads the updates", channel="telegram")
                    await self._read(fence, journal, ask)
            except TurnLostError as error:
                log.warning("another process reads the updates now", channel="telegram", reason=str(error))
            except DeskAwayError as error:
                await asyncio.sleep(self._away(str(error)))
            finally:
                self.has_turn = self.is_heard = False

    async def _read(self, fence: Fence, journal: Journal, ask: Ask) -> None:
        known = await self._past.last_read()
        self._is_back()
        expected = ids.next_from_cursor(known[0], self._config.bot_id) if known is not None else None
        self._gaps.resume(expected, known[1] if known is not None and expected is not None else None)
        following: int | None = None
        poll_for_s = 0.0  # the first answer comes at once, and says that all is well
        while True:
            try:
                updates = await self._asked(following, poll_for_s)
            except (DeliveryError, MalformedError) as error:
                self._failed(error)
                await asyncio.sleep(self._pause_s(error))
                poll_for_s = 0.0
                continue
            self._went_well()
            poll_for_s = self._timings.poll_for_s
            if updates:
                following = await self._taken(updates, fence, journal, ask) or following
            elif self._gaps.is_idle(self._now()):
                following = None

    async def _asked(self, following: int | None, poll_for_s: float) -> Sequence[Update]:
        arguments = {
            "offset": following,
            "limit": BATCH,
            "timeout": int(poll_for_s),
            "allowed_updates": list(ALLOWED_UPDATES),
        }
        patience_s = poll_for_s + self._timings.answer_margin_s
        return updates_from_answer(
            await self._web.answer("getUpdates", arguments, timeout_s=patience_s), self._config.account
        )

    async def _taken(self, updates: Sequence[Update], fence: Fence, journal: Journal, ask: Ask) -> int | None:
        """Keep a batch, have its presses answered, and give the number that confirms it."""
        now, bot, account = self._now(), self._config.bot_id, self._config.account
        numbers = [update.number for update in updates if update.number is not None]
        raws = [raw_from_update(one, bot=bot, account=account, at=now) for one in updates if one.press is None]
        if numbers and (gap := self._gaps.came(numbers, now)) is not None:
            log.error("Telegram may have dropped updates", channel="telegram", at_most=gap.last - gap.first + 1)
            told = raw_from_gap(gap.first, gap.last, since=gap.since, until=gap.until, bot=bot, account=account)
            raws.insert(0, told)
        following = max(numbers) + 1 if numbers else None
        pressed = [update for update in updates if update.press is not None]
        first = min((update.number for update in pressed if update.number is not None), default=following)
        await self._kept(journal, raws, self._cursor(first, fence))
        if pressed:
            await self._answered([update.press for update in pressed if update.press is not None], ask)
            await self._kept(journal, [], self._cursor(following, fence))
        if following is None:  # nothing here can be confirmed, so it comes again
            await asyncio.sleep(self._timings.retry_longest_s)
        return following

    async def _answered(self, presses: Sequence[Mapping[str, Any]], ask: Ask) -> None:
        """Have them decided, however long the desk is away: none is confirmed before."""
        while True:
            presses = await ask_all(self._presses, presses, ask)
            if not presses:
                return
            await asyncio.sleep(self._away())

    def _cursor(self, following: int | None, fence: Fence) -> Cursor | None:
        if following is None:
            return None
        value = ids.cursor_value(self._config.bot_id, following)
        return Cursor(Channel.TELEGRAM, self._config.account, value, fence)

    async def _kept(self, journal: Journal, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        """Keep it, however long the desk is away; nothing is confirmed meanwhile."""
        while True:
            try:
                await journal(raws, cursor)
            except DeskAwayError as error:
                await asyncio.sleep(self._away(str(error)))
            except TurnLostError:
                raise
            except Exception:  # supervised: nothing is confirmed, so nothing is lost, and it is tried again
                log.exception("updates could not be kept", channel="telegram")
                self._failures += 1
                await asyncio.sleep(self._backing_off_s())
            else:
                self._is_back()
                return

    def _away(self, reason: str = "a press could not be decided") -> float:
        """Said once; the pause before it is tried again."""
        if not self._is_away:
            self._is_away = True
            log.warning("the desk is away: its updates wait with Telegram", channel="telegram", reason=reason)
        self._failures += 1
        return self._backing_off_s()

    def _is_back(self) -> None:
        self._failures = 0
        if self._is_away:
            self._is_away = False
            log.info("the desk is back: updates are kept again", channel="telegram")

    def _went_well(self) -> None:
        self._gaps.heard(self._now())
        if self.trouble:
            log.info("updates come again", channel="telegram")
        self._failures, self.trouble, self.is_heard = 0, "", True

    def _failed(self, error: DeliveryError | InboundError) -> None:
        self.is_heard = False
        self._failures += 1
        reason = _reason(error)
        if reason != self.trouble:  # once for each trouble, not for each try
            say = log.error if isinstance(error, RefusedError) else log.warning
            say("no updates come", channel="telegram", reason=reason)
        self.trouble = reason

    def _pause_s(self, error: DeliveryError | InboundError) -> float:
        """Longer with every failure, never the same for two of us, and never less than Telegram asks for."""
        if isinstance(error, RefusedError) and error.code == UNAUTHORIZED:
            return self._timings.revoked_s
        if isinstance(error, RefusedError):
            return max(self._timings.conflict_s, self._backing_off_s())
        rest = error.retry_after if isinstance(error, TemporaryError) and error.retry_after else timedelta(0)
        return max(rest.total_seconds(), self._backing_off_s())

    def _backing_off_s(self) -> float:
        longest = min(self._timings.retry_first_s * 2.0 ** min(self._failures - 1, 16), self._timings.retry_longest_s)
        return longest * random.uniform(0.5, 1)  # noqa: S311 - jitter


def _reason(error: DeliveryError | InboundError) -> str:
    if isinstance(error, RefusedError) and error.code == CONFLICT:
        return _WEBHOOK if error.says("webhook") else _ELSEWHERE
    return str(error)
