"""The address that Telegram brings updates to: set at the start, looked after from then on.

Telegram never tells the secret it was given, so at the start the address is set whatever it says; later only where it
differs, which means that somebody else has changed it. What was missed meanwhile waits with Telegram, and comes.

https://core.telegram.org/bots/api#getwebhookinfo
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from adapters.errors import DeliveryError, TemporaryError
from adapters.shapes import Fields, text_or
from adapters.telegram.config import Config
from adapters.telegram.convert import ALLOWED_UPDATES
from adapters.telegram.numbers import number_or
from adapters.telegram.timings import Timings
from adapters.telegram.web import Web
from adapters.telegram.webhook import PATH
from adapters.text import one_line

log = structlog.get_logger()

_TOLD_FOR: Final = timedelta(hours=1)


class Hook:
    """One run of the channel."""

    def __init__(self, config: Config, web: Web, wall: Callable[[], datetime], timings: Timings) -> None:
        self._config = config
        self._web = web
        self._wall = wall
        self._timings = timings
        self._url = config.public_url.rstrip("/") + PATH
        self._failures = 0
        #: Does Telegram know where to come to?
        self.is_set = False
        #: Why it does not come, in words; empty while all is well.
        self.trouble = ""
        #: What Telegram itself says went wrong lately.
        self.told = ""

    async def run(self) -> None:
        """Keep the address set, until cancelled."""
        while True:
            try:
                await self.once()
            except DeliveryError as error:
                await asyncio.sleep(self._failed(error))
            else:
                self._failures, self.trouble = 0, ""
                await asyncio.sleep(self._timings.look_every_s)

    async def once(self) -> None:
        """Look, and set what is not as it should be."""
        info = await self._looked_up()
        if not self.is_set or not self._is_ours(info):
            if self.is_set:
                log.warning("somebody changed where Telegram brings updates; it is set again", channel="telegram")
            await self._web.call("setWebhook", self._wanted())
            log.info("Telegram brings the updates", channel="telegram")
            self.is_set = True
            info = await self._looked_up()
        self.told = self._told(info)

    async def _looked_up(self) -> Fields:
        found = await self._web.call("getWebhookInfo", {})
        return found if isinstance(found, Mapping) else {}

    def _wanted(self) -> Mapping[str, Any]:
        return {
            "url": self._url,
            "allowed_updates": list(ALLOWED_UPDATES),
            "secret_token": self._config.webhook_secret,
        }

    def _is_ours(self, info: Fields) -> bool:
        allowed = info.get("allowed_updates")
        kinds = {str(kind) for kind in allowed} if isinstance(allowed, list) else set()
        return text_or(info, "url") == self._url and kinds == set(ALLOWED_UPDATES)

    def _told(self, info: Fields) -> str:
        at, words = number_or(info, "last_error_date"), one_line(text_or(info, "last_error_message"), 100)
        if at is None or self._wall().timestamp() - at > _TOLD_FOR.total_seconds():
            return ""
        waiting = number_or(info, "pending_update_count") or 0
        return f"Telegram could not bring updates lately ({words}); {waiting} wait there"

    def _failed(self, error: DeliveryError) -> float:
        self._failures += 1
        if str(error) != self.trouble:  # once for each trouble, not for each try
            log.warning("Telegram cannot be told where to bring updates", channel="telegram", reason=str(error))
        self.trouble = str(error)
        longest = min(self._timings.retry_first_s * 2.0 ** min(self._failures - 1, 16), self._timings.retry_longest_s)
        rest = error.retry_after if isinstance(error, TemporaryError) and error.retry_after else timedelta(0)
        return max(rest.total_seconds(), longest * random.uniform(0.5, 1))  # noqa: S311 - jitter
