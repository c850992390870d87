"""The process in which strangers' mail is parsed: it has no database, no sockets and no secrets, and it can be killed.

A mail goes in, a letter and its files come out, one mail at a time and many mails in one life. Whoever uses more
processor or memory than a mail may is ended by the machine itself, and one that does not answer in time by us; then the
mail is malformed, and the next one has a new child. The event loop only moves bytes.

    in     8 bytes of length, the mail
    out    8 bytes of length, JSON: {"letter": …, "sizes": [bytes of each file]} ; then the files
           {"unreadable": why, "sizes": []} for a mail that the child gave up
"""

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from adapters.email import limits
from adapters.email.letter import Letter, letter_from_fields
from adapters.errors import MalformedError, TemporaryError

#: Seconds of processor time for one mail, a large one gets more, and of waiting for it: on the busiest machine a child
#: has had its processor time before.
CPU_SECONDS: Final = 2.0
WITHIN_SECONDS: Final = 60.0
START_WITHIN_SECONDS: Final = 60.0
#: Seconds that a child which answers no more has to end by itself, before it is killed.
LAST_BREATH_SECONDS: Final = 5.0
MEMORY: Final = 256 * 1024 * 1024
#: A child is replaced after so many mails, whatever it has gathered by then.
MAILS_IN_A_LIFE: Final = 2_000
LENGTH: Final = 8
#: What a child says first.
READY: Final = b"ready\n"
_LARGEST_LETTER: Final = 16 * 1024 * 1024
_LARGEST_FILES: Final = 2 * limits.LARGEST_MAIL
_ROOT: Final = str(Path(__file__).resolve().parents[2])
_BEGIN: Final = "import sys; sys.path.insert(0, sys.argv[1]); from adapters.email.parsing import main; main()"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one mail may use."""

    cpu_s: float = CPU_SECONDS
    memory: int = MEMORY
    within_s: float = WITHIN_SECONDS


class _DiedError(Exception):
    """The child ended before it answered."""


class Reader:
    """Reads mails in a child that is started when it is needed; one mail at a time."""

    def __init__(self, allowance: Allowance = Allowance(), begin: str = _BEGIN) -> None:
        """`begin` is the program of the child."""
        self._allowance = allowance
        self._begin = begin
        self._child: asyncio.subprocess.Process | None = None
        self._mails = 0
        self._turn = asyncio.Lock()

    async def read(self, mail: bytes) -> tuple[Letter, Sequence[bytes]]:
        """The letter, and the bytes of its files in their order; empty for one that is not to be kept.

        Raises MalformedError for a mail that cannot be read or used more than it may, and TemporaryError where no child
        can be had.
        """
        if len(mail) > limits.LARGEST_MAIL:
            raise MalformedError(f"could not be read: larger than {limits.LARGEST_MAIL // 1024 // 1024} MB")
        async with self._turn:
            try:
                return await self._asked(mail)
            except _DiedError:
                # Perhaps it was the machine that was short of something: once more, before the mail is blamed.
                try:
                    return await self._asked(mail)
                except _DiedError as error:
                    raise MalformedError("could not be read within the time and the memory a mail may use") from error

    async def close(self) -> None:
        """End the child; another one starts with the next mail."""
        await self._end()

    async def _ended(self) -> int | None:
        """How the child ended that broke off a conversation.

        It may have ended already without our loop knowing. `kill` looks for that itself and takes the reason with it.
        """
        if self._child is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_BREATH_SECONDS):
                    await self._child.wait()
        return await self._end()

    async def _end(self) -> int | None:
        """End the child, and say how it ended."""
        child, self._child = self._child, None
        if child is None:
            return None
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
        return await child.wait()

    async def _asked(self, mail: bytes) -> tuple[Letter, Sequence[bytes]]:
        child = await self._living()
        is_whole = False
        try:
            async with asyncio.timeout(self._allowance.within_s):
                fields, files = await _exchange(child, mail)
            is_whole = True
        except TimeoutError as error:
            raise MalformedError("could not be read in time") from error
        except (OSError, asyncio.IncompleteReadError, ValueError, KeyError, TypeError) as error:
            if await self._ended() == -signal.SIGPROF:
                raise MalformedError("could not be read within the time a mail may take") from error
            raise _DiedError from error
        finally:
            # A conversation that broke off, also because we were cancelled, cannot be gone on with.
            if not is_whole or self._mails >= MAILS_IN_A_LIFE:
                await self._end()
        if "unreadable" in fields:
            raise MalformedError(str(fields["unreadable"]))
        return letter_from_fields(fields.get("letter")), files

    async def _living(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            words = (_ROOT, str(self._allowance.cpu_s), str(self._allowance.memory))
            try:
                self._child = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-I", "-c", self._begin, *words),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    env={},
                )
                await self._ready(self._child)
            except OSError as error:
                raise TemporaryError(f"no process to read mail in: {error.strerror}") from error
            self._mails = 0
        self._mails += 1
        return self._child

    async def _ready(self, child: asyncio.subprocess.Process) -> None:
        """Wait until the child has loaded what it needs: that takes longer than a mail, and is nobody's fault."""
        is_ready = False
        try:
            async with asyncio.timeout(START_WITHIN_SECONDS):
                is_ready = child.stdout is not None and await child.stdout.readexactly(len(READY)) == READY
        except (TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            if not is_ready:
                await self._end()
        if not is_ready:
            raise TemporaryError("no process to read mail in: it did not start")


async def _exchange(child: asyncio.subprocess.Process, mail: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Ask one mail. Raises ValueError and its like for an answer that is none."""
    if child.stdin is None or child.stdout is None:
        raise ValueError("a child without pipes")
    child.stdin.write(len(mail).to_bytes(LENGTH, "big"))
    child.stdin.write(mail)
    await child.stdin.drain()
    size = int.from_bytes(await child.stdout.readexactly(LENGTH), "big")
    if size > _LARGEST_LETTER:
        raise ValueError("an answer that is too long")
    fields = json.loads(await child.stdout.readexactly(size))
    sizes = [int(one) for one in fields["sizes"]]
    if sum(sizes) > _LARGEST_FILES or any(one < 0 for one in sizes):
        raise ValueError("more files than a mail can hold")
    return fields, [await child.stdout.readexactly(one) for one in sizes]
