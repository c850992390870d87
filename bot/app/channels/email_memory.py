"""What the email channel asks the desk: how far its folders were read, and what a thread is about."""

from collections.abc import Callable
from typing import TypeVar

from adapters.email.memory import Known
from adapters.errors import DeskAwayError
from adapters.message import Channel, Conversation
from bot.desk.desk import Desk
from bot.desk.directory import DESK_ACCOUNT
from bot.store import journal
from bot.store.channels import mail_threads
from bot.store.driver.connection import Connection
from bot.store.errors import StoreUnavailableError

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
