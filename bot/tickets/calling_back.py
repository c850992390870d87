"""Somebody called and nobody answered: the mail of a phone system, or a voice message, becomes a ticket to call back.

Who called is known by the number alone, and only where the desk directory lists it and the mail is proven to be the
phone system's: a mail that merely names a client's number is a stranger's. A caller cannot be written to where they
called from; whoever has other addresses can be written to there (`ticket.other_channel`).
"""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from adapters.message import Channel, Conversation, Identity, InboundMessage, Untrusted
from bot.tickets.facts import Decision, Facts, Say
from bot.tickets.outcome import client_of
from bot.tickets.pairs.following import is_opened
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import Ticket

#: What kind of work it is; a line may name it among its kinds.
KIND: Final = "call_back"
#: How such a ticket came, and our end of the pipe for it: nothing goes out there.
PHONE: Final = "phone"
_NUMBER: Final = re.compile(r"(?<![\w.+-])(\+|00)?\d(?:[\d ()/.-]{5,20})\d(?![\w-])", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,2}:\d{2}(?::\d{2})?", re.ASCII)
_FEWEST: Final = 7
_MOST: Final = 15
#: So far into a mail the number is looked for.
_LOOKED_AT: Final = 2_000
_UNPROVEN: Final = " (unverified)"


def is_phone(where: Conversation) -> bool:
    """Whether a conversation is a caller's, which nobody can write to."""
    return where.channel is Channel.BOARD and where.account == PHONE


def number_in(text: str) -> str:
    """The first telephone number in a text that says its country, `+351912345678`; else the first; empty for none."""
    numbers: list[str] = []
    for found in _NUMBER.finditer(_MOMENT.sub(" ", text[:_LOOKED_AT])):
        digits = re.sub(r"\D", "", found[0])
        if found[1] == "00":
            digits = digits[2:]
        if _FEWEST <= len(digits) <= _MOST:
            numbers.append(f"+{digits}" if found[1] else digits)
    return next((one for one in numbers if one.startswith("+")), next(iter(numbers), ""))


def called(one: InboundMessage, revision: Revision) -> InboundMessage:
    """The message as its caller's, if it is a mail of the phone system; any other as it is."""
    if one.conversation.channel is not Channel.EMAIL or one.conversation.place not in revision.phone_system:
        return one
    # What somebody says on the tape stands below: it tells nothing about who called where the subject does.
    number = number_in(one.subject) or number_in(one.text)
    caller = (number if not one.doubt else f"{number}{_UNPROVEN}") if number else f"? {one.external_id}"
    return replace(
        one,
        conversation=Conversation(Channel.BOARD, PHONE, caller),
        sender=Identity(Channel.BOARD, caller),
        sender_name=Untrusted(number or "?"),
        reply_to=None,
        doubt="",
        beside=(),
        original=None,
    )


def kind_of(facts: Facts, message: InboundMessage) -> str:
    """What kind of work a message is by how it came: a call, or a voice message while nobody is there."""
    if is_phone(message.conversation):
        return KIND
    sounds = [one.type.startswith("audio/") for one in message.attachments]
    is_voice = message.conversation.channel is Channel.TELEGRAM and bool(sounds) and all(sounds)
    return KIND if is_voice and not message.text.strip() and _is_nobody_there(facts) else ""


def as_called(facts: Facts, decision: Decision) -> Decision:
    """The decision about a caller's words: nothing is said to whom nothing can be said."""
    if not is_phone(facts.talk.conversation):
        return decision
    ticket = decision.ticket
    if ticket is not None and is_opened(facts, decision):
        ticket = replace(ticket, channel=PHONE)
    return replace(decision, ticket=ticket, effects=tuple(one for one in decision.effects if not isinstance(one, Say)))


def call_back_line(ticket: Ticket, speak: Texts) -> tuple[str, ...]:
    """What the card of such a ticket says."""
    return (speak("card_call_back"),) if ticket.kind == KIND and ticket.status.is_open else ()


def _is_nobody_there(facts: Facts) -> bool:
    revision = facts.revision
    client = revision.client(facts.speaker.client) if facts.speaker.is_verified else None
    if facts.ticket is not None:
        client = client_of(revision, facts.ticket) or client
    plan = revision.plan(client.plan if client is not None else revision.public_plan)
    named: Collection[str | None] = (*revision.lines[plan.line].people, client.manager if client is not None else None)
    people = [one for name, one in revision.people.items() if name in named]
    return not any(revision.coverage.is_on_shift(one, facts.now) for one in people)
