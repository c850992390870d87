"""How Slack reaches the desk: by sockets of ours (Socket Mode) or by requests of its own (HTTP), and never past it.

    Slack ──frames──> Link, Link ─┐                       ┌─> journal (commit) ──> acknowledged
          ──requests──> Doors ────┴─> Arrivals ───────────┴─> ask (commit) ──> acknowledged with the answer
          <──history, replies── Backfill <── CatchingUp: after every connection, and whatever may have been missed

What words mean is not known here: events are read in `convert.py`, presses in `presses.py`.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from adapters.errors import DeliveryError
from adapters.port import Ask, Health, Journal, Route
from adapters.slack.arrivals import Arrivals, Presses
from adapters.slack.backfill import Backfill
from adapters.slack.catching_up import CatchingUp, Past
from adapters.slack.config import Config
from adapters.slack.doors import Doors
from adapters.slack.install import Install
from adapters.slack.pacing import PacedWeb
from adapters.slack.sockets import Link
from adapters.slack.timings import Timings

#: While one is made anew, the other is told.
LINKS: Final = 2
_NOT_RUNNING: Final = Health(is_up=False, detail="not running")


class Pipe:
    """The way in. `now` is the desk's clock, `wall` the world's, against which Slack's own moments are held."""

    def __init__(
        self,
        config: Config,
        web: PacedWeb,
        presses: Presses,
        past: Past,
        *,
        now: Callable[[], datetime],
        wall: Callable[[], datetime],
        timings: Timings | None = None,
    ) -> None:
        self._config = config
        self._web = web
        self._presses = presses
        self._past = past
        self._now = now
        self._wall = wall
        self._timings = timings or Timings()
        self.install = Install(config.app_token)
        is_http = config.app_token is None and config.signing_secret is not None
        self._doors = Doors(config.signing_secret or "", wall, self._timings) if is_http else None
        self._links: Sequence[Link] = ()
        self._arrivals: Arrivals | None = None
        self._catching_up: CatchingUp | None = None
        self._since: datetime | None = None

    @property
    def routes(self) -> Sequence[Route]:
        return self._doors.routes if self._doors is not None else ()

    async def run(self, journal: Journal, ask: Ask) -> None:
        """Listen until cancelled."""
        arrivals = Arrivals(
            journal,
            ask,
            self._presses,
            self._config.account,
            self._now,
            install=self.install,
            timings=self._timings,
        )
        backfill = Backfill(
            self._web,
            arrivals.raw,
            self.install,
            self._timings,
            account=self._config.account,
            readers=self._past.readers,
            channels=self._past.channels,
            wall=self._wall,
        )
        catching_up = CatchingUp(
            self._past,
            backfill.read,
            journal,
            account=self._config.account,
            wall=self._wall,
            is_whole=lambda: self._is_connected,
            timings=self._timings,
        )
        arrivals.missed = catching_up.missed
        self._arrivals, self._catching_up, self._since = arrivals, catching_up, self._now()
        try:
            async with asyncio.TaskGroup() as group:
                if self._config.app_token is not None:
                    token = self._config.app_token
                    self._links = [
                        Link(self._web.web, token, arrivals, self._timings, opened=self._opened) for _ in range(LINKS)
                    ]
                    for link in self._links:
                        group.create_task(link.run(), name="slack socket")
                elif self._doors is not None:
                    self._doors.arrivals = arrivals
                    catching_up.missed()
                group.create_task(catching_up.run(), name="slack backfill")
                group.create_task(self._learn(), name="slack install")
        finally:
            self._links, self._arrivals, self._catching_up, self._since = (), None, None, None
            if self._doors is not None:
                self._doors.arrivals = None
            await arrivals.close()

    def health(self) -> Health:
        """How the way in is right now, in words."""
        if self._arrivals is None or self._catching_up is None:
            return _NOT_RUNNING
        ways = "listens over HTTP"
        if self._links:
            ways = f"{sum(link.is_open for link in self._links)} of {len(self._links)} sockets open"
        troubles = [self._arrivals.ended, *(link.trouble for link in self._links)]
        if self._catching_up.trouble:
            troubles.append(f"cannot read back: {self._catching_up.trouble}")
        elif self._catching_up.is_behind:
            troubles.append("reading back what was missed")
        words = [ways, *dict.fromkeys(filter(None, troubles))]
        return Health(self._is_reachable and not self._arrivals.ended, "; ".join(words), self._since)

    async def _learn(self) -> None:
        """Ask which workspace is ours, until Slack says so."""
        while not self.install.team:
            with suppress(DeliveryError):  # the connections say what is wrong
                if self.install.told(await self._web.call("auth.test", {})):
                    return
            await asyncio.sleep(self._timings.retry_longest_s)

    def _opened(self, was_open: bool) -> None:  # noqa: FBT001 - told by a connection, which knows no more
        """Something may have been missed before a connection, unless it is the second one of a start."""
        is_covered = sum(link.is_open for link in self._links) > 1
        if self._catching_up is not None and (was_open or not is_covered):
            self._catching_up.missed()

    @property
    def _is_connected(self) -> bool:
        return any(link.is_open for link in self._links)

    @property
    def _is_reachable(self) -> bool:
        """As far as we can see: whether Slack finds our doors, only Slack knows."""
        return self._is_connected or (self._doors is not None and self._arrivals is not None)
