"""The desk's answer to a press: asked at once, told in the acknowledgement, with a window or a whisper after it.

Slack waits three seconds. What goes with the acknowledgement is given back to whoever acknowledges; what follows it is
called meanwhile, and nobody waits for it. A window that Slack does not open becomes a whisper, and a whisper that it
does not show is said at the address that came with the press: nobody presses and hears nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import structlog

from adapters.errors import DeliveryError, DeskAwayError
from adapters.message import Identity
from adapters.port import Ask
from adapters.shapes import Fields
from adapters.slack.answers import Response, Whisper, response_for
from adapters.slack.cards import told
from adapters.slack.pacing import PacedWeb
from adapters.slack.places import Places
from adapters.slack.presses import press_from_event, press_from_payload
from adapters.slack.refusals import RefusedError

log = structlog.get_logger()

#: What Slack says when a window was asked for too late, and when it stands open already: a press came twice.
_LATE: Final = frozenset({"expired_trigger_id", "invalid_trigger_id"})
_OPEN: Final = "exchanged_trigger_id"


class Presses:
    """Asks the desk for the people of one workspace.

    `title` heads a window that holds a sentence alone. `too_late` is what whoever pressed is told when Slack would not
    open a window any more.
    """

    def __init__(
        self,
        web: PacedWeb,
        places: Places,
        now: Callable[[], datetime],
        *,
        account: str,
        title: str,
        too_late: Callable[[Identity], Awaitable[str]],
    ) -> None:
        self._web = web
        self._places = places
        self._now = now
        self._account = account
        self._title = title
        self._too_late = too_late
        self._following: set[asyncio.Task[None]] = set()

    async def answer(self, payload: Fields, ask: Ask) -> Mapping[str, Any]:
        """Ask the desk and give back the body of the acknowledgement; an empty one is a bare acknowledgement.

        `payload` is the JSON of an interaction, or the form fields of a command. Raises UnsupportedError and
        MalformedError for what cannot be asked, and whatever `ask` raises.
        """
        press = press_from_payload(payload, account=self._account, at=self._now())
        response = response_for(payload, press, await ask(press), title=self._title)
        if response.is_followed:
            self._follow(self._tell(press.by, response))
        return response.body

    def opened(self, envelope: Fields, ask: Ask) -> None:
        """Tell the desk, some time soon, that somebody looks at their home; every other event is passed over."""
        press = press_from_event(envelope, account=self._account, at=self._now())
        if press is not None:

            async def tell() -> None:
                await ask(press)

            self._follow(tell())

    async def drain(self) -> None:
        """Wait until everything that follows an acknowledgement has been told."""
        while self._following:
            await asyncio.wait(self._following)

    async def close(self) -> None:
        """Tell nothing more."""
        following = list(self._following)
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)

    def _follow(self, telling: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._supervised(telling), name="slack answer")
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    async def _supervised(self, telling: Coroutine[Any, Any, None]) -> None:
        try:
            await telling
        except (DeliveryError, DeskAwayError) as error:
            log.warning("an answer was not shown", channel="slack", reason=str(error))
        except Exception:  # the press itself is decided and stored: what is lost is its echo
            log.exception("an answer was not shown", channel="slack")

    async def _tell(self, by: Identity, response: Response) -> None:
        if response.view is not None:
            try:
                await self._web.call("views.open", {"trigger_id": response.trigger_id, "view": response.view})
            except DeliveryError as error:
                code = error.code if isinstance(error, RefusedError) else ""
                if code == _OPEN:
                    return
                if code not in _LATE:
                    log.warning("a window was not opened", channel="slack", reason=str(error))
                if response.instead is not None:
                    # What was done already must not be asked for again.
                    words = response.instead.text or await self._too_late(by)
                    await self._whisper(replace(response.instead, text=words), response.late_to)
        if response.whisper is not None:
            await self._whisper(response.whisper, response.late_to)

    async def _whisper(self, whisper: Whisper, late_to: str) -> None:
        words = {"thread_ts": whisper.thread, **told(whisper.text)}
        asked = {"user": whisper.user, **words, "parse": "none"}
        try:
            await self._places.call("chat.postEphemeral", whisper.conversation, asked)
        except DeliveryError as error:
            if not late_to:
                raise
            log.info("a whisper goes to the address of its press", channel="slack", reason=str(error))
            await self._web.web.respond(late_to, {"response_type": "ephemeral", "replace_original": False, **words})
