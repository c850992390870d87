"""What Slack hands over, kept before it is acknowledged, by whichever way it comes.

An event is one payload of the journal, named by Slack's own id: the same on every redelivery, through sockets, over
HTTP and to another replica. What cannot be named is kept as well, under the hash of its bytes.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

import structlog

from adapters.errors import DeskAwayError, MalformedError, UnsupportedError
from adapters.message import Channel
from adapters.port import Ask, Journal, Raw
from adapters.slack import ids
from adapters.slack.convert import lane_from_envelope
from adapters.slack.held_back import is_held_back, name_of
from adapters.slack.install import Install, marked
from adapters.slack.readers import forgotten
from adapters.slack.timings import Timings

Found = TypeVar("Found")

log = structlog.get_logger()

#: The end of the app in this workspace; a person has to act.
_ENDINGS: Final = {
    "app_uninstalled": "the app was removed from the workspace: install it again and set SLACK_BOT_TOKEN",
    "tokens_revoked": "a token of the app was revoked: install it again and set SLACK_BOT_TOKEN",
}


class Presses(Protocol):
    """Whoever answers what people press."""

    async def answer(self, payload: Mapping[str, Any], ask: Ask) -> Mapping[str, Any]:
        """The body of the acknowledgement. Raises UnsupportedError, MalformedError, or what `ask` raises."""


class Arrivals:
    """One run of the channel."""

    def __init__(
        self,
        journal: Journal,
        ask: Ask,
        presses: Presses,
        account: str,
        now: Callable[[], datetime],
        *,
        install: Install,
        timings: Timings,
    ) -> None:
        self._install = install
        self._journal = journal
        self._ask = ask
        self._presses = presses
        self._account = account
        self._now = now
        self._timings = timings
        self._under_way: set[asyncio.Future[Any]] = set()
        self._is_away = False
        self._held_back: asyncio.TimerHandle | None = None
        #: Why nothing can come any more, in words for `/readyz`; empty while all is well.
        self.ended = ""
        #: Called whenever something may have passed us by.
        self.missed: Callable[[], None] = lambda: None

    async def hear(self, envelope: Mapping[str, Any] | None, payload: bytes) -> None:
        """Keep one event; `envelope` is None where the payload is no JSON object.

        Raises what the journal raises, a DeskAwayError also where it takes too long: it must not be acknowledged.
        """
        refusal = self._install.refusal_of_event(envelope or {})
        if refusal:
            log.warning("an event was refused", channel="slack", reason=refusal)
            payload = marked(payload, refusal)
        elif envelope is not None and is_held_back(envelope):
            log.warning("Slack holds events back: too many a minute; they are read back later", channel="slack")
            self._is_held_back()
        known = None if refusal else forgotten(envelope, self._account)
        try:
            await self._in_time(self._journal([self.raw(envelope, payload)], known))
        except BaseException:
            self.missed()
            raise
        if known is not None:
            self.missed()
        if not refusal:
            self._look_at(envelope or {})

    async def pressed(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Have a press decided; the body of the acknowledgement. What is not served is acknowledged bare.

        Raises MalformedError, and DeskAwayError as above.
        """
        if refusal := self._install.refusal_of_press(payload):
            log.warning("a press was refused", channel="slack", reason=refusal)
            return {}
        try:
            return await self._in_time(self._presses.answer(payload, self._ask))
        except UnsupportedError as error:
            log.info("a press of Slack's is not served", channel="slack", reason=str(error))
            return {}

    def raw(self, envelope: Mapping[str, Any] | None, payload: bytes) -> Raw:
        """A payload under the name it has on every delivery."""
        known = envelope or {}
        try:
            name = name_of(known) if is_held_back(known) else ids.external_id_of(known)
        except MalformedError:
            name = f"frame:{hashlib.sha256(payload).hexdigest()}"
        lane = lane_from_envelope(envelope or {}, self._account)
        return Raw(Channel.SLACK, self._account, name, payload, self._now(), lane)

    async def close(self) -> None:
        """Give up what is still under way: nobody has been told that it was kept."""
        if self._held_back is not None:
            self._held_back.cancel()
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _in_time(self, work: Awaitable[Found]) -> Found:
        """Wait as long as Slack does. What takes longer goes on, and its outcome is found by key when Slack repeats."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._timings.answer_within_s)
            if not done:
                task.add_done_callback(_tell_late_failure)
                raise DeskAwayError("it takes longer than Slack waits")
            found = task.result()
        except DeskAwayError as error:
            if not self._is_away:  # once, however much comes meanwhile
                self._is_away = True
                log.warning(
                    "the desk is away: Slack is not answered and comes again", channel="slack", reason=str(error)
                )
            raise
        if self._is_away:
            self._is_away = False
            log.info("Slack is answered again", channel="slack")
        return found

    def _is_held_back(self) -> None:
        """Read back what is withheld already, and once the minute is over what was withheld after that."""
        self.missed()
        if self._held_back is not None:
            self._held_back.cancel()
        self._held_back = asyncio.get_running_loop().call_later(self._timings.held_back_s, self.missed)

    def _look_at(self, envelope: Mapping[str, Any]) -> None:
        """Slack itself says when it will say no more; whatever comes after that proves the contrary."""
        event = envelope.get("event")
        kind = str(event.get("type")) if isinstance(event, Mapping) else ""
        ending = _ENDINGS.get(kind, "")
        if kind == "tokens_revoked" and isinstance(event, Mapping) and not _is_of_bots(event.get("tokens")):
            ending = ""
        if ending:
            log.error("Slack will say no more", channel="slack", reason=ending)
        self.ended = ending


def _is_of_bots(tokens: object) -> bool:
    """People may have tokens of their own, which we use none of."""
    return not isinstance(tokens, Mapping) or bool(tokens.get("bot"))


def _tell_late_failure(task: asyncio.Future[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) and not isinstance(error, DeskAwayError):
        log.error("what Slack said could not be kept", channel="slack", exc_info=error)


def compact(envelope: Mapping[str, Any]) -> bytes:
    """An envelope as bytes. Letters beyond ASCII are escaped, so that half a letter is no error of ours."""
    return json.dumps(envelope, separators=(",", ":")).encode()


def fields_of(payload: bytes | str) -> Mapping[str, Any] | None:
    """A JSON object, or None."""
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
