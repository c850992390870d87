"""A command of ours that goes on until a signal ends it: forked as in `forked`, and heard as it speaks."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.peers.forked import FORKS, become

ROOT = Path(__file__).parents[2]
Stream = Connection


@dataclass(frozen=True)
class Running:
    """One process. Whoever started it ends it."""

    process: BaseProcess
    stdout: asyncio.StreamReader
    stderr: asyncio.StreamReader

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive()

    def sends(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    async def ends(self, *, within: float) -> int:
        """Wait for its end; gives the exit code, which is negative after a signal."""
        await asyncio.to_thread(self.process.join, within)
        code = self.process.exitcode
        assert code is not None, f"it does not end within {within} s"
        return code


async def running(
    words: Sequence[str], *, directory: Path, environment: Mapping[str, str], is_begun: bool = False
) -> Running:
    """Start a command of `maitred` in a directory, with these settings and no others.

    It `is_begun` as a shell begins it, with an interpreter of its own, where the start itself matters.
    """
    streams = [FORKS.Pipe(duplex=False) for _ in range(2)]
    says = [writer for _, writer in streams]
    target = begin if is_begun else live
    process = FORKS.Process(target=target, args=(tuple(words), str(directory), dict(environment), *says), daemon=True)
    process.start()
    for writer in says:
        writer.close()  # the end of the process is the end of what it says
    stdout, stderr = [await _heard(reader) for reader, _ in streams]
    return Running(process, stdout, stderr)


def live(words: Sequence[str], directory: str, environment: Mapping[str, str], *streams: Stream) -> None:
    """What the process does: the command."""
    _take_streams(streams)
    become(words, Path(directory), environment)


def begin(words: Sequence[str], directory: str, environment: Mapping[str, str], *streams: Stream) -> None:
    """The same from the beginning: the process becomes another program."""
    _take_streams(streams)
    os.chdir(directory)
    os.execve(sys.executable, [sys.executable, "-m", "bot", *words], {"PYTHONPATH": str(ROOT), **environment})  # noqa: S606 - ours


def _take_streams(streams: Sequence[Stream]) -> None:
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream.fileno(), number)
        stream.close()


async def _heard(stream: Stream) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), stream)
    return reader
