"""The Slack channel: clients in channels and direct messages, our own people in theirs.

    Slack   --event, press-->   Pipe --> journal (commit) --> acknowledgement
    outbox  --words, card, sign, home-->  Web API, at the pace of each method

Slack has no key that makes a repeat harmless, but every post carries its own, so `reconcile` knows for certain what
arrived. What a broken connection left half said is finished there.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from adapters.card import Outbound, OutboundCard, OutboundHome
from adapters.errors import InboundError, PermanentError
from adapters.message import Channel, Identity, Inbound, OutboundMark, OutboundMessage, Receipt
from adapters.port import Ask, Cursor, Health, Journal, KeepFile, Limits, Raw, Route
from adapters.shapes import Fields, fields_from_json, inner_or, text_or
from adapters.slack import ids
from adapters.slack.cards import view_from_home
from adapters.slack.catching_up import Past
from adapters.slack.closed import closed_from_raw, guest_from_raw, is_no_member, is_of_ours, is_small_change
from adapters.slack.config import LIMITS, Config
from adapters.slack.convert import inbound_from_raw, is_echo
from adapters.slack.downloads import Downloads
from adapters.slack.held_back import held_back_from_raw
from adapters.slack.install import REFUSED, hear_only_ours
from adapters.slack.interactive import Presses
from adapters.slack.marks import Marks
from adapters.slack.names import Names
from adapters.slack.pacing import Budgets, PacedWeb
from adapters.slack.pipe import Pipe
from adapters.slack.places import Places, place_of
from adapters.slack.posts import Posts
from adapters.slack.refusals import RefusedError
from adapters.slack.timings import Timings
from adapters.slack.turns import Turns
from adapters.slack.uploads import KeptFiles, Uploads
from adapters.slack.web import Web
from adapters.slack.whereabouts import place_from_raw


class SlackAdapter:
    """One app in one workspace. `wall` is the world's own clock where `now` is a rehearsal's."""

    def __init__(
        self,
        config: Config,
        files: KeptFiles,
        past: Past,
        now: Callable[[], datetime],
        *,
        title: str,
        too_late: Callable[[Identity], Awaitable[str]],
        wall: Callable[[], datetime] | None = None,
        timings: Timings | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        """`title` is what the app is called in a window; `too_late` asks somebody in their language to press again."""
        self._now = now
        self._web = Web(config)
        paced = PacedWeb(self._web, budgets)
        places = Places(paced)
        self._paced = paced
        self._posts = Posts(paced, places, Uploads(paced, files), now, wall or now)
        self._marks = Marks(paced)
        timings = timings or Timings()
        self._names = Names(paced, timings.names_within_s)
        self._turns = Turns()
        self._downloads = Downloads(config, paced)
        self._presses = Presses(paced, places, now, account=config.account, title=title, too_late=too_late)
        self._pipe = Pipe(config, paced, self._presses, past, now=now, wall=wall or now, timings=timings)

    @property
    def channel(self) -> Channel:
        return Channel.SLACK

    @property
    def limits(self) -> Limits:
        return LIMITS

    @property
    def routes(self) -> Sequence[Route]:
        return self._pipe.routes

    async def run(self, journal: Journal, ask: Ask) -> None:
        """Listen until cancelled.

        On the way names are looked up and what we said ourselves is left out; an opened home is told once it is kept.
        """

        async def keep(raws: Sequence[Raw], cursor: Cursor | None) -> None:
            read = [(raw, _envelope_of(raw)) for raw in raws]
            heard = [
                (raw, envelope) for raw, envelope in read if not is_echo(envelope) and not is_small_change(envelope)
            ]
            if raws and not heard and cursor is None:
                return  # nothing at all is a question of the pipe's: is the desk there?
            async with self._turns.turn(heard[0][0].lane if heard else ""):
                named = [await self._names.added_to(raw, envelope) for raw, envelope in heard]
            await journal(named, cursor)
            for _, envelope in heard:
                if REFUSED not in envelope:
                    self._presses.opened(envelope, ask)

        try:
            await self._pipe.run(keep, ask)
        finally:
            await self._presses.close()
            await self._names.close()

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        hear_only_ours(raw)
        news = held_back_from_raw(raw) or place_from_raw(raw) or closed_from_raw(raw)
        if news is not None:
            return (news,)
        said, guest = inbound_from_raw(raw), guest_from_raw(raw)
        return said if guest is None else (guest, *said)

    async def completed(self, raw: Raw, keep: KeepFile, *, is_last: bool) -> Raw:
        return await self._downloads.completed(raw, keep, is_last=is_last)

    async def is_closed(self, who: Identity) -> bool:
        return (await self._member(who)).get("deleted") is True

    async def is_guest(self, who: Identity) -> bool:
        member = await self._member(who)
        if is_no_member(member):
            return True
        with _in_our_words():
            me = await self._paced.call("auth.test", {})
        return not is_of_ours(member, who, me)

    async def send(self, message: Outbound) -> Receipt:
        with _in_our_words():
            match message:
                case OutboundMark():
                    await self._marks.show(message)
                    return Receipt(message.external_id, self._now())
                case OutboundHome():
                    return await self._publish(message)
            return await self._posts.send(message)

    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        with _in_our_words():
            return await self._posts.edit(external_id, message)

    async def reconcile(self, message: Outbound) -> Receipt | None:
        """What changes something is None, and is done again without harm: an edit, a sign, a home."""
        if isinstance(message, OutboundMark | OutboundHome) or message.replaces is not None:
            return None
        with _in_our_words():
            return await self._posts.finish(message)

    def health(self) -> Health:
        health, complaint = self._pipe.health(), self._web.complaint
        return replace(health, detail=f"{health.detail}; {complaint}", trouble=complaint) if complaint else health

    async def close(self) -> None:
        """End the connections that sending opened."""
        await self._web.close()

    async def _member(self, who: Identity) -> Fields:
        with _in_our_words():
            return inner_or(await self._paced.call("users.info", {"user": ids.user_of(who)}), "user")

    async def _publish(self, message: OutboundHome) -> Receipt:
        user = place_of(message.conversation).target
        view = view_from_home(message.home)
        answer = await self._paced.call("views.publish", {"user_id": user, "view": view})
        return Receipt(text_or(inner_or(answer, "view"), "id") or message.key, self._now())


def _envelope_of(raw: Raw) -> Fields:
    """What a payload holds; nothing where it cannot be read, which the journal keeps and says so."""
    try:
        return fields_from_json(raw.payload)
    except InboundError:
        return {}


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Slack's own word for a refusal stays in this room."""
    try:
        yield
    except RefusedError as error:
        raise PermanentError(str(error)) from error
