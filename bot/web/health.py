"""For whoever watches the process from outside: is it alive, can it work, what does it count."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from adapters.port import Adapter, Health
from bot.store.driver.trial import leave_trace
from bot.store.errors import StoreError
from bot.store.revisions import newest_number
from bot.web.desk import Desk

#: A database that takes longer than this to begin writing stores nothing for anybody right now.
WRITES_WITHIN_SECONDS: Final = 1.0
#: A good answer holds for so long: whoever asks without end makes nothing write without end.
HOLDS_FOR_SECONDS: Final = 1.0

#: A part of the desk that must work for the desk to be ready, and how it is.
Check = Callable[[], Health]


@dataclass(frozen=True, slots=True)
class Standings:
    """How every part is. A channel that is down is said and does not make the desk unready: the others go on."""

    parts: Mapping[str, Health]
    channels: Mapping[str, Health]

    @property
    def is_ready(self) -> bool:
        return all(health.is_up for health in self.parts.values())


class Readiness:
    """Asks every part how it is."""

    def __init__(self, desk: Desk, adapters: Sequence[Adapter], parts: Mapping[str, Check]) -> None:
        self._desk = desk
        self._adapters = adapters
        self._parts = parts
        self._written: tuple[float, Health] | None = None
        self._trying = asyncio.Lock()

    async def checks(self) -> Standings:
        """How everything is right now."""
        parts = {"database": await self._database()} | {name: check() for name, check in self._parts.items()}
        return Standings(parts, {str(one.channel): one.health() for one in self._adapters})

    async def _database(self) -> Health:
        now = asyncio.get_running_loop().time
        async with self._trying:
            if self._written is not None and now() - self._written[0] < HOLDS_FOR_SECONDS:
                return self._written[1]
            health = await self._written_to()
            self._written = (now(), health) if health.is_up else None
            return health

    async def _written_to(self) -> Health:
        """What reading and writing tell; a full disk lets an empty transaction pass, so a row is written."""
        try:
            number = await self._desk.database.read(newest_number)
            async with asyncio.timeout(WRITES_WITHIN_SECONDS):
                await self._desk.database.write(partial(leave_trace, at=self._desk.now()))
        except TimeoutError:
            return Health(is_up=False, detail="the database takes no writes")
        except StoreError as error:
            return Health(is_up=False, detail=str(error))
        return Health(is_up=number > 0, detail=f"revision {number}" if number else "no desk was applied yet")


def health_routes(readiness: Readiness, registry: CollectorRegistry | None) -> list[web.RouteDef]:
    """`/healthz`, `/readyz` and, with a registry, `/metrics`."""

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"is_alive": True})

    async def ready(_request: web.Request) -> web.Response:
        standings = await readiness.checks()
        said = {
            "is_ready": standings.is_ready,
            **{name: _said(health) for name, health in standings.parts.items()},
            "channels": {name: _said(health) for name, health in standings.channels.items()},
        }
        return web.json_response(said, status=200 if standings.is_ready else 503)

    routes = [web.get("/healthz", alive), web.get("/readyz", ready)]
    return [*routes, metrics_route(registry)] if registry is not None else routes


def metrics_route(registry: CollectorRegistry) -> web.RouteDef:
    """`/metrics`: everything that is counted, as text."""

    async def figures(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return web.get("/metrics", figures)


def _said(health: Health) -> dict[str, object]:
    since = {"since": health.since.isoformat()} if health.since else {}
    return {"is_up": health.is_up, "detail": health.detail, **since}
