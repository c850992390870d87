"""How a client's place hears of what is automatic: who answers and by when, that we are closed, that we go on.

Where one conversation is one contact's, they are told. In a place that many read an admin chooses: in the thread for
everybody, to whoever wrote alone, or not at all; our people's own words are never touched by it.
"""

from typing import Final

from bot.tickets.facts import Facts, Heard, MessageKind, Say

EPHEMERAL = "ephemeral"
SILENT = "silent"
#: What a client may press below such a text, where their channel has buttons; each is a word of command as well.
OFFERS: Final = ("client.status", "client.escalate")


def told(facts: Facts, heard: Heard, text: str) -> tuple[Say, ...]:
    """An automatic text in answer to what was heard, given as the client's place wants it."""
    where = facts.talk.conversation
    client = facts.revision.client(facts.speaker.client)
    way = (client.receipts if client is not None else None) or facts.revision.receipts
    if where.address == where.place or way not in {EPHEMERAL, SILENT}:
        return (Say(text, MessageKind.AUTO, offers=OFFERS),)
    return () if way == SILENT else (Say(text, MessageKind.AUTO, only_to=heard.sender, offers=OFFERS),)
