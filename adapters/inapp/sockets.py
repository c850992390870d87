"""The open widgets of this replica, by conversation."""

import asyncio
import ipaddress
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.inapp.config import Config
from adapters.inapp.session import Session
from adapters.message import Conversation


class Sockets:
    """Counts and finds sessions. One person may have many: tabs, a phone, a laptop."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._sessions: defaultdict[str, set[Session]] = defaultdict(set)
        self._remotes: Counter[str] = Counter()
        self._emptied = asyncio.Event()
        self._emptied.set()

    def __len__(self) -> int:
        return sum(len(sessions) for sessions in self._sessions.values())

    def __iter__(self) -> Iterator[Session]:
        return iter([session for sessions in self._sessions.values() for session in sessions])

    async def until_empty(self) -> None:
        await self._emptied.wait()

    def of(self, conversation_key: str) -> tuple[Session, ...]:
        return tuple(self._sessions.get(conversation_key, ()))

    def conversations(self) -> list[Conversation]:
        return [next(iter(sessions)).conversation for sessions in self._sessions.values()]

    def has_place(self, conversation: Conversation) -> bool:
        return len(self.of(conversation.key)) < self._config.sockets_per_conversation

    def has_place_for(self, remote: str) -> bool:
        """Before anything is known of the person: is there room in all, and for this network address?"""
        return len(self) < self._config.sockets_in_all and self._remotes[remote] < self._config.sockets_per_remote

    @contextmanager
    def from_remote(self, remote: str) -> Iterator[None]:
        """Count a connection of this address while it lasts."""
        if is_shared(remote):
            yield
            return
        self._remotes[remote] += 1
        try:
            yield
        finally:
            self._remotes[remote] -= 1
            if not self._remotes[remote]:
                del self._remotes[remote]

    @contextmanager
    def holding(self, session: Session) -> Iterator[None]:
        key = session.conversation.key
        self._sessions[key].add(session)
        self._emptied.clear()
        try:
            yield
        finally:
            self._sessions[key].discard(session)
            if not self._sessions[key]:
                del self._sessions[key]
            if not self._sessions:
                self._emptied.set()


def is_shared(remote: str) -> bool:
    """Whether an address stands for many people: a reverse proxy in our own network, not a machine of the internet."""
    try:
        return ipaddress.ip_address(remote).is_private
    except ValueError:
        return True  # a socket of the machine itself has no address
