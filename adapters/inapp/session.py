"""One open widget: what is typed goes to the journal, what is new in the conversation goes to the page.

Nothing is queued for a page. It is told "there is news" by a flag, and then reads from the transcript what it has not
shown yet, so a page that reads slowly costs one frame of memory, however much was said meanwhile. A page that reads
nothing at all is dropped.

    read:   frame -> journal (commit) -> ack            write:   news or a minute -> transcript -> lines, profile
            press -> desk (commit) -> answer
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from adapters.errors import DeskAwayError
from adapters.inapp import convert
from adapters.inapp.budget import Bucket
from adapters.inapp.config import Config
from adapters.inapp.frames import (
    Edit,
    Hello,
    PageFrame,
    Pressed,
    Refresh,
    Say,
    Seen,
    answer_frame,
    frame_from_json,
    lines_frames,
    profile_frame,
    welcome_frame,
)
from adapters.inapp.identity import IdentityError, Signer
from adapters.inapp.ids import Party, conversation_of
from adapters.inapp.transcript import Profile, Transcript
from adapters.message import Attachment
from adapters.port import Ask, Journal, Raw

log = structlog.get_logger()

#: A page that takes no byte for this long is gone, whatever its TCP connection says.
SEND_WITHIN_S = 30

_BURST = 40
_PER_SECOND = 10

_CLOSE_CODES = {"restart": WSCloseCode.SERVICE_RESTART, "busy": WSCloseCode.TRY_AGAIN_LATER}


async def tell(socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
    async with asyncio.timeout(SEND_WITHIN_S):
        await socket.send_json(frame)


async def say_bye(socket: web.WebSocketResponse, reason: str) -> None:
    """End a socket in words the widget acts on: expired, identity, busy or restart."""
    await tell(socket, {"type": "bye", "reason": reason})
    await socket.close(code=_CLOSE_CODES.get(reason, WSCloseCode.POLICY_VIOLATION), message=reason.encode())


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every session of an adapter shares."""

    config: Config
    transcript: Transcript
    signer: Signer
    journal: Journal
    ask: Ask
    now: Callable[[], datetime]
    wall: Callable[[], datetime]


