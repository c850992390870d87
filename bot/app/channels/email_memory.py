"""What the email channel asks the desk: how far its folders were read, what a thread is about, and its turn to send."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from adapters.email.memory import Known
from adapters.errors import DeskAwayError
from adapters.message import Channel, Conversation
from bot.desk.desk import Desk
from bot.desk.directory import DESK_ACCOUNT
from bot.store import journal
from bot.store.channels import mail_threads, place_pace
from bot.store.channels.place_pace import Asked
from bot.store.driver.committer import Committer
from bot.store.driver.connection import Connection
from bot.store.driver.database_time import database_now
from bot.store.errors import StoreUnavailableError
from sla.duration import Instant

Found = TypeVar("Found")


class StoredMail:
    """Asks the desk's database. Everything raises DeskAwayError while it is away."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def cursor(self, mailbox: str) -> str | None:
        """How far a folder was read."""
        return await self._read(lambda conn: journal.cursor_of(conn, Channel.EMAIL, f"{DESK_ACCOUNT}/{mailbox}"))

    async def known(self, conversation: Conversation) -> Known | None:
        """What a thread is about."""
        found = await self._read(lambda conn: mail_threads.thread_of(conn, conversation.key))
        if found is None:
            return None
        return Known(found.subject, found.last, found.is_verified, found.language)

    async def _read(self, question: Callable[[Connection], Found]) -> Found:
        try:
            return await self._desk.database.read(question)
        except StoreUnavailableError as error:
            raise DeskAwayError(str(error)) from error


class StoredPace:
    """How fast mail leaves from one address of ours: one pace for every process of the desk, and over restarts.

    One mail in each `per_minute`th of a minute, by the clock that all of them agree on.
    """

    def __init__(
        self,
        committer: Committer,
        address: str,
        per_minute: int,
        *,
        clock: Callable[[Connection], Instant] = database_now,
    ) -> None:
        place = Conversation(Channel.EMAIL, DESK_ACCOUNT, address).key
        self._committer = committer
        self._next = Asked(place, 1, 1, timedelta(minutes=1) / per_minute)
        self._clock = clock

    async def __call__(self) -> timedelta:
        """How long it is until one more may leave; nothing: it is counted. Raises DeskAwayError."""
        try:
            return await self._committer.commit(self._claim, self._next)
        except StoreUnavailableError as error:
            raise DeskAwayError(str(error)) from error

    def _claim(self, conn: Connection, asked: Sequence[Asked]) -> Sequence[timedelta]:
        return place_pace.claim(conn, asked, at=self._clock(conn))
