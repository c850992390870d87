"""Calls of the Bot API without any library, so that the peer is seen as it answers on the wire."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.peers.telegram_server import TelegramServer


class BotCalls:
    """What a bot asks; answers come as the server's JSON, refused or not."""

    def __init__(self, telegram: TelegramServer, http: aiohttp.ClientSession) -> None:
        self.telegram, self.http = telegram, http

    async def __call__(self, method: str, /, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - any argument
        url = f"{self.telegram.url}/bot{self.telegram.token}/{method}"
        async with self.http.post(url, json=arguments) as answer:
            found: dict[str, Any] = await answer.json()
            assert answer.status == (200 if found["ok"] else found["error_code"])
            return found

    async def done(self, method: str, /, **arguments: Any) -> Any:  # noqa: ANN401 - any result
        """The result of a call that works."""
        found = await self(method, **arguments)
        assert found["ok"], found
        return found["result"]

    async def refused(self, method: str, /, **arguments: Any) -> str:  # noqa: ANN401 - any argument
        """The words of a call that does not."""
        found = await self(method, **arguments)
        assert not found["ok"], found
        return str(found["description"])

    async def updates(self, **arguments: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any argument
        found: list[dict[str, Any]] = await self.done("getUpdates", **arguments)
        return found

    async def with_file(self, method: str, name: str, content: bytes, /, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        form = aiohttp.FormData()
        for key, value in arguments.items():
            form.add_field(key, value if isinstance(value, str) else json.dumps(value))
        form.add_field(name, content, filename=f"{name}.bin")
        async with self.http.post(f"{self.telegram.url}/bot{self.telegram.token}/{method}", data=form) as answer:
            found: dict[str, Any] = await answer.json()
            return found


@asynccontextmanager
async def calls_of(telegram: TelegramServer) -> AsyncIterator[BotCalls]:
    async with aiohttp.ClientSession() as http:
        yield BotCalls(telegram, http)
