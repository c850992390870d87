"""Slack's Web API as we call it: one request, one of four ends, and never a second try by ourselves.

The SDK's own retries are off, because they say a message twice that arrived the first time. Whoever called decides what
happens after an error.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine, Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, ConnectionTimeoutError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import PermanentError, TemporaryError, UncertainError
from adapters.slack.config import Config
from adapters.slack.files import NOT_GIVEN
from adapters.slack.refusals import RefusedError, error_from_answer

#: A connection that takes longer is given up before anything was said; an answer that takes longer leaves doubt.
CONNECT_WITHIN: Final = timedelta(seconds=5)
ANSWER_WITHIN: Final = timedelta(seconds=15)
#: These take a form only; everything else is told as JSON, which bears cards and forms as they are.
_READS: Final = frozenset(
    {
        "auth.test",
        "conversations.history",
        "conversations.info",
        "conversations.replies",
        "files.getUploadURLExternal",
        "files.info",
        "reactions.get",
        "users.conversations",
        "users.info",
    }
)
#: Whatever became of these, nobody has seen anything of it, and they can be asked again.
_SAYS_NOTHING: Final = _READS | {"conversations.open"}
_CHUNK: Final = 64 * 1024
_HASTE_OR_WORSE: Final = (408, 425, 429)
#: Where Slack takes what is said later to whoever pressed.
_RESPONSES: Final = "hooks.slack.com"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class Web:
    """Our end of the Web API. It opens its connections when they are first needed; `close` ends them."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._session: ClientSession | None = None
        self._client: AsyncWebClient | None = None
        self._beside: set[asyncio.Task[None]] = set()
        #: What is wrong with the bot's own token, as its last call was told; empty if nothing is.
        self.complaint = ""

    @property
    def client(self) -> AsyncWebClient:
        """The SDK's own client, for what wants to drive one; its errors are its own."""
        return self._opened()

    async def call(self, method: str, arguments: Mapping[str, Any], *, token: str | None = None) -> Mapping[str, Any]:
        """Call one method and give back what it answered. None among the arguments means that it is left out.

        `token` is another than the bot's: the app-level one.

        Raises TemporaryError, UncertainError, or RefusedError (a PermanentError with Slack's own word for it).
        """
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            return await self._call(method, given, token)
        except UncertainError as error:
            if method in _SAYS_NOTHING:
                raise TemporaryError(str(error)) from error
            raise

    async def _call(self, method: str, given: dict[str, Any], token: str | None) -> Mapping[str, Any]:
        form = {name: _written(value) for name, value in given.items()} if method in _READS else None
        try:
            own = {"Authorization": f"Bearer {token}"} if token is not None else {}
            json_body = given if form is None else None
            response = await self._opened().api_call(method, data=form, json=json_body, headers=own)
        except SlackApiError as error:
            refusal = _refusal(error)
            if token is None and isinstance(refusal, RefusedError):
                self.complaint = str(refusal) if refusal.is_about_us else ""
            raise refusal from error
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            raise TemporaryError("Slack cannot be reached") from error
        except (ClientError, TimeoutError, OSError) as error:
            raise UncertainError("the connection to Slack broke before it answered") from error
        if token is None:
            self.complaint = ""
        return response.data if isinstance(response.data, dict) else {}

    async def download(self, url: str) -> AsyncGenerator[bytes]:
        """The bytes of a file. Raises TemporaryError or PermanentError; the address must be one of Slack's own."""
        headers = {"Authorization": f"Bearer {self._config.bot_token}"}
        try:
            async with self._opened_session().get(url, headers=headers, allow_redirects=False) as answer:
                if answer.status in _HASTE_OR_WORSE or answer.status >= 500:  # noqa: PLR2004 - not the file's fault
                    raise TemporaryError("Slack does not give the file out now")
                # Who may not read a file is sent to sign in instead.
                if answer.status != 200 or answer.content_type == "text/html":  # noqa: PLR2004
                    raise PermanentError(NOT_GIVEN)
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    yield chunk
        except (ClientError, TimeoutError, OSError) as error:
            raise TemporaryError("a file could not be fetched from Slack") from error

    async def upload(self, url: str, content: bytes) -> None:
        """Put the bytes of a file where Slack said; nobody sees them before the upload is completed."""
        try:
            async with self._opened_session().post(url, data=BytesIO(content)) as answer:
                status = answer.status
        except (ClientError, TimeoutError, OSError) as error:
            raise TemporaryError("a file could not be handed to Slack") from error
        if status != 200:  # noqa: PLR2004 - the one success Slack documents
            raise TemporaryError("Slack did not take a file")

    async def respond(self, url: str, body: Mapping[str, Any]) -> None:
        """Say something to whoever pressed, at the address that Slack gave with the press.

        Raises TemporaryError, UncertainError or PermanentError; the address must be one of Slack's own.
        """
        if not self._is_slacks(url):
            raise PermanentError("what was pressed names no address of Slack's")
        given = {name: value for name, value in body.items() if value is not None}
        try:
            async with self._opened_session().post(url, json=given, allow_redirects=False) as answer:
                status = answer.status
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            raise TemporaryError("Slack cannot be reached") from error
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            raise UncertainError("the connection to Slack broke before it answered") from error
        if status != 200:  # noqa: PLR2004 - the one success Slack documents
            raise error_from_answer(status, "", answer.headers.get("Retry-After"))

    def _is_slacks(self, url: str) -> bool:
        """An answer goes to Slack alone, or to where the API of this app is."""
        try:
            asked, api = urlsplit(url), urlsplit(self._config.api_url)
            is_api = (asked.scheme, asked.hostname, asked.port) == (api.scheme, api.hostname, api.port)
        except ValueError:
            return False
        return is_api or (asked.scheme == "https" and asked.hostname == _RESPONSES)

    def beside(self, calls: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Make these calls whether or not their caller goes on waiting, until they are made or we are closed."""
        task = asyncio.create_task(calls, name="slack calls")
        self._beside.add(task)
        task.add_done_callback(self._made)
        return task

    async def close(self) -> None:
        beside = list(self._beside)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        session, self._session, self._client = self._session, None, None
        if session is not None:
            await session.close()

    def _made(self, task: asyncio.Task[None]) -> None:
        self._beside.discard(task)
        if not task.cancelled():
            task.exception()  # whoever still waits hears of it

    def _opened(self) -> AsyncWebClient:
        if self._client is None or self._session is None or self._session.closed:
            url = self._config.api_url.rstrip("/") + "/"
            client = AsyncWebClient(
                self._config.bot_token, base_url=url, session=self._opened_session(), retry_handlers=[]
            )
            if urlsplit(url).hostname in _LOOPBACK:
                client.proxy = None
            self._client = client
        return self._client

    def _opened_session(self) -> ClientSession:
        if self._session is None or self._session.closed:
            connect, answer = CONNECT_WITHIN.total_seconds(), ANSWER_WITHIN.total_seconds()
            self._session = ClientSession(
                timeout=ClientTimeout(connect=connect, sock_connect=connect, sock_read=answer)
            )
        return self._session


def _written(value: object) -> str:
    """An argument as a form carries it: texts as they are, the rest as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def _refusal(error: SlackApiError) -> Exception:
    response = error.response
    if isinstance(response, str):  # the answer was no JSON
        return UncertainError("Slack gave an answer that cannot be read")
    answer = getattr(response, "data", None)
    code = str(answer.get("error") or "") if isinstance(answer, dict) else ""
    status = getattr(response, "status_code", None) or getattr(response, "status", None) or 0
    headers = getattr(response, "headers", {})
    return error_from_answer(int(status), code, headers.get("Retry-After"))
