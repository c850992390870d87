"""What the Telegram channel has the desk remember, kept in the store: buttons, parts of messages, topics, files, paces.

A button's name is made from the desk's secret key, so nobody outside can guess one, and the same button in the same
place is the same row however often its card is drawn.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final, TypeVar

from adapters.errors import DeskAwayError
from adapters.message import Button, Channel, Conversation, conversation_from_key
from adapters.telegram.memory import Kept, KnownTopic, Memory
from bot.desk.desk import Desk
from bot.desk.directory import DESK_ACCOUNT
from bot.store import errors
from bot.store.channels import buttons, fetched, place_pace, topics
from bot.store.channels.buttons import NamedButton
from bot.store.channels.fetched import Fetched
from bot.store.channels.place_pace import Asked, Held
from bot.store.channels.topics import Known
from bot.store.delivery import parts
from bot.store.delivery.parts import Taken
from bot.store.driver.committer import Change
from bot.store.driver.connection import Connection
from bot.store.driver.database_time import database_now
from bot.store.files import Files
from sla.duration import Instant, length

Item = TypeVar("Item")
Result = TypeVar("Result")

#: 144 bits: 24 characters that are safe everywhere.
_NAME_BYTES: Final = 18
#: A button that was drawn this lately is not written again; it is kept for much longer.
_DRAWN_LATELY: Final = timedelta(days=1)
_REMEMBERED: Final = 20_000


def telegram_memory(
    desk: Desk, files: Files, secret: str, *, clock: Callable[[Connection], Instant] = database_now
) -> Memory:
    """Everything the channel remembers. `secret` is the desk's own key, `clock` what all its processes agree on."""
    return Memory(
        StoredButtons(desk, secret),
        StoredParts(desk),
        TopicsOfDesk(desk),
        FetchedFiles(desk, files),
        StoredPaces(desk, clock),
    )


class StoredButtons:
    """Buttons behind names that only we can make."""

    def __init__(self, desk: Desk, secret: str) -> None:
        self._desk = desk
        self._secret = secret.encode()
        self._drawn: dict[str, Instant] = {}

    async def keep(self, conversation: Conversation, drawn: Sequence[Button]) -> Sequence[str]:
        now = self._desk.now()
        named = [
            NamedButton(self._name(conversation, one), conversation.key, one.action, one.value, now) for one in drawn
        ]
        if new := [one for one in named if not self._is_fresh(one)]:
            await _commit(self._desk, buttons.keep, new)
            if len(self._drawn) > _REMEMBERED:
                self._drawn.clear()
            self._drawn |= {one.name: now for one in new}
        return [one.name for one in named]

    async def find(self, name: str) -> Kept | None:
        found = await _read(self._desk, lambda conn: buttons.find(conn, name))
        if found is None:
            return None
        return Kept(conversation_from_key(found.conversation), found.action, found.value)

    def _is_fresh(self, one: NamedButton) -> bool:
        drawn_at = self._drawn.get(one.name)
        return drawn_at is not None and length(one.at - drawn_at) < _DRAWN_LATELY

    def _name(self, conversation: Conversation, one: Button) -> str:
        what = f"button\0{conversation.key}\0{one.action}\0{one.value}".encode("utf-8", "replace")
        digest = hmac.new(self._secret, what, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:_NAME_BYTES]).decode("ascii")


class StoredParts:
    """What Telegram has taken of messages in several parts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def taken(self, key: str) -> Mapping[int, str]:
        return await _read(self._desk, lambda conn: parts.taken(conn, key))

    async def take(self, key: str, taken: Mapping[int, str]) -> None:
        await _commit(self._desk, parts.take, Taken(key, dict(taken), self._desk.now()))

    async def beside(self, external_id: str) -> tuple[str, Mapping[int, str]] | None:
        def look(conn: Connection) -> tuple[str, Mapping[int, str]] | None:
            key = parts.key_of(conn, external_id)
            return None if key is None else (key, parts.taken(conn, key))

        return await _read(self._desk, look)


class TopicsOfDesk:
    """Which topic of the desk's forum is about what."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def find(self, place: str, key: str) -> KnownTopic | None:
        found = await _read(self._desk, lambda conn: topics.find(conn, place, key))
        return None if found is None else KnownTopic(found.thread, found.name)

    async def keep(self, place: str, key: str, topic: KnownTopic) -> None:
        at = self._desk.now()

        def change(conn: Connection, items: Sequence[KnownTopic]) -> Sequence[None]:
            for one in items:
                topics.keep(conn, place, key, Known(one.thread, one.name), at=at)
            return [None] * len(items)

        await _commit(self._desk, change, topic)


class FetchedFiles:
    """What was fetched from Telegram, as long as its bytes are here."""

    def __init__(self, desk: Desk, files: Files) -> None:
        self._desk = desk
        self._files = files

    async def find(self, mark: str) -> tuple[str, int] | None:
        found = await _read(self._desk, lambda conn: fetched.find(conn, f"{Channel.TELEGRAM}:{mark}"))
        return (found.digest, found.size) if found is not None and self._files.has(found.digest) else None

    async def keep(self, mark: str, digest: str, size: int) -> None:
        one = Fetched(f"{Channel.TELEGRAM}:{mark}", digest, size, self._desk.now())
        await _commit(self._desk, fetched.keep, one)


class StoredPaces:
    """What was said lately in groups, and where Telegram wants quiet: one count for all processes of the desk."""

    def __init__(self, desk: Desk, clock: Callable[[Connection], Instant]) -> None:
        self._desk = desk
        self._clock = clock

    async def claim(self, chat: int, *, count: int, most: int, within_s: float) -> float:
        asked = Asked(_place(chat), count, most, timedelta(seconds=within_s))
        waits = await _commit(self._desk, self._claim, asked)
        return waits.total_seconds()

    async def hold(self, chat: int, for_s: float) -> None:
        await _commit(self._desk, self._hold, Held(_place(chat), timedelta(seconds=for_s)))

    async def held(self) -> Mapping[int, float]:
        def look(conn: Connection) -> Mapping[int, float]:
            now = self._clock(conn)
            known = place_pace.held(conn, at=now)
            return {_number(place): length(until - now).total_seconds() for place, until in known.items()}

        return await _read(self._desk, look)

    def _claim(self, conn: Connection, asked: Sequence[Asked]) -> Sequence[timedelta]:
        return place_pace.claim(conn, asked, at=self._clock(conn))

    def _hold(self, conn: Connection, held: Sequence[Held]) -> Sequence[None]:
        return place_pace.hold(conn, held, at=self._clock(conn))


def _place(chat: int) -> str:
    return Conversation(Channel.TELEGRAM, DESK_ACCOUNT, str(chat)).key


def _number(place: str) -> int:
    return int(conversation_from_key(place).address)


async def _commit(desk: Desk, change: Change[Item, Result], item: Item) -> Result:
    """Keep something, which the channel hears of in the words of the border where the store is away."""
    try:
        return await desk.committer.commit(change, item)
    except errors.StoreUnavailableError as error:
        raise DeskAwayError(str(error)) from error


async def _read(desk: Desk, look: Callable[[Connection], Result]) -> Result:
    try:
        return await desk.database.read(look)
    except errors.StoreUnavailableError as error:
        raise DeskAwayError(str(error)) from error
