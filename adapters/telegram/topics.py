"""Topics of a forum of ours: found or made, named anew when what they are about has another name.

A group without topics, or where the bot may not make any, takes everything in one place: cards that stand there are
worth more than none. So it is where a topic is closed to the bot. That is said in the log, and `maitred check --live`
says what to mend.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from adapters.errors import TemporaryError, UncertainError
from adapters.message import Topic
from adapters.telegram.memory import KnownTopic, StoredTopics
from adapters.telegram.pacing import PacedWeb
from adapters.telegram.refusals import RefusedError
from adapters.text import one_line

log = structlog.get_logger()

LONGEST_NAME: Final = 128
#: So long nothing is asked again of a group that has no topics for us.
_WITHOUT: Final = timedelta(minutes=10)


class Topics:
    """Finds the topic of a group by what it is about."""

    def __init__(self, web: PacedWeb, stored: StoredTopics, wall: Callable[[], datetime]) -> None:
        self._web = web
        self._stored = stored
        self._wall = wall
        self._without: dict[int, datetime] = {}

    async def thread_of(self, chat: int, topic: Topic, *, lost: int | None = None) -> int | None:
        """The topic's number, None where the group has no topics for us. `lost` is one that is no longer there.

        Raises a DeliveryError, or DeskAwayError.
        """
        name = one_line(topic.name, LONGEST_NAME) or "—"
        known = await self._stored.find(str(chat), topic.key)
        if known is None or known.thread == str(lost):
            return await self._made(chat, topic.key, name)
        if known.name != name:
            await self._renamed(chat, topic.key, KnownTopic(known.thread, name))
        return int(known.thread)

    async def _made(self, chat: int, key: str, name: str) -> int | None:
        asked_at = self._without.get(chat)
        if asked_at is not None and self._wall() - asked_at < _WITHOUT:
            return None
        try:
            made = await self._web.call("createForumTopic", {"chat_id": chat, "name": name})
        except RefusedError as error:
            if error.migrated_to is not None:
                raise
            log.warning("a topic could not be made", channel="telegram", place=chat, reason=str(error))
            self._without[chat] = self._wall()
            return None
        except UncertainError as error:  # nothing was said in it yet, so a second one does no harm
            raise TemporaryError(str(error)) from error
        thread = made.get("message_thread_id") if isinstance(made, Mapping) else None
        if type(thread) is not int:
            raise TemporaryError("Telegram did not say which topic it made")
        await self._stored.keep(str(chat), key, KnownTopic(str(thread), name))
        return thread

    async def _renamed(self, chat: int, key: str, topic: KnownTopic) -> None:
        arguments: Mapping[str, Any] = {
            "chat_id": chat,
            "message_thread_id": int(topic.thread),
            "name": topic.name,
        }
        try:
            await self._web.call("editForumTopic", arguments)
        except RefusedError as error:  # what goes into it now says by itself that it is gone
            log.info("a topic keeps its name", channel="telegram", place=chat, reason=str(error))
        except UncertainError as error:
            raise TemporaryError(str(error)) from error
        await self._stored.keep(str(chat), key, topic)
