"""What people are called: events name people by their ids, so Slack is asked once and the answer remembered.

A message waits a moment for the names of who wrote it and of those it mentions. Without them it goes on all the same,
and they are there the next time.

Slack says with a name whether it is a guest's: the first message that somebody writes after our start tells the desk,
which perhaps takes them for one of its own people.
"""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from adapters.errors import DeliveryError
from adapters.port import Raw
from adapters.shapes import Fields, inner_or, text_or
from adapters.slack import ids
from adapters.slack.closed import GUEST, is_no_member
from adapters.slack.pacing import PacedWeb
from adapters.slack.refusals import RefusedError

log = structlog.get_logger()

#: So many people are called by their names in one message; whoever is mentioned beside them, by their ids.
MOST_NAMED: Final = 8
_MENTION: Final = re.compile(r"<@([UW][A-Z0-9]{1,30})>", re.ASCII)
#: After a question that Slack did not answer nobody is asked about for so long.
REST_FOR: Final = timedelta(minutes=1)
#: Of whoever is none here, or none that we may see, there is no name to come.
_NOBODY: Final = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
_REMEMBERED: Final = 20_000


class Names:
    """Looks people up, each once; whoever has no name or cannot be asked about stays without."""

    def __init__(self, web: PacedWeb, within_s: float) -> None:
        """`within_s` is how long an acknowledgement may wait for names, once a person."""
        self._web = web
        self._within_s = within_s
        self._known: dict[str, str] = {}
        #: Guests of whom the desk has not been told.
        self._guests: set[str] = set()
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._rests_until = 0.0

    async def added_to(self, raw: Raw, envelope: Fields) -> Raw:
        """The same payload, with the names of whom it tells where we know them; its own bytes stay as they came."""
        event = inner_or(envelope, "event")
        said = inner_or(event, "message") or event
        user = text_or(said, "user")
        if event.get("type") != "message" or not ids.USER.fullmatch(user) or text_or(said, "bot_id"):
            return raw
        users = dict.fromkeys((user, *_MENTION.findall(text_or(said, "text"))))
        names = await self._names_of(list(users)[:MOST_NAMED])
        whole = raw.payload.rstrip()
        if not names or not whole.endswith(b"}"):
            return raw
        found = {"names": names} | ({GUEST: user} if user in self._guests else {})
        self._guests.discard(user)
        return replace(raw, payload=whole[:-1] + b"," + json.dumps(found)[1:].encode())

    async def close(self) -> None:
        """Nobody is asked about any more."""
        asked = list(self._asked.values())
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        self._asked.clear()

    async def _names_of(self, users: Sequence[str]) -> Mapping[str, str]:
        unknown = [user for user in users if user not in self._known]
        if unknown and asyncio.get_running_loop().time() >= self._rests_until:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            for user in unknown:
                if user not in self._asked:
                    self._asked[user] = asyncio.create_task(self._ask(user), name=f"name of {user}")
            await asyncio.wait([self._asked[user] for user in unknown], timeout=self._within_s)
        return {user: name for user in users if (name := self._known.get(user, ""))}

    async def _ask(self, user: str) -> None:
        try:
            answer = await self._web.call("users.info", {"user": user})
            member = inner_or(answer, "user")
            profile = inner_or(member, "profile")
            if is_no_member(member):
                self._guests.add(user)
            self._known[user] = (
                text_or(profile, "display_name")
                or text_or(profile, "real_name")
                or text_or(member, "real_name")
                or text_or(member, "name")
            )
        except DeliveryError as error:
            if isinstance(error, RefusedError) and error.code in _NOBODY:
                self._known[user] = ""
                return
            self._rests_until = asyncio.get_running_loop().time() + REST_FOR.total_seconds()
            log.info("a name could not be looked up", channel="slack", reason=str(error))
        except Exception:  # a name is a courtesy: nothing about it may cost a message
            log.exception("a name could not be looked up", channel="slack")
        finally:
            self._asked.pop(user, None)
