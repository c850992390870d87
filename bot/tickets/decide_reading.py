"""What happens when a message that could not be read can be read after all: whoever has its ticket hears the words."""

from dataclasses import replace

from adapters.message import Attachment, Untrusted
from bot.tickets.decide_client import EXCERPT_LENGTH
from bot.tickets.facts import Decision, Event, Facts, Ping, Relay
from bot.tickets.outcome import concluded, person_texts
from bot.tickets.relays import with_files
from bot.tickets.ticket import number


def unreadable(decision: Decision) -> Decision:
    """The decision about a line that stands for what could not be read: its ticket says so until it can."""
    ticket = decision.ticket
    return decision if ticket is None else replace(decision, ticket=replace(ticket, is_unreadable=True))


def read_after_all(facts: Facts, key: str, words: Untrusted, files: tuple[Attachment, ...]) -> Decision:
    """The line itself is mended by the store; nothing is promised anew. `key` makes its reader hear of it once."""
    ticket = facts.ticket
    if ticket is None:
        return Decision()
    effects: tuple[Ping | Relay, ...] = ()
    if assignee := facts.revision.person(ticket.assignee):
        speak = person_texts(facts.revision, assignee.id)
        title = speak("ping_read_after_all", number=number(ticket.id), contact=facts.speaker.name)
        ping = Ping(assignee.id, f"read:{key}", title, quote=Untrusted(words[:EXCERPT_LENGTH]))
        relay = Relay(assignee.id, facts.speaker.name, Untrusted(with_files(words, files)), attachments=files)
        effects = (relay, ping)
    event = Event("read_after_all", facts.now, "desk")
    return concluded(facts, replace(ticket, is_unreadable=False), facts.clocks, events=(event,), effects=effects)
