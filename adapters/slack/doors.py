"""Events and presses over HTTP: two doors that open for Slack alone.

A request is looked at from the outside in: are its headers what Slack writes, is it small enough and there in time, is
it signed with our secret and young? Anything else is refused with a status and one line in the log. `200` says that it
is committed; while the desk is away it is `503`, and Slack comes again.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import structlog
from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError
from slack_sdk.signature import Clock, SignatureVerifier

from adapters.errors import DeskAwayError, MalformedError
from adapters.port import Route
from adapters.slack.arrivals import Arrivals, fields_of
from adapters.slack.manifest import EVENTS_PATH, PRESSES_PATH
from adapters.slack.timings import Timings

log = structlog.get_logger()

LARGEST_BODY: Final = 2**20
MOST_FIELDS: Final = 100
#: Shapes checked before the SDK reads them: it raises on others, and a stranger is no error of ours.
_MOMENT: Final = re.compile(r"[0-9]{1,11}", re.ASCII)
_SIGNATURE: Final = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)


class _WallClock(Clock):
    def __init__(self, wall: Callable[[], datetime]) -> None:
        self._wall = wall

    def now(self) -> float:
        return self._wall().timestamp()


class _RefusedError(Exception):
    """`is_left` where its body is not read to the end."""

    def __init__(self, status: int, reason: str, *, is_left: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        self.is_left = is_left


class Doors:
    """Serves while `arrivals` is set; before and after that the desk is away."""

    def __init__(self, signing_secret: str, wall: Callable[[], datetime], timings: Timings) -> None:
        self._timings = timings
        self.arrivals: Arrivals | None = None
        self.routes = (
            Route("POST", EVENTS_PATH, self._events),
            Route("POST", PRESSES_PATH, self._presses),
        )
        self._verifier = SignatureVerifier(signing_secret, _WallClock(wall))

    async def _events(self, request: web.Request) -> web.Response:
        return await self._served(request, self._hear)

    async def _presses(self, request: web.Request) -> web.Response:
        return await self._served(request, self._press)

    async def _served(self, request: web.Request, serve: Callable[[Arrivals, bytes], Any]) -> web.Response:
        answer: web.Response
        try:
            body = await self._judged(request)
            if self.arrivals is None:
                raise _RefusedError(web.HTTPServiceUnavailable.status_code, "the channel is not running")
            answer = await serve(self.arrivals, body)
        except _RefusedError as error:
            answer = _refused(request, error.status, str(error))
            if error.is_left:
                await _show_out(request, answer)
        except MalformedError as error:
            return _refused(request, web.HTTPBadRequest.status_code, str(error))
        except DeskAwayError:  # which the log has once, and not for each request
            return web.Response(status=web.HTTPServiceUnavailable.status_code)
        return answer

    async def _judged(self, request: web.Request) -> bytes:
        """The body, once it is known to be Slack's."""
        moment = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not _MOMENT.fullmatch(moment) or not _SIGNATURE.fullmatch(signature):
            raise _RefusedError(web.HTTPUnauthorized.status_code, "it is not signed as Slack signs")
        if request.headers.get("Content-Encoding"):  # nothing is unpacked for strangers
            raise _RefusedError(web.HTTPUnauthorized.status_code, "it is packed, as Slack never packs", is_left=True)
        try:
            async with asyncio.timeout(self._timings.answer_within_s):  # no longer than Slack itself waits
                body = await _body(request)
        except TimeoutError as error:
            raise _RefusedError(web.HTTPRequestTimeout.status_code, "its body does not come", is_left=True) from error
        except (web.HTTPException, web.PayloadAccessError, ClientError, HttpProcessingError, OSError) as error:
            raise _RefusedError(web.HTTPBadRequest.status_code, "its body is broken", is_left=True) from error
        try:
            is_slack = self._verifier.is_valid(body, moment, signature)
        except UnicodeDecodeError:  # the SDK signs texts; Slack sends nothing else
            is_slack = False
        if not is_slack:
            raise _RefusedError(web.HTTPUnauthorized.status_code, "the signature is wrong or old")
        return body

    async def _hear(self, arrivals: Arrivals, body: bytes) -> web.Response:
        envelope = fields_of(body)
        if envelope is not None and envelope.get("type") == "url_verification":
            challenge = str(envelope.get("challenge", "")).encode(errors="replace")
            return web.Response(body=challenge, content_type="text/plain")
        await arrivals.hear(envelope, body)
        return web.Response()

    async def _press(self, arrivals: Arrivals, body: bytes) -> web.Response:
        try:
            form = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
        except ValueError as error:
            raise MalformedError("the form has too many fields") from error
        if "ssl_check" in form:
            return web.Response()
        payload: Mapping[str, Any] | None = form
        if "command" not in form:
            payload = fields_of(form.get("payload", ""))
        if payload is None:
            raise MalformedError("it is neither a command nor an interaction")
        answer = await arrivals.pressed(payload)
        return web.json_response(answer) if answer else web.Response()


async def _body(request: web.Request) -> bytes:
    """Read no further than the limit, whatever the headers promise."""
    read = bytearray()
    async for piece in request.content.iter_chunked(2**16):
        read += piece
        if len(read) > LARGEST_BODY:
            raise _RefusedError(web.HTTPRequestEntityTooLarge.status_code, "it is larger than anything Slack sends")
    return bytes(read)


async def _show_out(request: web.Request, answer: web.Response) -> None:
    """Answer and end the connection: aiohttp would go on reading what does not come or cannot be read."""
    with suppress(ConnectionError):
        await answer.prepare(request)
        await answer.write_eof()
    request.protocol.force_close()


def _refused(request: web.Request, status: int, reason: str) -> web.Response:
    log.warning(
        "a request at Slack's door was refused", channel="slack", door=request.path, status=status, reason=reason
    )
    return web.Response(status=status)
