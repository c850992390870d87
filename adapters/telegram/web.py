"""The Bot API as we call it: one request, one of four ends, and never a second try by ourselves.

Whoever called decides what happens after an error. The token stands in every address, so no address is ever part of an
error's text, and libraries that log addresses are kept quiet.

The SDK makes the request; its errors say whether we had spoken already when the connection failed.
"""

import json
import logging
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextvars import ContextVar
from datetime import timedelta
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
from aiohttp import ClientError, ClientSession, ClientTimeout
from telegram import InputFile
from telegram.error import TelegramError
from telegram.request import HTTPXRequest, RequestData
from telegram.request._requestparameter import RequestParameter  # what a RequestData is made of has no other name

from adapters.errors import DeliveryError, PermanentError, TemporaryError, UncertainError
from adapters.telegram.config import Config
from adapters.telegram.gate import Gate, HeldBack
from adapters.telegram.refusals import error_from_answer

#: A connection that takes longer is given up before anything was said; an answer that takes longer leaves doubt.
CONNECT_WITHIN: Final = timedelta(seconds=5)
ANSWER_WITHIN: Final = timedelta(seconds=15)
#: Files go up slowly, and none of ours is larger than 50 MB.
UPLOAD_WITHIN: Final = timedelta(seconds=60)
#: Whatever became of these, they can be asked again without harm.
_REPEATABLE: Final = ("get", "set", "delete", "answer", "sendChatAction")
#: So the pool is never what a send waits for: a long poll has its own.
_CONNECTIONS: Final = 40
_CHUNK: Final = 64 * 1024
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
#: Nothing was said yet when one of these came.
_UNSAID: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_HASTE: Final = 429
_FAILED: Final = 500

Files = Mapping[str, tuple[str, bytes]]

#: The SDK hands a request on as it is, so what holds its body back reaches it beside the SDK.
_GATE: Final[ContextVar[Gate | None]] = ContextVar("gate", default=None)


