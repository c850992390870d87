"""Where an address is in Telegram, and what the answers of the Bot API say about messages that stand there."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.errors import PermanentError, UncertainError
from adapters.message import Conversation
from adapters.telegram import ids

_REMEMBERED: Final = 1_000


class Moves:
    """Groups that became supergroups while we spoke to them.

    The desk is told and moves everything. What it does not know of, a button drawn before, is found by this.
    """

    def __init__(self) -> None:
        self._moved: dict[int, int] = {}

    def now_at(self, chat: int) -> int:
        """The number a chat has by now."""
        return self._moved.get(chat, chat)

    def learn(self, chat: int, to: int) -> None:
        if len(self._moved) >= _REMEMBERED:
            self._moved.clear()
        if chat != to:
            self._moved[chat] = to


def place_of(conversation: Conversation) -> ids.Place:
    """A conversation's address taken apart. Raises PermanentError for one that is none of Telegram's."""
    try:
        return ids.place_from_address(conversation.address)
    except ValueError as error:
        raise PermanentError(str(error)) from error


def message_of(external_id: str) -> tuple[int, int]:
    """The chat and the number of a message. Raises PermanentError for a name that is none."""
    try:
        return ids.chat_and_message(external_id)
    except ValueError as error:
        raise PermanentError("the message is no longer there") from error


def external_id_from_message(message: Any) -> str:  # noqa: ANN401 - what the Bot API says
    """Our name for a message that was just made. Raises UncertainError where the answer does not say."""
    if isinstance(message, Mapping):
        chat, number = message.get("chat"), message.get("message_id")
        where = chat.get("id") if isinstance(chat, Mapping) else None
        if type(where) is int and type(number) is int and where and number > 0:
            return ids.message_id(where, number)
    raise UncertainError("Telegram did not say which message it made")
