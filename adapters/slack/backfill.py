"""What was said while nobody could tell us, read back from Slack: every place we are in, every thread that goes on.

    every channel, group and direct conversation of ours
        └─ what stands at its top, thirty days back                      conversations.history
            └─ threads with words of the last day, and older ones the desk still works on   conversations.replies

What is found becomes a payload like the event that was missed, under the name `CHANNEL:TS`, with Slack's own moment;
what was heard after all is recognised when it is decided. Changes of wording are found as far back, in threads for a
day, each under the name `CHANNEL:TS:TS`; so is that others can read in a place than before, and that we are in it no
longer, or again. What was deleted meanwhile, and signs put under messages, cannot be read back.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from adapters.errors import DeliveryError, PermanentError, TemporaryError, UncertainError
from adapters.message import Channel
from adapters.port import Cursor, Journal, Raw
from adapters.shapes import Fields, each, inner_or, text_or
from adapters.slack import ids
from adapters.slack.arrivals import compact
from adapters.slack.install import Install
from adapters.slack.pacing import PacedWeb
from adapters.slack.readers import (
    GONE,
    NOW_JOINED,
    NOW_LEFT,
    NOW_SHARED,
    UNKNOWN,
    cursor_name,
    news,
    readers_from_listing,
)
from adapters.slack.refusals import RefusedError
from adapters.slack.timings import Timings

log = structlog.get_logger()

_KINDS: Final = "public_channel,private_channel,im,mpim"
_PAGE: Final = 200
#: Kept in one commit.
_BATCH: Final = 50
_TRIES: Final = 6
#: One place that cannot be read holds up no other.
_PASSED_OVER: Final = frozenset(
    {"not_in_channel", "channel_not_found", "is_archived", "thread_not_found", "message_not_found", "no_permission"}
)


@dataclass(frozen=True, slots=True)
class _Place:
    channel: str
    kind: str
    readers: str


class Backfill:
    """Reads back. `raw` makes a payload of the journal out of an envelope; `install` learns which workspace is ours.

    `readers` gives who was last known to read in a channel, as it was kept; None for one never looked at. `channels`
    are those that were.
    """

    def __init__(
        self,
        web: PacedWeb,
        raw: Callable[[Mapping[str, Any], bytes], Raw],
        install: Install,
        timings: Timings,
        *,
        account: str,
        readers: Callable[[str], Awaitable[str | None]],
        channels: Callable[[], Awaitable[Sequence[str]]],
        wall: Callable[[], datetime],
    ) -> None:
        self._web = web
        self._raw = raw
        self._install = install
        self._timings = timings
        self._account = account
        self._readers = readers
        self._channels = channels
        self._wall = wall
        self._me: frozenset[str] = frozenset()

    async def read(self, since: datetime, threads: Sequence[str], journal: Journal, *, is_gap: bool = True) -> int:
        """Keep whatever was said after `since`, place by place, in its order; how many payloads that were.

        `threads` names the first messages of threads that may go on although they are old. After a gap (`is_gap`)
        threads in which nothing is new are looked at as well, for new wordings. Raises a DeliveryError where Slack
        cannot be asked, and what the journal raises; whatever was kept until then stays.
        """
        me = await self._call("auth.test", {})
        self._me = frozenset({text_or(me, "user_id"), text_or(me, "bot_id")})
        team = self._install.told(me)
        # As in an event, so that what we said ourselves is known: an upload of ours may come without a `bot_id`.
        ours = [{"team_id": team, "user_id": text_or(me, "user_id"), "is_bot": True}]
        told = {"type": "event_callback", "team_id": team, "authorizations": ours, "backfilled": True}
        roots: dict[str, set[str]] = {}
        for channel, _, ts in (name.partition(":") for name in threads):
            if ids.TS.fullmatch(ts):
                roots.setdefault(channel, set()).add(ts)
        count, seen = 0, set()
        async for place in self._places():
            seen.add(place.channel)
            count += await self._look_who_reads(place, told, journal)
            try:
                said = await self._said(place, since, roots.get(place.channel, set()), is_gap=is_gap)
            except RefusedError as error:
                if error.code not in _PASSED_OVER:
                    raise
                log.info("a place in Slack cannot be read back", channel="slack", place=place.channel, why=error.code)
                continue
            envelopes = [{**told, "event": one} for one in said]
            raws = [self._raw(envelope, compact(envelope)) for envelope in envelopes]
            for start in range(0, len(raws), _BATCH):
                await journal(raws[start : start + _BATCH], None)
            count += len(raws)
        for channel in sorted(set(await self._channels()) - seen):
            if await self._readers(channel) != GONE:
                count += await self._tell(NOW_LEFT, channel, GONE, told, journal)
        return count

    async def _look_who_reads(self, place: _Place, told: Mapping[str, Any], journal: Journal) -> int:
        """What was seen of a place that is other than it was, or was never seen before."""
        if place.kind not in {"channel", "group"}:
            return 0
        known = await self._readers(place.channel)
        if known == place.readers:
            return 0
        kind = {None: "", UNKNOWN: "", GONE: NOW_JOINED}.get(known, NOW_SHARED)
        return await self._tell(kind, place.channel, place.readers, told, journal)

    async def _tell(self, kind: str, channel: str, now: str, told: Mapping[str, Any], journal: Journal) -> int:
        """News, if it is any, and what was seen are kept in one commit, so that it is told once."""
        raws = []
        if kind:
            ts = _ts(self._wall())
            (ours,) = told["authorizations"]
            event = news(kind, channel, ts, user=ours["user_id"])
            envelope = {**told, "event_id": f"readers-{channel}-{ts.replace('.', '-')}", "event": event}
            raws.append(self._raw(envelope, compact(envelope)))
        await journal(raws, Cursor(Channel.SLACK, cursor_name(self._account, channel), now))
        return len(raws)

    async def _places(self) -> AsyncIterator[_Place]:
        asked = {"types": _KINDS, "limit": _PAGE, "exclude_archived": True}
        async for found in self._pages("users.conversations", asked, "channels"):
            if ids.CHANNEL.fullmatch(channel := text_or(found, "id")):
                yield _Place(channel, _kind(found), readers_from_listing(found))

    async def _said(self, place: _Place, since: datetime, roots: set[str], *, is_gap: bool) -> list[dict[str, Any]]:
        """The events that would have told of it, oldest first."""
        oldest = since - timedelta(seconds=max(self._timings.threads_back_s, self._timings.edits_back_s))
        back = since - timedelta(seconds=self._timings.edits_back_s)
        found: dict[str, Fields] = {}
        asked = {"channel": place.channel, "oldest": _ts(oldest), "inclusive": True, "limit": _PAGE}
        async for message in self._pages("conversations.history", asked, "messages"):
            found[text_or(message, "ts")] = message
        # A reply that was reworded is no newer than it was: whatever was said lately is looked at again.
        lately = back if is_gap else since
        newer = {
            ts
            for ts, message in found.items()
            if _is_after(text_or(message, "latest_reply"), lately) and not self._is_alone_in(message)
        }
        # A thread that began before what was looked at just now shows its replies to nobody who does not ask.
        for root in sorted(newer | (roots - found.keys())):
            for reply in await self._replies(place.channel, root, back):
                found.setdefault(text_or(reply, "ts"), reply)
        events = [event for message in found.values() for event in _events(place, message, since)]
        return sorted(events, key=lambda event: ids.moment_from_ts(event["ts"]))

    def _is_alone_in(self, root: Fields) -> bool:
        """Whether nobody but us spoke in a thread, as far as Slack names who did: it names five."""
        named = root.get("reply_users")
        if not isinstance(named, list) or not named or root.get("reply_users_count") != len(named):
            return False
        return self._me.issuperset(one for one in named if isinstance(one, str))

    async def _replies(self, channel: str, root: str, back: datetime) -> Sequence[Fields]:
        asked = {"channel": channel, "ts": root, "oldest": _ts(back), "inclusive": True, "limit": _PAGE}
        try:
            return [message async for message in self._pages("conversations.replies", asked, "messages")]
        except RefusedError as error:
            if error.code in _PASSED_OVER:
                return []
            raise

    async def _pages(self, method: str, arguments: Mapping[str, Any], field: str) -> AsyncIterator[Fields]:
        asked = dict(arguments)
        while True:
            page = await self._call(method, asked)
            for one in each(page, field):
                yield one
            cursor = text_or(inner_or(page, "response_metadata"), "next_cursor")
            if not cursor:
                return
            asked["cursor"] = cursor

    async def _call(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Reading may be tried again without harm; Slack says how long to wait."""
        for attempt in range(_TRIES):
            try:
                return await self._web.call(method, arguments)
            except (TemporaryError, UncertainError) as error:
                if attempt == _TRIES - 1:
                    raise
                pause = getattr(error, "retry_after", None)
                await asyncio.sleep(pause.total_seconds() if pause else self._timings.retry_first_s * 2**attempt)
        raise AssertionError("the last try returns or raises")


def _events(place: _Place, message: Fields, since: datetime) -> Iterator[dict[str, Any]]:
    """That it was said, that it was reworded. Apps are not heard, and we know what we said ourselves."""
    if text_or(message, "bot_id"):
        return
    where = {"type": "message", "channel": place.channel, "channel_type": place.kind}
    if _is_after(text_or(message, "ts"), since):
        yield {**message, **where}
    if _is_after(edited := text_or(inner_or(message, "edited"), "ts"), since):
        yield {**where, "subtype": "message_changed", "hidden": True, "message": dict(message), "ts": edited}


def cannot(error: DeliveryError) -> str:
    """Why nothing can be read back until somebody mends it; empty where it passes by itself."""
    return str(error) if isinstance(error, PermanentError) else ""


def _ts(at: datetime) -> str:
    return f"{at.timestamp():.6f}"


def _is_after(ts: str, since: datetime) -> bool:
    return ids.TS.fullmatch(ts) is not None and ids.moment_from_ts(ts) >= since


def _kind(found: Fields) -> str:
    if found.get("is_im") is True:
        return "im"
    if found.get("is_mpim") is True:
        return "mpim"
    return "group" if found.get("is_private") is True else "channel"
