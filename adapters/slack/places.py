"""Where an address is in Slack: a channel under its own id, a person in the direct messages that Slack opens for us."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.errors import PermanentError
from adapters.message import Conversation
from adapters.shapes import inner_or, text_or
from adapters.slack import ids
from adapters.slack.pacing import PacedWeb
from adapters.slack.refusals import RefusedError

_REMEMBERED: Final = 10_000


class Places:
    """Finds channels; direct messages are opened once and remembered, because they never change."""

    def __init__(self, web: PacedWeb) -> None:
        self._web = web
        self._directs: dict[str, str] = {}

    async def channel_of(self, conversation: Conversation) -> str:
        """The channel's id. Raises a DeliveryError."""
        place = place_of(conversation)
        if not place.is_person:
            return place.target
        if place.target not in self._directs:
            opened = await self._web.call("conversations.open", {"users": place.target})
            channel = text_or(inner_or(opened, "channel"), "id")
            if not ids.CHANNEL.fullmatch(channel):
                raise PermanentError("Slack opened no direct messages with this person")
            if len(self._directs) >= _REMEMBERED:
                self._directs.clear()
            self._directs[place.target] = channel
        return self._directs[place.target]

    async def call(
        self, method: str, conversation: Conversation, arguments: Mapping[str, Any]
    ) -> tuple[str, Mapping[str, Any]]:
        """Call a method on a conversation's channel; gives the channel and what was answered."""
        channel = await self.channel_of(conversation)
        try:
            return channel, await self._web.call(method, {"channel": channel, **arguments})
        except RefusedError as error:
            if error.code == "channel_not_found":
                self._directs.pop(place_of(conversation).target, None)
            raise


def place_of(conversation: Conversation) -> ids.Place:
    """A conversation's address taken apart. Raises PermanentError for one that is none of Slack's."""
    try:
        return ids.place_from_address(conversation.address)
    except ValueError as error:
        raise PermanentError(str(error)) from error


def message_of(external_id: str) -> tuple[str, str]:
    """The channel and the timestamp of a message. Raises PermanentError for a name that is none."""
    try:
        return ids.channel_and_ts(external_id)
    except ValueError as error:
        raise PermanentError("the message is no longer there") from error
