"""What the Bot API answers when it does not do what it was asked, and what that means for a send.

The sentences are read by whoever is told that something did not arrive, so each says what is wrong and where to look.
Telegram has numbers for kinds of refusal and English for the rest; the English is matched by its beginning or middle.

https://core.telegram.org/bots/api#making-requests
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from adapters.errors import DeliveryError, PermanentError, TemporaryError, UncertainError

#: Where Telegram names no pause beside a refusal for haste.
PATIENCE: Final = timedelta(seconds=5)
_LONGEST_PAUSE_S: Final = 86_400

UNAUTHORIZED: Final = 401
_NOT_FOUND: Final = 404
CONFLICT: Final = 409
TOO_LARGE: Final = 413
_HASTE: Final = 429
_FAILED: Final = 500

_REVOKED: Final = "the bot's token is no longer valid: get a new one from BotFather and set TELEGRAM_BOT_TOKEN"
#: By what stands in Telegram's own words, the first that fits.
_SENTENCES: Final[tuple[tuple[str, str], ...]] = (
    ("bot was blocked by the user", "this person has blocked the bot in Telegram"),
    ("user is deactivated", "this person's account in Telegram is closed"),
    (
        "bot can't initiate conversation",
        "this person has never written to the bot: ask them to press Start there",
    ),
    ("bot was kicked", "the bot was removed from the group: add it again"),
    ("bot is not a member", "the bot is not a member of the group: add it there"),
    ("group chat was upgraded", "the group has become a supergroup, with another number"),
    ("have no rights to send", "the bot may not write in this group: ask its admins"),
    ("not enough rights", "the bot lacks a right in this group: ask its admins"),
    ("need administrator rights", "the bot lacks a right in this group: make it an admin there"),
    ("CHAT_WRITE_FORBIDDEN", "the bot may not write in this group: ask its admins"),
    ("TOPIC_CLOSED", "this topic is closed in Telegram"),
    ("message thread not found", "this topic is no longer there in Telegram"),
    ("TOPIC_DELETED", "this topic is no longer there in Telegram"),
    ("chat not found", "there is no such chat, or the bot is not in it"),
    ("message to edit not found", "the message is no longer there"),
    ("message to be replied not found", "the message that this answers is no longer there"),
    ("message to reply not found", "the message that this answers is no longer there"),
    ("message can't be edited", "this message can no longer be changed"),
    ("message is not modified", "the message reads so already"),
    ("can't parse entities", "Telegram cannot read the markup of this text"),
    ("message is too long", "the text is too long for Telegram"),
    ("caption is too long", "the text under the file is too long for Telegram"),
    ("message text is empty", "there is no text to send"),
    ("file is too big", "the file is too large for Telegram"),
    ("REACTION", "this sign is not allowed in the chat"),
    ("query is too old", "the moment to answer this press has passed"),
    ("terminated by other getUpdates", "another program reads the updates of this bot"),
    ("webhook is active", "a webhook is set for this bot, so nobody can ask for its updates"),
    ("VOICE_MESSAGES_FORBIDDEN", "this person takes no voice messages"),
)


class RefusedError(PermanentError):
    """A refusal for good: Telegram's number and its own words, and what it adds to them for programs."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(_sentence(code, description))
        self.code = code
        self.description = description
        self.parameters: Mapping[str, Any] = parameters or {}

    def says(self, words: str) -> bool:
        """Do Telegram's own words hold these, in whichever case?"""
        return words.casefold() in self.description.casefold()

    @property
    def is_unchanged(self) -> bool:
        """An edit that changes nothing: what was wanted is there already."""
        return self.says("message is not modified")

    @property
    def is_unreadable_markup(self) -> bool:
        return self.says("can't parse entities")

    @property
    def migrated_to(self) -> int | None:
        """The number of the supergroup that a group has become."""
        found = self.parameters.get("migrate_to_chat_id")
        return found if type(found) is int else None


def error_from_answer(status: int, answer: Mapping[str, Any] | None) -> DeliveryError:
    """What an answer that is no success means. `answer` is its JSON, None where it has none.

    Where the Bot API itself says that it failed, nothing was done. A gateway in front of it (502, 504, a page of HTML)
    knows nothing of that, so there the outcome is open.
    """
    if status == _HASTE:
        return TemporaryError("Telegram asks for patience", retry_after=_pause(_parameters(answer)))
    if answer is None or type(answer.get("ok")) is not bool:
        if status == TOO_LARGE:
            return RefusedError(TOO_LARGE, "file is too big")
        return UncertainError("Telegram gave an answer that cannot be read")
    description = answer.get("description")
    words = description if isinstance(description, str) else ""
    code = answer.get("error_code")
    number = code if type(code) is int else status
    if number == _HASTE:
        return TemporaryError("Telegram asks for patience", retry_after=_pause(_parameters(answer)))
    if number >= _FAILED:
        return TemporaryError("Telegram is not available now")
    return RefusedError(number, words, _parameters(answer))


def _parameters(answer: Mapping[str, Any] | None) -> Mapping[str, Any]:
    found = (answer or {}).get("parameters")
    return found if isinstance(found, Mapping) else {}


def _pause(parameters: Mapping[str, Any]) -> timedelta:
    seconds = parameters.get("retry_after")
    if type(seconds) is int and 0 < seconds <= _LONGEST_PAUSE_S:
        return timedelta(seconds=seconds)
    return PATIENCE


def _sentence(code: int, description: str) -> str:
    if code == UNAUTHORIZED or (code == _NOT_FOUND and description.casefold() == "not found"):
        return _REVOKED
    lowered = description.casefold()
    for words, sentence in _SENTENCES:
        if words.casefold() in lowered:
            return sentence
    return f"Telegram refused it: {description[:100] or code}"
