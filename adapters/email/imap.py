"""One connection to a mail server, on which every wait ends: with an answer, with the connection, or with its time.

aioimaplib is used here and nowhere else. Left to itself it waits for ever where the server says goodbye or the line is
cut, takes the late answer to one command for the answer to the next, and cannot count beyond a thousand lines. So:

* each command has a deadline, and is over at once when the connection is lost;
* whatever goes wrong, and also whoever stops waiting, ends the connection: nobody goes on with half an answer;
* never more than `MOST` mails are asked for at once;
* what the server tells by itself is a hint that something is new, and never relied upon.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from aioimaplib.aioimaplib import IMAP4, AioImapException, Command, IMAP4ClientProtocol

from adapters.email.answers import (
    Fetched,
    Line,
    Listed,
    Opened,
    fetched_from_lines,
    folder_name,
    listed_from_lines,
    opened_from_lines,
    uids_from_lines,
)
from adapters.email.config import Server, mend_of_certificate
from adapters.email.room import Room, fullest_from_lines
from adapters.email.timings import Timings
from adapters.errors import ChannelError

#: More lines than a thousand in one piece are more than the library can read.
MOST: Final = 200
_LONGEST_WORDS: Final = 200
#: Refusals that are not about who we are (RFC 5530).
_PASSING: Final = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\b", re.IGNORECASE)

T = TypeVar("T")


class LostError(ChannelError):
    """The connection is over; whatever was asked last may or may not have been done."""


class SaidNoError(ChannelError):
    """The server understood and refuses; the message is what it said. The connection is still good."""


class LoginRefusedError(ChannelError):
    """The server does not take who we say we are."""


class _Protocol(IMAP4ClientProtocol):  # type: ignore[misc] # the library ships no types
    """The library's own, which also notes what is new, and does not wait where nothing will come."""

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: Callable[[Exception | None], None]) -> None:
        super().__init__(loop, lost)
        self.news = asyncio.Event()
        self.goodbye = ""

    async def welcome(self, command: bytes) -> None:
        try:
            await super().welcome(command)
        except AioImapException as error:
            self.goodbye = self.goodbye or _words(str(error).encode())
            self.transport.abort()

    def _untagged_response(self, line: bytes) -> Any:  # noqa: ANN401 - a command of the library's
        if line.upper().endswith(b" EXISTS"):
            self.news.set()
        if line.upper().startswith(b"* BYE"):
            self.goodbye = _words(line[5:])
        return super()._untagged_response(line)

    def _continuation(self, line: bytes) -> None:
        pending = self.pending_sync_command
        if pending is not None and pending.name == "AUTHENTICATE":
            self.transport.write(b"\r\n")  # XOAUTH2 is refused in two steps: an error to read, then the NO
            return
        super()._continuation(line)


class _Client(IMAP4):  # type: ignore[misc] # the library ships no types
    """The library's own over that protocol."""

    def create_client(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop | None,
        conn_lost_cb: Any = None,  # noqa: ANN401 - the library's signature
        ssl_context: Any = None,  # noqa: ANN401
    ) -> None:
        running = loop or asyncio.get_running_loop()
        self.protocol = _Protocol(running, conn_lost_cb)
        self._client_task = running.create_task(
            running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        )


