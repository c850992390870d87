"""What the desk remembers of a thread of mails, for whoever writes the next one."""

from dataclasses import dataclass
from typing import Protocol

from adapters.message import Conversation


@dataclass(frozen=True, slots=True)
class Known:
    """`subject` is the client's own, `answers` the desk's name of their last mail, `language` the one they read.

    Without `is_proven` anybody may have written it, so no machine says any of their words back.
    """

    subject: str
    answers: str | None
    is_proven: bool
    language: str | None = None


class Threads(Protocol):
    """The desk's memory."""

    async def known(self, conversation: Conversation) -> Known | None:
        """None where nobody ever wrote. Raises DeskAwayError."""