class Session:
    """Made after a hello was believed; `run` lasts as long as the socket."""

    def __init__(
        self, socket: web.WebSocketResponse, hello: Hello, party: Party, visitor: str | None, around: Surroundings
    ) -> None:
        self.party = party
        self.conversation = conversation_of(around.config.account, party.identity.address)
        #: Everything up to here was read from the transcript for this page.
        self.rev = hello.after
        self._socket = socket
        self._hello = hello
        self._visitor = visitor
        self._around = around
        self._news = asyncio.Event()
        self._farewell: str | None = None
        self._running: asyncio.Task[object] | None = None
        self._newest_reply: tuple[int, str] | None = None
        self._seen: str | None = None
        self._told: Profile | None = None
        #: What stands above the conversation may have changed.
        self._is_stale = False
        self._has_shown = False

    def wake(self) -> None:
        """There may be news; read and show it."""
        self._news.set()

    def dismiss(self, reason: str) -> None:
        """Say bye as soon as the frame being written is out."""
        self._farewell = reason
        self._news.set()

    def drop(self) -> None:
        """End now, whatever it is waiting for; nothing was acknowledged that is not kept."""
        if self._running is not None:
            self._running.cancel()

    async def run(self) -> None:
        """Serve the page until its socket closes; a failure of ours closes it, and the widget comes back by itself."""
        self._running = asyncio.current_task()
        writer = asyncio.create_task(self._write())
        try:
            await self._read()
        except (ConnectionError, TimeoutError):
            pass  # the page is gone: nobody is left to be told
        except DeskAwayError as error:
            log.warning("a widget's message could not be kept now; it comes again", channel="inapp", reason=str(error))
            await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
        except Exception:  # supervised: a page that meets a failure of ours reconnects and sends again
            log.exception("a widget was let go because its message could not be kept", channel="inapp")
            await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
        finally:
            writer.cancel()
            await asyncio.wait([writer])

    # ---- what the page is told

    async def _write(self) -> None:
        try:
            await self._welcome()
            while self._farewell is None:
                await self._show_news()
                await self._tell_changes()
                await self._pause()
            await say_bye(self._socket, self._farewell)
        except (ConnectionError, TimeoutError):
            await self._socket.close(code=WSCloseCode.GOING_AWAY)
        except DeskAwayError as error:
            log.warning("a widget cannot be shown its transcript now", channel="inapp", reason=str(error))
            await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
        except Exception:  # supervised: as in `run`
            log.exception("a widget was let go because its transcript could not be read", channel="inapp")
            await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)

    async def _welcome(self) -> None:
        heads = await self._around.transcript.heads([self.conversation])
        if self.rev > heads.get(self.conversation, 0):
            self.rev = 0  # the page remembers more than we do: the database was restored from a backup
        config = self._around.config
        limits = {"text": config.longest_text, "file": config.largest_file, "files": config.most_files}
        self._told = profile = await self._profile()
        await tell(
            self._socket,
            welcome_frame(
                profile,
                now=self._around.now(),
                rev=self.rev,
                ticket=self._ticket(),
                limits=limits,
                visitor=self._visitor,
            ),
        )

    async def _show_news(self) -> None:
        self._news.clear()
        lines = await self._around.transcript.lines(self.conversation, self.rev)
        # What the desk says by itself tells of things that were arranged; the history before the welcome is no news.
        self._is_stale |= self._has_shown and any(line.kind == "auto" for line in lines)
        self._has_shown = True
        for frame in lines_frames(lines):
            await tell(self._socket, frame)
        for line in lines:
            self.rev = max(self.rev, line.rev)
            if line.kind == "reply" and (self._newest_reply is None or line.position > self._newest_reply[0]):
                self._newest_reply = (line.position, line.id)

    async def _pause(self) -> None:
        """Wait for news; once a minute without any, tell who is here, which is also the sign that we are."""
        try:
            async with asyncio.timeout(self._around.config.greet_every.total_seconds()):
                await self._news.wait()
        except TimeoutError:
            await self._tell_profile()

    async def _tell_changes(self) -> None:
        if not self._is_stale:
            return
        self._is_stale = False
        if await self._profile() != self._told:
            await self._tell_profile()

    async def _tell_profile(self) -> None:
        self._told = profile = await self._profile()
        await tell(self._socket, profile_frame(profile, now=self._around.now(), ticket=self._ticket()))

    async def _profile(self) -> Profile:
        party, hello = self.party, self._hello
        return await self._around.transcript.greeting(party.identity, party.vouched, hello.language, hello.zone)

    def _ticket(self) -> str:
        return self._around.signer.ticket(self.conversation, now=self._around.wall())

    # ---- what the page says

    async def _read(self) -> None:
        clock = asyncio.get_running_loop().time
        bucket = Bucket(_BURST, _PER_SECOND, clock())
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                await self._socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
                return
            # A flood is slowed, not refused: while we do not read, the page cannot send, and nothing of it is lost.
            await asyncio.sleep(bucket.pause(clock()))
            try:
                frame = frame_from_json(message.data)
            except ValueError as error:
                log.warning("a widget's frame was not understood", channel="inapp", reason=str(error))
                await self._socket.close(code=WSCloseCode.POLICY_VIOLATION)
                return
            await self._answer(frame)

    async def _answer(self, frame: PageFrame) -> None:
        at, account = self._around.now(), self._around.config.account
        if self.party.is_expired(self._around.wall()):
            self.dismiss("expired")  # what it just sent is not acknowledged, so it comes again with a fresh token
            return
        match frame:
            case Say():
                await self._keep_said(frame, at)
            case Edit() if reason := self._refusal(frame.text, files=0):
                await self._refuse(frame.id, reason)
            case Edit():
                await self._keep(frame.id, convert.raw_from_edit(frame, self.party, account=account, at=at))
            case Seen():
                newest = self._newest_reply
                if newest is not None and frame.position >= newest[0] and newest[1] != self._seen:
                    self._seen = newest[1]
                    seen = convert.raw_from_seen(newest[1], self.party, account=account, at=at)
                    await self._around.journal([seen], None)
            case Pressed():
                await self._ask(frame, at)
            case Refresh():
                await self._tell_profile()
            case Hello():
                await self._socket.close(code=WSCloseCode.POLICY_VIOLATION)

    async def _keep_said(self, say: Say, at: datetime) -> None:
        if reason := self._refusal(say.text, files=len(say.files)):
            await self._refuse(say.id, reason)
            return
        try:
            attachments = self._attachments(say)
        except IdentityError:
            await self._refuse(say.id, "file")
            return
        raw = convert.raw_from_said(
            say,
            self.party,
            account=self._around.config.account,
            at=at,
            attachments=attachments,
            language=self._hello.language,
            zone=self._hello.zone,
        )
        await self._keep(say.id, raw)

    async def _ask(self, pressed: Pressed, at: datetime) -> None:
        account, hello = self._around.config.account, self._hello
        press = convert.press_from_pressed(
            pressed, self.party, account=account, at=at, language=hello.language, zone=hello.zone
        )
        answer = await self._around.ask(press)
        await tell(self._socket, answer_frame(pressed.id, answer))
        self._is_stale = True
        self._news.set()

    def _attachments(self, say: Say) -> tuple[Attachment, ...]:
        return tuple(self._around.signer.attachment_from_upload(note, self.conversation) for note in say.files)

    def _refusal(self, text: str, *, files: int) -> str | None:
        if len(text) > self._around.config.longest_text:
            return "too_long"
        if files > self._around.config.most_files:
            return "too_many_files"
        return None if text.strip() or files else "empty"

    async def _refuse(self, client_id: str, reason: str) -> None:
        await tell(self._socket, {"type": "refused", "id": client_id, "reason": reason})

    async def _keep(self, client_id: str, raw: Raw) -> None:
        """The one place where a widget is told that its message is safe: after the commit, and not before."""
        await self._around.journal([raw], None)
        await tell(self._socket, {"type": "ack", "id": client_id})