class Connection:
    """One, from `connected` to `close`."""

    def __init__(self, server: Server, timings: Timings) -> None:
        self._timings = timings
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._client = _Client(
            server.host,
            server.port,
            timeout=timings.command_within_s,
            conn_lost_cb=self._lost,
            ssl_context=server.context(),
        )

    @property
    def can_idle(self) -> bool:
        return bool(self._client.has_capability("IDLE"))

    @property
    def has_news(self) -> bool:
        """Has the server told of new mail since the folder was last searched?"""
        return bool(self._client.protocol.news.is_set())

    async def greeted(self) -> None:
        """Wait until the server has said who it is."""
        await self._told(self._client._wait_connection_and_hello(), self._timings.connect_within_s)  # noqa: SLF001 - its public twin has a deadline of its own, which wins over ours

    async def login(self, server: Server) -> None:
        """Raises LoginRefusedError."""
        if server.token is not None:
            answer = await self._told(self._client.protocol.xoauth2(server.user, server.token()))
        else:
            user = '"' + server.user.replace("\\", "\\\\").replace('"', '\\"') + '"'
            answer = await self._told(self._client.protocol.login(user, server.password))
        if answer.result != "OK":
            words = _words(bytes(answer.lines[-1]))
            if _PASSING.match(words):
                raise self._ended(f"the mail server lets nobody in now: {words}")
            raise LoginRefusedError(words)
        await self._told(self._client.protocol.capability())  # often more than before the login

    async def open_folder(self, name: str) -> Opened:
        return opened_from_lines(await self._asked(self._client.protocol.select(folder_name(name))))

    async def uids(self, *, after: int) -> list[int]:
        """The numbers of all mails above `after`, in order."""
        self._client.protocol.news.clear()
        lines = await self._asked(self._client.protocol.search("UID", f"{after + 1}:*", charset=None, by_uid=True))
        return uids_from_lines(lines, after=after)

    async def remaining(self, *, until: int) -> list[int]:
        """The numbers of mails up to `until` that nobody has deleted."""
        asked = self._client.protocol.search("UID", f"1:{until}", "UNDELETED", charset=None, by_uid=True)
        return [uid for uid in uids_from_lines(await self._asked(asked), after=0) if uid <= until]

    async def still_there(self, uids: Sequence[int]) -> list[int]:
        """Those of `uids` that nobody has removed."""
        asked = self._client.protocol.search("UID", _set(uids), charset=None, by_uid=True)
        return [uid for uid in uids_from_lines(await self._asked(asked), after=0) if uid in uids]

    async def listed(self, uids: Sequence[int]) -> list[Listed]:
        """When they came and how large they are; mails that are gone are left out."""
        return listed_from_lines(await self._fetched(uids, "(UID INTERNALDATE RFC822.SIZE)"))

    async def mails(self, uids: Sequence[int]) -> list[Fetched]:
        """The mails themselves, which stay as unread as they were."""
        return fetched_from_lines(await self._fetched(uids, "(UID INTERNALDATE BODY.PEEK[])"))

    async def beginning(self, uid: int, size: int) -> list[Fetched]:
        """The first bytes of one mail."""
        return fetched_from_lines(await self._fetched([uid], f"(UID INTERNALDATE BODY.PEEK[]<0.{size}>)"))

    async def headers(self, uid: int) -> list[Fetched]:
        """What stands above the words of one mail."""
        return fetched_from_lines(await self._fetched([uid], "(UID INTERNALDATE BODY.PEEK[HEADER])"))

    async def move(self, uids: Sequence[int], folder: str) -> None:
        """Put mails elsewhere. Raises SaidNoError, and then none was moved."""
        which, where, protocol = _set(uids), folder_name(folder), self._client.protocol
        if self._client.has_capability("MOVE"):
            await self._asked(protocol.move(which, where, by_uid=True))
            return
        await self._asked(protocol.copy(which, where, by_uid=True))
        await self._asked(protocol.store(which, "+FLAGS.SILENT", r"(\Deleted)", by_uid=True))
        if self._client.has_capability("UIDPLUS"):
            await self._asked(protocol.expunge(which, by_uid=True))

    async def room(self, name: str) -> Room | None:
        """How full the mail box of a folder is; None where the server does not count, or does not say."""
        protocol = self._client.protocol
        if not self._client.has_capability("QUOTA"):
            return None
        with suppress(SaidNoError):
            asked = Command("GETQUOTAROOT", protocol.new_tag(), folder_name(name), untagged_resp_name="QUOTA")
            return fullest_from_lines(await self._asked(protocol.execute(asked)))
        return None

    async def rest(self) -> None:
        """Return when something may be new: told so by the server, or after a while."""
        if self.can_idle:
            await self._idle()
            return
        await asyncio.wait([self._over], timeout=self._timings.poll_every_s)
        await self._asked(self._client.protocol.simple_command("NOOP"))

    async def close(self) -> None:
        """Say goodbye, if there is still somebody to hear it."""
        with suppress(LostError):
            await self._told(self._client.protocol.logout(), min(2.0, self._timings.command_within_s))
        self.discard()

    def discard(self) -> None:
        """End it without a word."""
        protocol = self._client.protocol
        self._client._client_task.cancel()  # noqa: SLF001 - a connection that is still being made has no other handle
        for task in list(protocol.tasks):
            task.cancel()
        if protocol.transport is not None:
            protocol.transport.abort()
        self._lost(None)

    async def _idle(self) -> None:
        protocol = self._client.protocol
        idle = asyncio.ensure_future(protocol.idle())
        try:
            await self._told(_first(idle, protocol.wait_for_idle_response()))
            if idle.done():
                await self._told(idle)
                raise self._ended("the server refused to tell us of new mail (IDLE)")
            with suppress(TimeoutError):
                await self._within(_first(idle, protocol.news.wait()), self._timings.idle_for_s)
            protocol.idle_done()
            await self._told(idle)
        finally:
            if not idle.done():
                idle.cancel()
                self.discard()
        while not protocol.idle_queue.empty():
            protocol.idle_queue.get_nowait()

    async def _fetched(self, uids: Sequence[int], what: str) -> Sequence[Line]:
        if len(uids) > MOST:
            raise ValueError(f"at most {MOST} mails at once")
        # The library's own deadline begins anew with every piece that comes.
        silence = self._timings.command_within_s
        asked = self._client.protocol.fetch(_set(uids), what, by_uid=True, timeout=silence)
        return await self._asked(asked, self._timings.fetch_within_s)

    async def _asked(self, command: Awaitable[Any], within_s: float | None = None) -> Sequence[Line]:
        """The lines of the answer. Raises SaidNoError where it is no OK."""
        answer = await self._told(command, within_s)
        lines: Sequence[Line] = answer.lines
        if answer.result != "OK":
            raise SaidNoError(_words(bytes(lines[-1])) if lines else "")
        return lines

    async def _told(self, command: Awaitable[T], within_s: float | None = None) -> T:
        try:
            return await self._within(command, within_s or self._timings.command_within_s)
        except TimeoutError as error:
            raise self._ended("no answer in time") from error
        except (AioImapException, OSError, EOFError, ValueError, LookupError, RecursionError) as error:
            raise self._ended(_words(str(error).encode()) or type(error).__name__) from error
        except BaseException:
            self.discard()
            raise

    async def _within(self, command: Awaitable[T], within_s: float) -> T:
        """What the command gives. LostError when the connection ends first, TimeoutError when the time does."""
        task = asyncio.ensure_future(command)
        try:
            both: set[asyncio.Future[Any]] = {task, self._over}
            await asyncio.wait(both, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            if self._over.done():
                raise self._ended("the connection broke")
            raise TimeoutError
        finally:
            if not task.done():
                task.cancel()

    def _ended(self, reason: str) -> LostError:
        goodbye = self._client.protocol.goodbye
        self.discard()
        return LostError(f"the mail server hung up: {goodbye}" if goodbye else reason)

    def _lost(self, _reason: Exception | None) -> None:
        if not self._over.done():
            self._over.set_result(None)


async def connected(server: Server, timings: Timings) -> Connection:
    """Greeted and logged in. Raises LostError or LoginRefusedError."""
    try:
        connection = Connection(server, timings)
    except (OSError, ValueError) as error:  # a file of certificates that cannot be read
        raise LostError(f"the certificates cannot be read: {error}") from error
    try:
        await connection.greeted()
        await connection.login(server)
    except LostError as error:
        connection.discard()
        if mend := mend_of_certificate(error, side="IMAP"):
            raise LostError(f"{error}: {mend}") from error
        raise
    except BaseException:
        connection.discard()
        raise
    return connection


async def _first(one: Awaitable[Any], other: Coroutine[Any, Any, Any]) -> None:
    """Return as soon as either is over; the first stays as it is, the other is dropped."""
    task = asyncio.ensure_future(other)
    try:
        await asyncio.wait({asyncio.ensure_future(one), task}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        task.cancel()


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _words(line: bytes) -> str:
    """What a server said, fit for a log line."""
    words = line.decode("utf-8", "replace").strip()[:_LONGEST_WORDS]
    return "".join(letter if letter.isprintable() else " " for letter in words)
