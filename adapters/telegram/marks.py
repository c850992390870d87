"""Signs under the messages of our own people: whether the client's channel took their words.

A bot has one reaction to a message; another takes its place. Where a chat allows none, what people have to know is said
in a quiet answer, and that all is well goes without saying.
"""

from collections.abc import Callable, Mapping
from typing import Final

from adapters.errors import PermanentError
from adapters.message import OutboundMark, Standing
from adapters.telegram.markup import as_written
from adapters.telegram.pacing import PacedWeb
from adapters.telegram.places import message_of, place_of
from adapters.telegram.refusals import RefusedError
from adapters.telegram.speaking import Speaker, Spot, text_call

#: All of them are among the reactions that Telegram lets everybody use.
SIGNS: Final[Mapping[Standing, str]] = {"waiting": "👀", "sent": "👌", "failed": "💔", "uncertain": "🤔"}
_SAID: Final[Mapping[Standing, str]] = {"failed": "mark_failed", "uncertain": "mark_uncertain"}
_NOT_HERE: Final = ("REACTION", "reactions")


class Marks:
    """Puts signs. `say` gives the channel's own words by name, in the desk's language."""

    def __init__(self, web: PacedWeb, speaker: Speaker, say: Callable[[str, str | None], str]) -> None:
        self._web = web
        self._speaker = speaker
        self._say = say

    async def show(self, mark: OutboundMark) -> None:
        """Raises a DeliveryError. A sign that stands there already is a success."""
        chat, number = message_of(mark.external_id)
        sign = [{"type": "emoji", "emoji": SIGNS[mark.standing]}]
        try:
            await self._web.call("setMessageReaction", {"chat_id": chat, "message_id": number, "reaction": sign})
        except RefusedError as error:
            if error.migrated_to is not None:
                raise PermanentError("the message stands where the group was before") from error
            if error.says("not found") or not any(error.says(words) for words in _NOT_HERE):
                raise
            if mark.standing in _SAID:
                spot = Spot(chat, place_of(mark.conversation).topic, number)
                text = as_written(self._say(_SAID[mark.standing], None))
                await self._speaker.say(spot, lambda is_plain: text_call(text, is_plain=is_plain), is_silent=True)
