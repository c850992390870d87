"""What the in-app channel asks the desk: what to show, and who answers.

Other channels keep their own history; this one has none, so the desk's store is its memory. Whoever composes the desk
answers these questions over the store. Where files are kept is asked in `files.py`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from adapters.message import Attachment, Button, Conversation, Identity, Vouched


@dataclass(frozen=True, slots=True)
class Line:
    """One message as the client sees it now.

    `rev` grows with every change of the line (said, edited, deleted, seen), `position` never changes. `id` is our own
    name for the message; for what we sent it is the `OutboundMessage.key`, so that "seen" finds its way back.
    `external_id` is the client message id of what the client said in the widget, None for everything else.
    """

    rev: int
    position: int
    id: str
    external_id: str | None
    direction: Literal["in", "out"]
    kind: Literal["message", "reply", "auto"]
    author: str | None
    text: str
    at: datetime
    state: str = ""
    is_edited: bool = False
    is_deleted: bool = False
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """Who answers here, in the client's language and zone.

    `label` names the dialog ("Vera Kova, your manager"), `title` is the name alone, `subtitle` says when they are here.
    `note` says what is arranged with them, `buttons` what they may press at any time; both stand above the
    conversation. `texts` holds every key of `ids.WIDGET_TEXTS` in `language`.
    """

    label: str
    title: str
    initials: str
    subtitle: str
    is_here: bool
    language: str
    texts: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    buttons: tuple[Button, ...] = ()


class Transcript(Protocol):
    """What was said in a conversation, and to whom the client talks. Every question may raise DeskAwayError."""

    async def lines(self, conversation: Conversation, after: int) -> Sequence[Line]:
        """Every line whose `rev` is greater than `after`, by position.

        Within one conversation a greater `rev` must never become visible before a smaller one, or a widget that
        resumes from the greater would miss the smaller for ever.
        """

    async def heads(self, conversations: Collection[Conversation]) -> Mapping[Conversation, int]:
        """The greatest `rev` of each conversation, in one question; a conversation without lines may be left out."""

    async def greeting(
        self, identity: Identity, vouched: Vouched | None, language: str | None, zone: str | None
    ) -> Profile:
        """Who answers this person. `language` and `zone` are the browser's wish; None where it told none."""
