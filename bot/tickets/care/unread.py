"""Replies that a client has not read where they were written: after a while they follow by mail, once and together.

Only from a channel that knows what was read and calls nobody who is away. What was read in the meantime stays where it
is, and so does everything where nobody knows for certain which mail address is theirs.
"""

from collections.abc import Iterable
from typing import Final

from adapters.message import Channel
from bot.tickets.facts import Effect, Facts, MessageKind, Say, Wake
from bot.tickets.ticket import Ticket
from sla.duration import later

#: What the alarm's owner begins with.
UNREAD: Final = "unread"
SILENT: Final = frozenset({Channel.INAPP})


def unread_wakes(facts: Facts, ticket: Ticket, effects: Iterable[Effect]) -> tuple[Wake, ...]:
    """When to look whether what is said now was read; each reply has a look of its own, so none is put off for ever."""
    within = facts.revision.rules.mail_unread_after
    is_said = any(isinstance(one, Say) and one.kind is MessageKind.REPLY and not one.is_said for one in effects)
    if within is None or not is_said or facts.talk.conversation.channel not in SILENT:
        return ()
    return (Wake(f"{UNREAD}:{ticket.id}:{ticket.version}", later(facts.now, within)),)
