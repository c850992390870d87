"""How a client's place hears of what is automatic: who answers and by when, that we are closed, that we go on.

Where one conversation is one contact's, they are told. In a place that many read, a thread or a place that is mapped to
a client, an admin chooses: for everybody, to whoever wrote alone, or not at all; for all places, for a client's, for
one. Our people's own words are never touched by it.
"""

from typing import Final

from adapters.message import Channel
from bot.tickets.facts import Facts, Heard, MessageKind, Say

EPHEMERAL = "ephemeral"
SILENT = "silent"
#: What a client may press below such a text, where their channel has buttons; each is a word of command as well.
OFFERS: Final = ("client.status", "client.escalate")
#: Beside them where the desk says what a client states by it.
URGENT: Final = "client.urgent"
#: Where the desk books calls.
CALL: Final = "client.call"


def told(facts: Facts, heard: Heard, text: str) -> tuple[Say, ...]:
    """An automatic text in answer to what was heard, given as the client's place wants it."""
    offers = (OFFERS[0], URGENT, *OFFERS[1:]) if facts.revision.urgent is not None else OFFERS
    if facts.revision.calls.is_offered and facts.speaker.is_verified:
        offers = (*offers, CALL)
    way = _way(facts)
    if way == SILENT:
        return ()
    return (Say(text, MessageKind.AUTO, only_to=heard.sender if way == EPHEMERAL else "", offers=offers),)


def is_for_everybody(facts: Facts) -> bool:
    """Whether what is automatic is said for everybody to read where this client is."""
    return not _way(facts)


def is_silent(facts: Facts) -> bool:
    """Whether nothing automatic is said by itself where this client is: then there is nothing to put right either."""
    return is_mailing_stranger(facts) or _way(facts) == SILENT


def is_mailing_stranger(facts: Facts) -> bool:
    """Whether they are told nothing but what answers them: whoever forges senders would have us write to others."""
    return facts.talk.conversation.channel is Channel.EMAIL and not facts.speaker.is_verified


def _way(facts: Facts) -> str:
    """EPHEMERAL or SILENT in a place that wants it so; empty where it is said openly."""
    where, revision = facts.talk.conversation, facts.revision
    client = revision.client(facts.speaker.client)
    owner = revision.client(revision.owners.get((where.channel, where.place)))
    own = owner.receipts_in.get(where.place) if owner is not None else None
    way = own or (client.receipts if client is not None else None) or revision.receipts
    is_read_by_many = where.address != where.place or owner is not None
    return way if is_read_by_many and way in {EPHEMERAL, SILENT} else ""
