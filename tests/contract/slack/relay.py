"""A wire between us and Slack that a test can cut: behind a closed relay nobody can be spoken to."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit


class Relay:
    """Passes bytes on to one address; closed, it refuses connections on the port it had."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 0)
        self._server: asyncio.Server | None = None
        self.port = 0
        self._wires: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_open(self) -> bool:
        return self._server is not None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        server, self._server = self._server, None
        server.close()
        for wire in list(self._wires):
            wire.transport.abort()
        await server.wait_closed()

    async def _joined(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far, far_out = await asyncio.open_connection(*self._target)
        self._wires |= {near_out, far_out}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(near, far_out))
                group.create_task(_pass_on(far, near_out))
        finally:
            self._wires -= {near_out, far_out}
            near_out.close()
            far_out.close()


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await source.read(65_536):
            sink.write(chunk)
            await sink.drain()
    with suppress(OSError, RuntimeError):
        sink.transport.abort()
