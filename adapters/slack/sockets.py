"""Socket Mode: frames over connections that we open, so that no address of ours has to be public.

Two at once, because Slack closes each every few hours and tells the other meanwhile. A connection that Slack does not
greet in time, or on which no frame and no answer to our ping came, is taken for dead and made anew. A frame is
acknowledged when what it carries is committed, and never before; what is not acknowledged Slack sends again, to
whichever connection is open then.

The SDK's own client keeps frames in a queue in memory, acknowledges from there, and has been seen to stay deaf after a
lost connection; see docs/decisions/021-slack-is-heard-without-bolt.md. Its types say what an envelope is.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, ClientWebSocketResponse, ServerTimeoutError, WSMsgType
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from adapters.errors import DeliveryError, DeskAwayError, MalformedError, PermanentError, TemporaryError
from adapters.slack.arrivals import Arrivals, compact, fields_of
from adapters.slack.timings import Timings
from adapters.slack.web import Web

log = structlog.get_logger()

#: The largest frame taken; Slack's own payloads stay far below.
LARGEST_FRAME: Final = 4 * 2**20
PRESSES: Final = frozenset({"interactive", "slash_commands"})


class Link:
    """One connection, made again whenever it ends. `opened` is told whenever it is there, and whether it ever was."""

    def __init__(
        self, web: Web, app_token: str, arrivals: Arrivals, timings: Timings, *, opened: Callable[[bool], None]
    ) -> None:
        self.is_open = False
        #: Why it is not open, in words; empty while it is, or while nothing is wrong.
        self.trouble = ""
        self._web = web
        self._app_token = app_token
        self._arrivals = arrivals
        self._timings = timings
        self._opened = opened
        self._under_way: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._rest_s = 0.0
        self._was_open = False

    async def run(self) -> None:
        """Stay connected until cancelled."""
        async with ClientSession(timeout=ClientTimeout(total=None)) as http:
            while True:
                try:
                    await self._connected(http)
                except PermanentError as error:
                    self._failed(str(error), is_final=True)
                except TemporaryError as error:
                    self._failed(str(error), rest=error.retry_after)
                except (DeliveryError, ClientError, TimeoutError, OSError, ValueError) as error:
                    self._failed(f"Slack cannot be reached ({type(error).__name__})")
                await asyncio.sleep(self._pause_s())

    async def _connected(self, http: ClientSession) -> None:
        answer = await self._web.call("apps.connections.open", {}, token=self._app_token)
        url, ping_s = str(answer.get("url")), self._timings.ping_every_s
        async with (
            asyncio.timeout(self._timings.connect_within_s) as patience,  # which ends with Slack's greeting
            http.ws_connect(url, heartbeat=ping_s, max_msg_size=LARGEST_FRAME) as ws,
        ):
            loop = asyncio.get_running_loop()
            began = loop.time()
            try:
                await self._listen(ws, patience)
                await self._finish()
            finally:
                self.is_open = False
                for task in self._under_way:
                    task.cancel()
            if isinstance(ws.exception(), ServerTimeoutError):
                log.warning("a connection to Slack was silent and is made anew", channel="slack")
            if loop.time() - began < self._timings.retry_first_s:  # whoever shows us out at once is not run up to
                self._failures += 1

    async def _listen(self, ws: ClientWebSocketResponse, patience: asyncio.Timeout) -> None:
        async for frame in ws:
            if frame.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                continue
            payload = frame.data if isinstance(frame.data, bytes) else frame.data.encode()
            said = fields_of(payload) or {}
            if said.get("type") == "hello":
                patience.reschedule(None)
                self.is_open, self.trouble, self._failures = True, "", 0
                self._opened(self._was_open)
                self._was_open = True
            elif said.get("type") == "disconnect":
                if said.get("reason") == "link_disabled":
                    raise PermanentError("Socket Mode is switched off in the app's settings: switch it on")
                if said.get("reason") != "warning":  # which comes ten seconds before the end: there is time yet
                    return
            else:
                task = asyncio.create_task(self._serve(ws, said, payload))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    async def _serve(self, ws: ClientWebSocketResponse, said: Mapping[str, Any], payload: bytes) -> None:
        inner = said.get("payload")
        envelope = SocketModeRequest.from_dict(dict(said)) if isinstance(inner, dict) else None
        body: Mapping[str, Any] = {}
        try:
            if envelope is None:  # no envelope we know: kept as it came, for a person to look at
                await self._arrivals.hear(None, payload)
            elif envelope.type in PRESSES:
                body = await self._arrivals.pressed(envelope.payload)
            else:
                await self._arrivals.hear(envelope.payload, compact(envelope.payload))
        except MalformedError as error:
            log.warning("a press of Slack's cannot be read", channel="slack", reason=str(error))
        except DeskAwayError:
            return  # Slack sends it again
        except Exception:  # supervised: one frame harms no other, and Slack sends it again
            log.exception("what Slack said could not be kept", channel="slack")
            return
        if isinstance(name := said.get("envelope_id"), str):
            bears_body = envelope is not None and envelope.accepts_response_payload and bool(body)
            answer = SocketModeResponse(name, dict(body) if bears_body else None)
            with suppress(ConnectionError, ClientError):  # a lost acknowledgement costs a redelivery
                await ws.send_json(answer.to_dict())

    async def _finish(self) -> None:
        """What is being kept is acknowledged on the connection it came by, if there is still time."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._timings.answer_within_s)

    def _failed(self, reason: str, *, is_final: bool = False, rest: timedelta | None = None) -> None:
        self._failures += 1
        self._rest_s = rest.total_seconds() if rest is not None else 0.0
        if reason != self.trouble:  # once for each trouble, not for each try
            say = log.error if is_final else log.warning
            say("no connection to Slack", channel="slack", reason=reason)
        self.trouble = reason

    def _pause_s(self) -> float:
        """Longer with every failure, never the same for two of us, and never less than Slack asks for."""
        if not self._failures:
            return 0
        longest = min(self._timings.retry_first_s * 2.0 ** min(self._failures - 1, 16), self._timings.retry_longest_s)
        rest_s, self._rest_s = self._rest_s, 0.0
        return max(rest_s, longest * random.uniform(0.5, 1))  # noqa: S311 - jitter
