"""From what the desk sends to the mail that says it: whose subject, in answer to what, with which files."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from adapters.card import OutboundCard
from adapters.email import drawing
from adapters.email.letters import Letter, Sender, Words, letter_from_words
from adapters.email.memory import Known, Threads
from adapters.errors import DeskAwayError, PermanentError, TemporaryError
from adapters.message import Attachment, OutboundMessage

#: Says one of the channel's own few words, in a language or in the desk's own.
Say = Callable[[str, str | None], str]
#: The name of one of our people, whom the desk names by a key.
NameOf = Callable[[str], str]

_GONE: Final = "is no longer here"


class KeptFiles(Protocol):
    """Where the desk keeps the bytes of files, by their digest."""

    async def read(self, digest: str) -> bytes:
        """All bytes. Raises FileNotFoundError when they are not here."""


class Posting:
    """Composes mails; sends none."""

    def __init__(self, sender: Sender, threads: Threads, files: KeptFiles, say: Say, name_of: NameOf) -> None:
        self._sender = sender
        self._threads = threads
        self._files = files
        self._say = say
        self._name_of = name_of

    async def letter(self, message: OutboundMessage | OutboundCard) -> Letter:
        """The mail, the same for the same message. Raises a DeliveryError."""
        if isinstance(message, OutboundCard):
            words = self._card(message)
        else:
            words = self._inward(message) if message.is_inward else await self._words(message)
        attachments, files = await self._read(words.attachments)
        try:
            return letter_from_words(replace(words, attachments=attachments), self._sender, files)
        except ValueError as error:
            raise PermanentError(f"no mail can be made of it: {error}") from error

    async def _words(self, message: OutboundMessage) -> Words:
        try:
            known = await self._threads.known(message.conversation) or Known("", None, is_proven=False)
        except DeskAwayError as error:
            raise TemporaryError(f"the desk cannot say which thread it is: {error}") from error
        # What a stranger wrote is said back by nobody but a person: a machine that does is a way to send spam.
        # The name of their mail is theirs as well: no machine answers it by that.
        may_repeat = known.is_proven or not message.automatic
        subject = known.subject if may_repeat else ""
        return Words(
            key=message.key,
            address=message.conversation.address,
            text=message.text,
            html=drawing.paragraphs(message.text),
            subject=subject or self._say("subject", known.language),
            at=message.at,
            author=self._name_of(message.author) if message.author is not None else None,
            answers=(message.reply_to or known.answers) if may_repeat else None,
            is_reply=bool(subject) and known.answers is not None,
            automatic=message.automatic,
            marker=self._say("marker", known.language),
            attachments=message.attachments,
            copies=tuple(one.address for one in message.copies),
            invite=message.invite,
        )

    def _card(self, message: OutboundCard) -> Words:
        return Words(
            key=message.key,
            address=message.conversation.address,
            text=drawing.text_from_card(message.card),
            html=drawing.html_from_card(message.card),
            subject=message.card.title,
            at=message.at,
            answers=message.reply_to,
            automatic=True,
            marker=self._say("marker", None),
            attachments=message.attachments,
            is_inward=True,
            invite=message.invite,
        )

    def _inward(self, message: OutboundMessage) -> Words:
        """A word to one of our own people. What they could press elsewhere they may write."""
        labels = [f"- {one.label}" for one in message.buttons]
        choices = ["", self._say("choices", None), *labels] if labels else []
        text = "\n".join([message.text, *choices])
        return Words(
            key=message.key,
            address=message.conversation.address,
            text=text,
            html=drawing.paragraphs(text),
            subject=message.text.partition("\n")[0],
            at=message.at,
            answers=message.reply_to,
            automatic=True,
            marker=self._say("marker", None),
            attachments=message.attachments,
            is_inward=True,
            invite=message.invite,
        )

    async def _read(self, attachments: Sequence[Attachment]) -> tuple[tuple[Attachment, ...], dict[str, bytes]]:
        """The files with their bytes; one that is gone is named in the mail instead."""
        found: dict[str, bytes] = {}
        told: list[Attachment] = []
        for one in attachments:
            try:
                if one.digest is not None and one.digest not in found:
                    found[one.digest] = await self._files.read(one.digest)
                told.append(one)
            except FileNotFoundError:
                told.append(replace(one, digest=None, note=_GONE))
        return tuple(told), found