class Web:
    """Our end of the Bot API. It opens its connections when they are first needed; `close` ends them."""

    def __init__(self, config: Config) -> None:
        for name in ("httpx", "httpcore"):  # they log each request with its address
            if logging.getLogger(name).level < logging.WARNING:
                logging.getLogger(name).setLevel(logging.WARNING)
        self._root = config.api_url.rstrip("/")
        self._token = config.token
        self._is_near = urlsplit(self._root).hostname in _LOOPBACK
        self._calls: HTTPXRequest | None = None
        self._polls: HTTPXRequest | None = None
        self._session: ClientSession | None = None

    def __repr__(self) -> str:
        return f"Web({self._root!r})"

    async def call(
        self,
        method: str,
        arguments: Mapping[str, Any],
        *,
        files: Files | None = None,
        gate: Gate | None = None,
        timeout_s: float | None = None,
    ) -> Any:  # noqa: ANN401 - each method has a result of its own
        """Call one method and give back its `result`. None among the arguments means that it is left out.

        `files` are sent beside them, by the name that `attach://NAME` or an argument has: a file name and its bytes.
        The last of them wait at the `gate`, where there is one.

        Raises TemporaryError, UncertainError, or RefusedError (a PermanentError with Telegram's own words).
        """
        answer = _object(await self.answer(method, arguments, files=files, gate=gate, timeout_s=timeout_s))
        if answer is None or answer.get("ok") is not True:
            raise _failure(method, httpx.codes.OK, answer)
        return answer.get("result")

    async def answer(
        self,
        method: str,
        arguments: Mapping[str, Any],
        *,
        files: Files | None = None,
        gate: Gate | None = None,
        timeout_s: float | None = None,
    ) -> bytes:
        """The same, as the bytes of an answer that came as a success; raises as `call` does."""
        given = [RequestParameter.from_input(name, one) for name, one in arguments.items() if one is not None]
        given += [RequestParameter(name, None, [_file(*one)]) for name, one in (files or {}).items()]
        request = self._opened(method)
        held = _GATE.set(gate)
        try:
            status, payload = await request.do_request(
                f"{self._root}/bot{self._token}/{method}",
                "POST",
                RequestData(given) if given else None,
                read_timeout=timeout_s or (UPLOAD_WITHIN if files else ANSWER_WITHIN).total_seconds(),
                write_timeout=(UPLOAD_WITHIN if files else ANSWER_WITHIN).total_seconds(),
            )
        except TelegramError as error:
            if isinstance(error.__cause__, _UNSAID):
                raise TemporaryError("Telegram cannot be reached") from error
            if gate is not None and not gate.is_passed:
                raise TemporaryError("the connection to Telegram broke before all of a file was there") from error
            raise _doubt(method, "the connection to Telegram broke before it answered") from error
        finally:
            _GATE.reset(held)
        if status != httpx.codes.OK:
            raise _failure(method, status, _object(payload))
        return payload

    async def fetch(self, file_path: str) -> AsyncGenerator[bytes]:
        """The bytes of a file that `getFile` named; no redirect is followed. Raises TemporaryError, PermanentError."""
        if not file_path or file_path.startswith("/") or ".." in file_path.split("/") or "\\" in file_path:
            raise PermanentError("Telegram does not say where the file is")
        address = f"{self._root}/file/bot{self._token}/{quote(file_path)}"
        try:
            async with self._opened_session().get(address, allow_redirects=False) as answer:
                if answer.status == _HASTE or answer.status >= _FAILED:
                    raise TemporaryError("Telegram does not give the file out now")
                if answer.status != httpx.codes.OK:
                    raise PermanentError("Telegram does not give the file to the bot")
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    yield chunk
        except (ClientError, TimeoutError, OSError):
            # The error itself names the address, and the address holds the token.
            raise TemporaryError("a file could not be fetched from Telegram") from None

    async def close(self) -> None:
        calls, polls, session = self._calls, self._polls, self._session
        self._calls = self._polls = self._session = None
        for request in (calls, polls):
            if request is not None:
                await request.shutdown()
        if session is not None:
            await session.close()

    def _opened(self, method: str) -> HTTPXRequest:
        if method == "getUpdates":
            if self._polls is None:
                self._polls = self._request(2)
            return self._polls
        if self._calls is None:
            self._calls = self._request(_CONNECTIONS)
        return self._calls

    def _request(self, connections: int) -> HTTPXRequest:
        return HTTPXRequest(
            connections,
            connect_timeout=CONNECT_WITHIN.total_seconds(),
            pool_timeout=CONNECT_WITHIN.total_seconds(),
            httpx_kwargs={
                "trust_env": not self._is_near,
                "verify": _authorities(trust_env=not self._is_near),
                "follow_redirects": False,
                "event_hooks": {"request": [_hold_back]},
            },
        )

    def _opened_session(self) -> ClientSession:
        if self._session is None or self._session.closed:
            connect, answer = CONNECT_WITHIN.total_seconds(), ANSWER_WITHIN.total_seconds()
            self._session = ClientSession(
                timeout=ClientTimeout(total=None, connect=connect, sock_connect=connect, sock_read=answer),
                trust_env=not self._is_near,
            )
        return self._session


@cache
def _authorities(*, trust_env: bool) -> ssl.SSLContext:
    """Whose certificates are believed. To read them all costs more than twenty calls, so it is done once."""
    return httpx.create_ssl_context(trust_env=trust_env)


async def _hold_back(request: httpx.Request) -> None:
    gate = _GATE.get()
    if gate is not None and isinstance(request.stream, httpx.AsyncByteStream):
        request.stream = HeldBack(request.stream, gate)


def _doubt(method: str, reason: str) -> DeliveryError:
    """Nobody knows whether it was done; of some it does not matter."""
    return TemporaryError(reason) if method.startswith(_REPEATABLE) else UncertainError(reason)


def _failure(method: str, status: int, answer: Mapping[str, Any] | None) -> DeliveryError:
    failure = error_from_answer(status, answer)
    return _doubt(method, str(failure)) if isinstance(failure, UncertainError) else failure


def _object(payload: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _file(name: str, content: bytes) -> InputFile:
    return InputFile(content, filename=name)
