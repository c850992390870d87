"""What people are called: events name people by their ids, so Slack is asked once and the answer remembered.

A stranger's first message waits a moment for their name. Without it the message goes on all the same, and the name is
there the next time.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from adapters.errors import DeliveryError
from adapters.port import Raw
from adapters.shapes import Fields, inner_or, text_or
from adapters.slack import ids
from adapters.slack.pacing import PacedWeb

log = structlog.get_logger()

#: An acknowledgement may wait this long for a name, once a person.
WAIT_FOR: Final = timedelta(milliseconds=250)
#: After a question that Slack did not answer nobody is asked about for so long.
REST_FOR: Final = timedelta(minutes=1)
_REMEMBERED: Final = 20_000


class Names:
    """Looks people up, each once; whoever has no name or cannot be asked about stays without."""

    def __init__(self, web: PacedWeb) -> None:
        self._web = web
        self._known: dict[str, str] = {}
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._rests_until = 0.0

    async def added_to(self, raw: Raw, envelope: Fields) -> Raw:
        """The same payload, with the name of who wrote it where we know it; its own bytes stay as they came."""
        event = inner_or(envelope, "event")
        user = text_or(event, "user")
        if event.get("type") != "message" or not ids.USER.fullmatch(user) or text_or(event, "bot_id"):
            return raw
        names = await self._names_of(user)
        whole = raw.payload.rstrip()
        if not names or not whole.endswith(b"}"):
            return raw
        return replace(raw, payload=whole[:-1] + b',"names":' + json.dumps(names).encode() + b"}")

    async def close(self) -> None:
        """Nobody is asked about any more."""
        asked = list(self._asked.values())
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        self._asked.clear()

    async def _names_of(self, user: str) -> Mapping[str, str]:
        if user not in self._known and asyncio.get_running_loop().time() >= self._rests_until:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            task = self._asked.get(user)
            if task is None:
                task = self._asked[user] = asyncio.create_task(self._ask(user), name=f"name of {user}")
            await asyncio.wait([task], timeout=WAIT_FOR.total_seconds())
        name = self._known.get(user, "")
        return {user: name} if name else {}

    async def _ask(self, user: str) -> None:
        try:
            answer = await self._web.call("users.info", {"user": user})
            member = inner_or(answer, "user")
            profile = inner_or(member, "profile")
            self._known[user] = (
                text_or(profile, "display_name")
                or text_or(profile, "real_name")
                or text_or(member, "real_name")
                or text_or(member, "name")
            )
        except DeliveryError as error:
            self._rests_until = asyncio.get_running_loop().time() + REST_FOR.total_seconds()
            log.info("a name could not be looked up", channel="slack", reason=str(error))
        except Exception:  # a name is a courtesy: nothing about it may cost a message
            log.exception("a name could not be looked up", channel="slack")
        finally:
            self._asked.pop(user, None)
