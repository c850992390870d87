"""The one HTTP listener: the board, what channels serve, and health, behind the same guards.

Request bodies are bounded here and again by whoever reads them; a channel that takes files raises its own bound.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web
from prometheus_client import CollectorRegistry

from adapters.port import Adapter, Route
from bot.store.files import Files
from bot.web import guard
from bot.web.board import Board
from bot.web.desk import Desk, Site
from bot.web.health import Check, Readiness, health_routes, metrics_route
from bot.web.pages import Pages
from bot.web.strangers import listener_log

#: Bytes of a request's body, unless the handler reads its stream itself.
LARGEST_BODY: Final = 256 * 1024
#: Seconds that a page may take to end when the server stops.
ENDS_WITHIN: Final = 5.0


def application(
    desk: Desk,
    site: Site,
    *,
    adapters: Sequence[Adapter] = (),
    routes: Sequence[Route] = (),
    parts: Mapping[str, Check] | None = None,
    registry: CollectorRegistry | None = None,
    files: Files | None = None,
) -> web.Application:
    """Everything one address serves. `routes` are the desk's own beside the channels'; `parts` go into `/readyz`.

    `registry` None leaves out `/metrics`, for a listener of its own.
    """
    readiness = Readiness(desk, adapters, parts or {})
    board = Board(desk, site, readiness, files)
    served = [route for adapter in adapters for route in adapter.routes]
    app = web.Application(
        client_max_size=LARGEST_BODY,
        middlewares=[
            guard.access_log(),
            guard.calm_errors(Pages(site).words),
            guard.own_pages_only(site.public_url, {route.path for route in served}),
        ],
    )
    app.on_response_prepare.append(guard.add_headers)
    app.add_routes([*board.routes, *health_routes(readiness, registry)])
    app.add_routes([web.route(route.method, route.path, route.handler) for route in (*served, *routes)])
    app.router.add_get("/", _front)

    async def close(_app: web.Application) -> None:
        await board.close()

    app.on_shutdown.append(close)
    return app


def metrics_alone(registry: CollectorRegistry) -> web.Application:
    """`/metrics` and nothing else, for a listener that only the monitoring reaches."""
    app = web.Application(middlewares=[guard.calm_errors()])
    app.add_routes([metrics_route(registry)])
    return app


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve until the end of the block; gives the address, with the real port where 0 asked for a free one."""
    quiet: dict[str, Any] = {"access_log": None, "logger": listener_log()}
    runner = web.AppRunner(app, shutdown_timeout=ENDS_WITHIN, keepalive_timeout=75, **quiet)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0]
        name = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        yield f"http://{name}:{bound[1]}"
    finally:
        await runner.cleanup()


async def _front(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/board")
