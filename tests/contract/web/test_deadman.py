"""The dead-man's switch: an address that is asked, and that may be away, refuse or never answer."""

import asyncio

import pytest
from aiohttp import web

from bot.app.deadman import DeadMan
from bot.web.server import listening
from tests.peers.ports import free_port


async def test_it_is_asked_by_its_whole_address_and_no_answer_matters() -> None:
    asked: list[str] = []

    async def ping(request: web.Request) -> web.Response:
        asked.append(str(request.rel_url))
        return web.Response(status=500 if len(asked) > 1 else 200)

    app = web.Application()
    app.add_routes([web.get("/ping/{name}", ping)])
    async with listening(app, "127.0.0.1", 0) as address:
        switch = DeadMan(f"{address}/ping/secret-name?via=us")
        await switch.hold_down()
        await switch.hold_down()
    assert asked == ["/ping/secret-name?via=us"] * 2


async def test_one_that_is_away_or_silent_holds_up_nobody(caplog: pytest.LogCaptureFixture) -> None:
    await DeadMan(f"http://127.0.0.1:{free_port()}/ping/secret-name").hold_down()
    entered, is_left = asyncio.Event(), asyncio.Event()

    async def never(_request: web.Request) -> web.Response:
        entered.set()
        await is_left.wait()
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/ping", never)])
    async with listening(app, "127.0.0.1", 0) as address:
        await DeadMan(f"{address}/ping", within_s=3).hold_down()
        is_left.set()  # the server would wait for it at its end
    assert entered.is_set()
    assert "secret-name" not in caplog.text
