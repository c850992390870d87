"""What the Telegram channel is told at the start: the bot's token, where the Bot API is, and which way updates come."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

from adapters.port import Limits

#: The rest between two sends to a chat is the outbox's, so that no other chat waits for it; the other paces, and the
#: pauses that Telegram asks for, are kept inside.
LIMITS: Final = Limits(
    per_conversation=timedelta(seconds=1),
    can_mark=True,
    has_threads=True,
    has_buttons=True,
    has_replies=True,
    has_windows=False,
)


@dataclass(frozen=True, slots=True)
class Config:
    """One bot. `poll` asks Telegram for updates; `webhook` has Telegram bring them to `public_url`.

    `account` is what the desk calls our end of every conversation; `bot_id` is the first half of the token.
    """

    token: str = field(repr=False)
    api_url: str = "https://api.telegram.org"
    mode: Literal["poll", "webhook"] = "poll"
    webhook_secret: str = field(default="", repr=False)
    public_url: str = ""
    account: str = "desk"

    def __post_init__(self) -> None:
        if ":" in self.account:
            raise ValueError("an account may not hold a colon: it separates the parts of a conversation's key")
        if not self.bot_id.isdecimal():
            raise ValueError("a token begins with the bot's id and a colon")
        if self.mode == "webhook" and not (self.webhook_secret and self.public_url):
            raise ValueError("a webhook needs a secret and a public address")

    @property
    def bot_id(self) -> str:
        return self.token.partition(":")[0]
