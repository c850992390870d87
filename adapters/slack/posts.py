"""Words and cards on their way out: posted, changed, found again, and long ones in parts that belong together.

A message longer than Slack lets us change later goes in several parts. Each part carries the message's key and its
place, so what a broken connection cut short is finished and not begun again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.card import OutboundCard
from adapters.errors import PermanentError, TemporaryError, UncertainError
from adapters.message import OutboundMessage, Receipt
from adapters.shapes import each, text_or
from adapters.slack import cards, ids
from adapters.slack.found import Standing, key_and_part, metadata, standing
from adapters.slack.pacing import PacedWeb
from adapters.slack.places import Places, message_of, place_of
from adapters.slack.refusals import RefusedError
from adapters.slack.unanswered import Unanswered
from adapters.slack.uploads import Uploads
from adapters.text import split

#: Somebody deleted it, or the workspace keeps messages no longer than that.
_GONE: Final = "message_not_found"
#: Clocks differ, and what was written was perhaps sent at once.
_BEFORE: Final = timedelta(minutes=10)
#: Nothing in our words or a client's is looked through for names, channels or pages to show.
_AS_IT_STANDS: Final[Mapping[str, Any]] = {"parse": "none", "link_names": False}
_QUIET: Final[Mapping[str, Any]] = {**_AS_IT_STANDS, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    blocks: tuple[Mapping[str, Any], ...]


class Posts:
    """Posts, changes and finds again."""

    def __init__(
        self,
        web: PacedWeb,
        places: Places,
        uploads: Uploads,
        now: Callable[[], datetime],
        wall: Callable[[], datetime],
    ) -> None:
        self._web = web
        self._places = places
        self._uploads = uploads
        self._now = now
        self._wall = wall
        self._unanswered = Unanswered(wall)

    async def send(self, message: OutboundMessage | OutboundCard) -> Receipt:
        """Post it, all parts and files. Raises a DeliveryError; UncertainError once a part of it has arrived."""
        if isinstance(message, OutboundMessage) and message.only_to is not None:
            return await self._whisper(message, message.only_to)
        return await self._finish(message, Standing())

    async def finish(self, message: OutboundMessage | OutboundCard) -> Receipt | None:
        """What of it arrived is found, and what is missing of it is sent. None: nothing of it ever arrived.

        TemporaryError while that cannot be said yet.
        """
        if isinstance(message, OutboundMessage) and message.only_to is not None:
            return None  # what only one person sees is nowhere to be found
        channel = await self._places.channel_of(message.conversation)
        is_card = isinstance(message, OutboundCard)
        # A card's moment is that of its latest drawing. Slack's clock is the world's, whatever time a rehearsal is in.
        since = None if is_card else min(message.at, self._wall()) - _BEFORE
        found = await standing(self._web, channel, _thread(message), message.key, since=since, is_single=is_card)
        if not found.parts:
            self._unanswered.check(message.key)
            return None
        return await self._finish(message, found)

    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        """Change what stands under `external_id`, and all parts of it; a card that is gone is shown anew."""
        try:
            return await self._edit(external_id, message)
        except RefusedError as error:
            if not isinstance(message, OutboundCard) or error.code != _GONE:
                raise
        anew = replace(message, replaces=None)
        return await self.finish(anew) or await self.send(anew)

    async def _edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        channel, ts = message_of(external_id)
        parts = _parts(message)
        key, stands = message.key, {0: ts}
        if isinstance(message, OutboundMessage):
            key, stands = await self._parts_with(channel, ts, message)
        for number, part in enumerate(parts):
            if number in stands:
                await self._update(channel, stands[number], part)
            else:
                await self._post(message, key, number, part)
        for number, at in stands.items():
            if number >= len(parts):
                await self._web.call("chat.delete", {"channel": channel, "ts": at})
        return Receipt(external_id, self._now())

    async def _finish(self, message: OutboundMessage | OutboundCard, found: Standing) -> Receipt:
        parts = _parts(message)
        files = message.attachments if isinstance(message, OutboundMessage) else ()
        missing = [file for file in files if file.digest is not None and (file.name, file.size) not in found.files]
        if missing or any(number not in found.parts for number in range(len(parts))):
            self._unanswered.check(message.key)
        channel = await self._places.channel_of(message.conversation)
        uploaded = await self._uploads.upload(message.key, missing) if missing else ()
        first = found.parts.get(0, "")
        has_begun = bool(found.parts)
        try:
            for number, part in enumerate(parts):
                if number not in found.parts:
                    ts = await self._post(message, message.key, number, part)
                    first = first or ts
                    has_begun = True
            if uploaded:
                with self._unanswered.asking(message.key):
                    await self._uploads.share(message.key, uploaded, channel, _thread(message))
        except (TemporaryError, UncertainError) as error:
            if has_begun:
                raise UncertainError(f"only a part of it arrived: {error}", retry_after=error.retry_after) from error
            raise
        except PermanentError as error:
            if has_begun:
                raise PermanentError(f"only a part of it arrived: {error}") from error
            raise
        return Receipt(ids.message_id(channel, first), self._now())

    async def _post(self, message: OutboundMessage | OutboundCard, key: str, number: int, part: _Part) -> str:
        arguments = {
            "thread_ts": _thread(message),
            "text": part.text,
            "blocks": part.blocks,
            "metadata": metadata(key, number),
            **_QUIET,
        }
        with self._unanswered.asking(key):
            _, posted = await self._places.call("chat.postMessage", message.conversation, arguments)
            return _ts(posted, "ts")

    async def _update(self, channel: str, ts: str, part: _Part) -> None:
        arguments = {"channel": channel, "ts": ts, "text": part.text, "blocks": part.blocks, **_AS_IT_STANDS}
        await self._web.call("chat.update", arguments)

    async def _whisper(self, message: OutboundMessage, only_to: str) -> Receipt:
        user = only_to.partition("/")[2]
        channel, first = "", ""
        for part in _parts(message):
            arguments = {"user": user, "thread_ts": _thread(message), "text": part.text, "blocks": part.blocks}
            channel, shown = await self._places.call(
                "chat.postEphemeral", message.conversation, {**arguments, **_AS_IT_STANDS}
            )
            first = first or _ts(shown, "message_ts")
        return Receipt(ids.message_id(channel, first), self._now())

    async def _parts_with(self, channel: str, ts: str, message: OutboundMessage) -> tuple[str, dict[int, str]]:
        """The key and the parts of the message whose first part this is; itself alone where it carries no key."""
        thread = _thread(message)
        method = "conversations.replies" if thread else "conversations.history"
        look = {"channel": channel, "ts": thread, "oldest": ts, "latest": ts, "inclusive": True, "limit": 2}
        page = await self._web.call(method, {**look, "include_all_metadata": True})
        ours = next((key_and_part(one) for one in each(page, "messages") if text_or(one, "ts") == ts), None)
        if ours is None:
            return message.key, {0: ts}
        found = await standing(self._web, channel, thread, ours[0], since=ids.moment_from_ts(ts) - _BEFORE)
        return ours[0], {**found.parts, 0: ts}


def _parts(message: OutboundMessage | OutboundCard) -> Sequence[_Part]:
    if isinstance(message, OutboundCard):
        mentions = _mentions(message)
        return (_Part(cards.text_from_card(message.card, mentions), cards.blocks_from_card(message.card, mentions)),)
    lost = [f"{file.name} ({file.note or file.type})" for file in message.attachments if file.digest is None]
    words = "\n".join(part for part in (message.text, *lost) if part.strip())
    words = words or ", ".join(file.name for file in message.attachments) or "—"
    *before, last = _split(words)
    parts = [_Part(cards.text_from_words(piece), cards.said(piece)) for piece in before]
    return [*parts, _Part(cards.text_from_words(last), cards.said(last, message.buttons))]


def _split(words: str) -> tuple[str, ...]:
    return split(words, cards.LONGEST_TEXT, cards.spoken_size)


def _mentions(message: OutboundCard) -> tuple[str, ...]:
    """Ids of people of ours, out of addresses that the desk directory gave; whatever is none calls nobody."""
    addresses = message.card.mentions
    if message.card.mention:
        addresses = (*addresses, message.conversation.address)
    users = (address.partition("/")[2] for address in addresses)
    return tuple(dict.fromkeys(user for user in users if ids.USER.fullmatch(user)))


def _thread(message: OutboundMessage | OutboundCard) -> str | None:
    """The thread it goes into: the conversation's own, else the one of the message it answers."""
    if (own := place_of(message.conversation).thread) is not None:
        return own
    return message_of(message.reply_to)[1] if message.reply_to is not None else None


def _ts(answer: Mapping[str, Any], name: str) -> str:
    ts = text_or(answer, name)
    if not ids.TS.fullmatch(ts):
        raise UncertainError("Slack did not say which message it made")
    return ts
