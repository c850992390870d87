"""The Telegram channel: clients in private chats and groups, our own people in theirs.

    Telegram   --update-->   Pipe --> journal (commit) --> confirmation
    outbox     --words, card, sign-->   Bot API, at the pace of each chat

Telegram has no key that makes a repeat harmless and shows a bot no history, so after a send in doubt nobody can tell
what arrived; only of a message in several parts it is known which of them did.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from adapters.card import Outbound, OutboundCard, OutboundHome
from adapters.errors import DeskAwayError, MovedError, PermanentError, TemporaryError
from adapters.message import Channel, Identity, Inbound, OutboundMark, OutboundMessage, Receipt
from adapters.port import Ask, Health, Journal, KeepFile, Limits, Raw, Route, Turn
from adapters.telegram import ids
from adapters.telegram.changes import Changes
from adapters.telegram.config import LIMITS, Config
from adapters.telegram.convert import inbound_from_raw
from adapters.telegram.downloads import Downloads
from adapters.telegram.marks import Marks
from adapters.telegram.memory import Memory
from adapters.telegram.menu import Menu
from adapters.telegram.pacing import Budgets, PacedWeb
from adapters.telegram.pipe import Pipe, Remembered
from adapters.telegram.places import Moves
from adapters.telegram.posts import Posts
from adapters.telegram.presses import Presses
from adapters.telegram.refusals import RefusedError
from adapters.telegram.speaking import Speaker
from adapters.telegram.timings import Timings
from adapters.telegram.topics import Topics
from adapters.telegram.uploads import KeptFiles
from adapters.telegram.web import Web


class TelegramAdapter:
    """One bot. `wall` is the world's own clock where `now` is a rehearsal's."""

    def __init__(
        self,
        config: Config,
        files: KeptFiles,
        memory: Memory,
        now: Callable[[], datetime],
        *,
        say: Callable[[str, str | None], str],
        turn: Turn,
        past: Remembered,
        menu: Callable[[], Menu | None] = lambda: None,
        wall: Callable[[], datetime] | None = None,
        timings: Timings | None = None,
        budgets: Budgets | None = None,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Make it.

        `say` gives the few words that the channel says itself, by name and in a language, None for the desk's own;
        `rest` passes the time between two messages.
        """
        self._now = now
        self._web = Web(config)
        paced = PacedWeb(self._web, wall or now, memory.paces, budgets, rest)
        self._account = config.account
        moves = Moves()
        speaker = Speaker(paced, Topics(paced, memory.topics, wall or now), moves)
        timings = timings or Timings()
        self._posts = Posts(speaker, memory, files, now, patience_s=timings.files_within_s)
        self._changes = Changes(paced, self._posts, speaker, memory.parts, now)
        self._marks = Marks(paced, speaker, say)
        self._presses = Presses(paced, speaker, moves, memory.buttons, now, account=config.account, say=say)
        self._downloads = Downloads(self._web, memory.fetched)
        self._pipe = Pipe(
            config, self._web, self._presses, turn, past, now=now, wall=wall or now, menu=menu, timings=timings
        )

    @property
    def channel(self) -> Channel:
        return Channel.TELEGRAM

    @property
    def limits(self) -> Limits:
        return LIMITS

    @property
    def routes(self) -> Sequence[Route]:
        return self._pipe.routes

    async def run(self, journal: Journal, ask: Ask) -> None:
        """Listen until cancelled."""
        try:
            await self._pipe.run(journal, ask)
        finally:
            await self._presses.close()

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        return inbound_from_raw(raw, self._pipe.username)

    async def completed(self, raw: Raw, keep: KeepFile, *, is_last: bool) -> Raw:
        return await self._downloads.completed(raw, keep, is_last=is_last)

    async def is_closed(self, who: Identity) -> bool:
        """Telegram says so when somebody is to be shown that an answer is being written.

        What disturbs nobody (`getChat`) is answered out of a memory that may be weeks old.
        """
        with self._in_our_words():
            try:
                await self._web.call("sendChatAction", {"chat_id": int(who.address), "action": "typing"})
            except RefusedError as error:
                if error.says("user is deactivated"):
                    return True
                raise
        return False

    async def send(self, message: Outbound) -> Receipt:
        with self._in_our_words():
            match message:
                case OutboundMark():
                    await self._marks.show(message)
                    return Receipt(message.external_id, self._now())
                case OutboundHome():
                    raise PermanentError("Telegram has no pages of people's own")
            return await self._posts.send(message)

    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        with self._in_our_words():
            return await self._changes.edit(external_id, message)

    async def reconcile(self, message: Outbound) -> Receipt | None:
        """What changes something is None, and is done again without harm: an edit, a sign."""
        if isinstance(message, OutboundMark | OutboundHome) or message.replaces is not None:
            return None
        with self._in_our_words():
            return await self._posts.finish(message)

    def health(self) -> Health:
        return self._pipe.health()

    async def close(self) -> None:
        """Let go of the connections; whoever made the adapter calls this at the end."""
        await self._presses.close()
        await self._posts.close()
        await self._web.close()

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        """Telegram's own word for a refusal stays in this room, and a desk that is away passes by itself."""
        try:
            yield
        except RefusedError as error:
            if error.migrated_to is not None:
                raise MovedError(str(error), to=ids.conversation(self._account, error.migrated_to)) from error
            raise PermanentError(str(error)) from error
        except DeskAwayError as error:
            raise TemporaryError(str(error)) from error
