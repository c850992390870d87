"""A mail that one of our people passes on to the desk is its author's, not theirs: it opens the author's ticket.

What our person says above it is a note. That they passed it on proves them and not the author: whoever is a known
contact is believed to have written it, anybody else is served as a stranger and told nothing by us automatically. A
mail of theirs that passes nothing on is theirs alone, as what they write anywhere else.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from adapters.message import Channel, Conversation, Identity, InboundLine, InboundMessage
from bot.store.channels import margins
from bot.store.driver.connection import Connection
from bot.store.revisions import Revisions
from bot.tickets.facts import Decision, Event, Note
from bot.tickets.relays import name_of
from routing.people import PersonId
from sla.duration import Instant

PASSED_ON: Final = "passed_on"


class PassingOn:
    """Says whose words they are; runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, person_of: Callable[[Identity], PersonId | None]) -> None:
        self._revisions = revisions
        self._person_of = person_of

    def authored(self, conn: Connection, one: InboundLine) -> InboundLine:
        """What was heard, as its author's. `passer` says of a message whether it was passed on."""
        if not isinstance(one, InboundMessage):
            return one
        where = one.conversation
        person = self._person_of(one.sender) if where.channel is Channel.EMAIL and not one.is_inward else None
        if person is None or one.doubt:
            return replace(one, original=None) if one.original is not None else one
        original = one.original
        if original is None or self._person_of(original.sender) is not None:
            return replace(one, conversation=Conversation(where.channel, where.account, where.place), original=None)
        is_known = bool(margins.proven(conn, [original.sender.key]))
        doubt = "" if is_known else f"passed on by {name_of(self._revisions.current, person)}"
        return replace(
            one,
            conversation=original.conversation if is_known else original.unproven_conversation,
            sender=original.sender if is_known else original.unproven,
            sender_name=original.name,
            text=original.text,
            subject=original.subject,
            doubt=doubt,
            beside=(),
            reply_to=None,
            original=replace(original, passed_on_by=one.sender),
        )

    def passer(self, one: InboundMessage) -> PersonId | None:
        """Who of ours passed it on; None: its sender wrote to us."""
        by = one.original.passed_on_by if one.original is not None else None
        return self._person_of(by) if by is not None else None

    def noted(self, decision: Decision, one: InboundMessage, *, now: Instant) -> Decision:
        """The decision with what our person said above what they passed on."""
        person = self.passer(one)
        if person is None or one.original is None or decision.ticket is None:
            return decision
        event = Event(PASSED_ON, now, person)
        notes = (Note(person, one.original.above),) if one.original.above.strip() else ()
        return replace(decision, events=(*decision.events, event), notes=(*decision.notes, *notes))
