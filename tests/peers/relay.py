"""A line that can be cut: a TCP relay between a client of ours and a server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

_PIECE = 2**16


class Relay:
    """`stalls`: takes everything and passes nothing on. `refuses`: new connections are closed at once.

    `cut_before` cuts the line, once, when the server's answer holds these bytes, instead of passing it on.
    `happens` is called, once, before what holds the bytes `before` is passed on to the server.
    """

    def __init__(self, port: int) -> None:
        self.port = 0
        self.stalls = False
        self.refuses = False
        self.cut_before = b""
        self.before = b""
        self.happens: Callable[[], None] | None = None
        self.connections = 0
        self.heard = bytearray()
        self._target = port
        self._lines: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Condition()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._began, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Break every line, without a word to either side."""
        for near, far in self._lines:
            near.transport.abort()
            far.transport.abort()

    async def connected(self, count: int) -> None:
        """Wait until there were so many connections in all."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: self.connections >= count)

    async def heard_from_client(self, words: bytes, *, count: int = 1) -> None:
        """Wait until the client said these words so often."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: self.heard.count(words) >= count)

    async def stop(self) -> None:
        self.cut()
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
        if self._serving:
            await asyncio.wait(self._serving)

    def _began(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        line = (writer, far_writer)
        self._lines.add(line)
        async with self._changed:
            self.connections += 1
            self._changed.notify_all()
        try:
            await asyncio.gather(self._up(reader, far_writer), self._down(far_reader, writer))
        finally:
            self._lines.discard(line)
            for one in line:
                one.transport.abort()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(_PIECE):
                async with self._changed:
                    self.heard += piece
                    self._changed.notify_all()
                if self.before in piece and (happens := self.happens) is not None:
                    self.happens = None
                    await asyncio.to_thread(happens)
                if not self.stalls:
                    writer.write(piece)
                    await writer.drain()
        writer.close()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(_PIECE):
                if self.cut_before and self.cut_before in piece:
                    self.cut_before = b""
                    self.cut()
                    return
                if not self.stalls:
                    writer.write(piece)
                    await writer.drain()
        writer.close()


@asynccontextmanager
async def relay_to(port: int) -> AsyncIterator[Relay]:
    """A line to this port of our machine, until the end of the block."""
    relay = Relay(port)
    await relay.start()
    try:
        yield relay
    finally:
        await relay.stop()
