"""Updates that Telegram brings: one door that opens for Telegram alone.

A request is looked at from the outside in: does it know the secret, is it small enough and there in time, is it an
update? Anything else is refused with a status and one line in the log. `200` says that it is committed, or that the
press was decided; while the desk is away it is `503`, and Telegram comes again.

https://core.telegram.org/bots/api#setwebhook
"""

import asyncio
import hmac
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog
from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from adapters.errors import DeskAwayError, MalformedError
from adapters.message import Channel
from adapters.port import Ask, Cursor, Journal, Route
from adapters.shapes import fields_from_json
from adapters.telegram import ids
from adapters.telegram.config import Config
from adapters.telegram.holes import Holes
from adapters.telegram.pressing import Presses, answer
from adapters.telegram.timings import Timings
from adapters.telegram.updates import raw_from_update, update_from_fields

log = structlog.get_logger()

PATH: Final = "/telegram/webhook"
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
LARGEST_BODY: Final = 2**20
#: Deeper than anything Telegram says, and shallow enough for whoever reads it after us.
DEEPEST: Final = 60


class _RefusedError(Exception):
    """`is_left` where its body is not read to the end."""

    def __init__(self, status: int, reason: str, *, is_left: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        self.is_left = is_left


class Door:
    """Serves between `open` and `close`; before and after that the desk is away."""

    def __init__(
        self, config: Config, presses: Presses, holes: Holes, now: Callable[[], datetime], timings: Timings
    ) -> None:
        self._config = config
        self._presses = presses
        self._holes = holes
        self._now = now
        self._timings = timings
        self._secret = config.webhook_secret.encode()
        self._desk: tuple[Journal, Ask] | None = None
        self._is_away = False
        self.routes = (Route("POST", PATH, self._served),)

    def open(self, journal: Journal, ask: Ask) -> None:
        self._desk = (journal, ask)

    def close(self) -> None:
        self._desk = None

    async def _served(self, request: web.Request) -> web.Response:
        try:
            body = await self._judged(request)
            if self._desk is None:
                raise _RefusedError(web.HTTPServiceUnavailable.status_code, "the channel is not running")
            await self._taken(body, *self._desk)
        except _RefusedError as error:
            answered = _refused(error.status, str(error))
            if error.is_left:
                await _show_out(request, answered)
            return answered
        except MalformedError as error:
            return _refused(web.HTTPBadRequest.status_code, str(error))
        except DeskAwayError as error:
            if not self._is_away:  # once, however much comes meanwhile
                self._is_away = True
                log.warning("the desk is away: Telegram comes again", channel="telegram", reason=str(error))
            return web.Response(status=web.HTTPServiceUnavailable.status_code)
        if self._is_away:
            self._is_away = False
            log.info("the desk is back: updates are kept again", channel="telegram")
        return web.Response()

    async def _judged(self, request: web.Request) -> bytes:
        """The body, once it is known to be Telegram's."""
        given = request.headers.get(SECRET_HEADER, "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, self._secret):
            raise _RefusedError(web.HTTPUnauthorized.status_code, "it does not know the secret", is_left=True)
        if request.headers.get("Content-Encoding"):
            raise _RefusedError(web.HTTPBadRequest.status_code, "it is packed, as Telegram never packs", is_left=True)
        try:
            async with asyncio.timeout(self._timings.body_within_s):
                return await _body(request)
        except TimeoutError as error:
            raise _RefusedError(web.HTTPRequestTimeout.status_code, "its body does not come", is_left=True) from error
        except (web.HTTPException, web.PayloadAccessError, ClientError, HttpProcessingError, OSError) as error:
            raise _RefusedError(web.HTTPBadRequest.status_code, "its body is broken", is_left=True) from error

    async def _taken(self, body: bytes, journal: Journal, ask: Ask) -> None:
        fields = fields_from_json(body)
        if _is_deep(fields):
            raise MalformedError("it is nested deeper than any update")
        bot, account = self._config.bot_id, self._config.account
        update = update_from_fields(fields, body, account)
        if update.number is None:
            raise MalformedError("it is no update")
        await self._holes.before(update.number)
        # How far we are, also should updates be asked for some day. They come side by side: the highest number counts.
        week = timedelta(seconds=self._timings.week_s)
        cursor = Cursor(Channel.TELEGRAM, account, ids.cursor_value(bot, self._holes.following), rests_for=week)
        raws = [raw_from_update(update, bot=bot, account=account, at=self._now())]
        if update.press is not None:
            await answer(self._presses, update.press, ask)
            raws = raws if await self._holes.is_awaited(update.number) else []
        await journal(raws, cursor)


def _is_deep(found: object) -> bool:
    level: list[object] = [found]
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


async def _body(request: web.Request) -> bytes:
    """Read no further than the limit, whatever the headers promise."""
    read = bytearray()
    async for piece in request.content.iter_chunked(2**16):
        read += piece
        if len(read) > LARGEST_BODY:
            status = web.HTTPRequestEntityTooLarge.status_code
            raise _RefusedError(status, "it is larger than anything Telegram sends", is_left=True)
    return bytes(read)


async def _show_out(request: web.Request, answered: web.Response) -> None:
    """Answer and end the connection: aiohttp would go on reading what does not come or cannot be read."""
    with suppress(ConnectionError):
        await answered.prepare(request)
        await answered.write_eof()
    request.protocol.force_close()


def _refused(status: int, reason: str) -> web.Response:
    log.warning("a request at Telegram's door was refused", channel="telegram", status=status, reason=reason)
    return web.Response(status=status)
