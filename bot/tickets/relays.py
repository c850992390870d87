"""What is said on a ticket, repeated for whoever has it under their card, so that its thread is the conversation.

The words that open a ticket stand on the card itself, so only the files that came with them are repeated. A note is
never relayed: the thread may be read by more people.
"""

from collections.abc import Iterable
from typing import Protocol

from adapters.message import Attachment, Untrusted
from bot.tickets.facts import Effect, Facts, Heard, MessageKind, Relay, Say
from bot.tickets.margin import with_quoted
from bot.tickets.revision import Revision
from bot.tickets.ticket import Ticket
from routing.people import PersonId


def relays(facts: Facts, ticket: Ticket, heard: Heard | None, effects: Iterable[Effect]) -> tuple[Relay, ...]:
    """The relays of one decision: the client's words, and those of our people, in the order they were said."""
    person = facts.revision.person(ticket.assignee)
    if person is None:
        return ()
    is_opened = facts.ticket is None or facts.ticket.id != ticket.id
    said = [
        Relay(
            person.id,
            name_of(facts.revision, say.author),
            _words(say.text, say.attachments),
            say.written,
            say.attachments,
            is_ours=True,
        )
        for say in effects
        if isinstance(say, Say) and say.kind is MessageKind.REPLY and say.author is not None
    ]
    if heard is None or (is_opened and not heard.attachments):
        return tuple(said)
    words, files = "" if is_opened else with_quoted(heard.quoted, heard.text), heard.attachments
    theirs = Relay(person.id, facts.speaker.name, _words(words, files), attachments=files, album=heard.album)
    return (theirs, *said)


def name_of(revision: Revision, person: PersonId) -> str:
    """A person's full name; their id where this revision knows them no more."""
    one = revision.person(person)
    return one.name if one else person


class Named(Protocol):
    """Whatever has a file's name."""

    @property
    def name(self) -> str: ...


def with_files(text: str, files: Iterable[Named]) -> str:
    """What was written, and which files came with it, one a line."""
    return "\n".join([*([text] if text.strip() else []), *(f"\N{PAPERCLIP} {one.name}" for one in files)])


def _words(text: str, files: Iterable[Attachment]) -> Untrusted:
    return Untrusted(with_files(text, files))
