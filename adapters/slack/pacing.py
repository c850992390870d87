"""How fast Slack may be asked for what, and the calls that keep to it.

    chat.postMessage          one a second in a channel, with short bursts
    chat.update, reactions    fifty in any minute
    views.publish             a hundred in any minute

Each method has a budget of its own, so quiet edits and signs never hold up an alert. A short wait is waited out here; a
longer one is told to the outbox, which has better things to do meanwhile. Slack's own word ("retry after") counts for
the method it was said about.

https://docs.slack.dev/apis/web-api/rate-limits
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from adapters.errors import TemporaryError
from adapters.slack.web import Web

#: Waited out within a send; more than this is the outbox's to wait.
PATIENCE_S: Final = 1.5
_REMEMBERED: Final = 2_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, then one in so many seconds. `by_place`: each channel has a budget of its own."""

    burst: int
    every_s: float
    by_place: bool = False


_POSTS: Final = Rate(burst=5, every_s=1, by_place=True)
#: What we show keeps to Slack's number in any minute: what went at once counts in it too.
_CHANGES: Final = Rate(burst=10, every_s=60 / 40)
_HOMES: Final = Rate(burst=20, every_s=60 / 80)
#: What we only ask goes at once, and bears being told to wait.
_TIER_3: Final = Rate(burst=50, every_s=60 / 50)
_TIER_4: Final = Rate(burst=100, every_s=60 / 100)
RATES: Final[Mapping[str, Rate]] = {
    "chat.delete": _CHANGES,
    "chat.postEphemeral": _TIER_4,
    "chat.postMessage": _POSTS,
    "chat.update": _CHANGES,
    "conversations.history": _TIER_3,
    "conversations.open": _TIER_3,
    "conversations.replies": _TIER_3,
    "files.completeUploadExternal": _TIER_4,
    "files.getUploadURLExternal": _TIER_4,
    "files.info": _TIER_4,
    "reactions.add": _CHANGES,
    "reactions.get": _TIER_3,
    "reactions.remove": _CHANGES,
    "users.info": _TIER_4,
    "views.publish": _HOMES,
}


class Budgets:
    """When the next call of a method may go out: arithmetic on seconds of any clock that never goes back."""

    def __init__(self, rates: Mapping[str, Rate] = RATES) -> None:
        self._rates = rates
        #: The moment at which a budget would be whole again; each call moves it by its share.
        self._whole_at: dict[tuple[str, str], float] = {}
        self._held_until: dict[str, float] = {}

    def claim(self, method: str, place: str, *, at: float) -> float:
        """Seconds to wait before this call. Up to PATIENCE_S it is counted; beyond that it is not, and must not go."""
        rate = self._rates.get(method)
        if rate is None:
            return 0
        name = (method, place if rate.by_place else "")
        whole_at = max(self._whole_at.get(name, at), at)
        ready_at = max(whole_at - (rate.burst - 1) * rate.every_s, self._held_until.get(method, at))
        wait = max(ready_at - at, 0)
        if wait <= PATIENCE_S:
            self._whole_at[name] = whole_at + rate.every_s
            self._forget(at)
        return wait

    def is_of_the_place(self, method: str) -> bool:
        """Whether what else goes to the place waits with this method: not where it has one budget for all places."""
        rate = self._rates.get(method)
        return rate is None or rate.by_place

    def hold(self, method: str, *, until: float) -> None:
        """Slack asked for patience with this method. Where it counts by place, the outbox keeps that place waiting."""
        rate = self._rates.get(method)
        if rate is not None and not rate.by_place:
            self._held_until[method] = max(self._held_until.get(method, until), until)

    def _forget(self, at: float) -> None:
        if len(self._whole_at) > _REMEMBERED:
            self._whole_at = {name: moment for name, moment in self._whole_at.items() if moment > at}


class PacedWeb:
    """The Web API at the pace Slack bears."""

    def __init__(self, web: Web, budgets: Budgets | None = None) -> None:
        self.web = web
        self._budgets = budgets or Budgets()

    async def call(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """As `Web.call`; a TemporaryError also where the budget of the method is spent."""
        clock = asyncio.get_running_loop().time
        place = str(arguments.get("channel") or "")
        wait, is_alone = self._budgets.claim(method, place, at=clock()), not self._budgets.is_of_the_place(method)
        if wait > PATIENCE_S:
            reason = f"as many calls of {method} as Slack bears"
            raise TemporaryError(reason, retry_after=timedelta(seconds=wait), is_alone=is_alone)
        if wait:
            await asyncio.sleep(wait)
        try:
            return await self.web.call(method, arguments)
        except TemporaryError as error:
            if error.retry_after is None:
                raise
            self._budgets.hold(method, until=clock() + error.retry_after.total_seconds())
            raise TemporaryError(str(error), retry_after=error.retry_after, is_alone=is_alone) from error
