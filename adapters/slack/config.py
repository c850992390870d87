"""What the Slack channel is told at the start: the app's tokens, and where its API is."""

from dataclasses import dataclass, field
from typing import Final

from adapters.port import Limits

#: The pace is kept call by call, so the outbox need not rest between two of them.
LIMITS: Final = Limits(can_mark=True, has_homes=True, has_threads=True, has_buttons=True, can_tell=True)


@dataclass(frozen=True, slots=True)
class Config:
    """One app in one workspace. An `app_token` means Socket Mode, a `signing_secret` without it means HTTP.

    `account` is what the desk calls our end of every Slack conversation.
    """

    bot_token: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    api_url: str = "https://slack.com/api"
    account: str = "desk"

    def __post_init__(self) -> None:
        if ":" in self.account:
            raise ValueError("an account may not hold a colon: it separates the parts of a conversation's key")
