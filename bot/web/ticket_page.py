"""One ticket's page: the transcript, where a reply would go, the promises and why they are what they are."""

from dataclasses import dataclass
from typing import Any

from adapters.message import conversation_from_key
from bot.store.reading.reads import Page
from bot.tickets.cards import failing_line, shown_clocks
from bot.tickets.care.decide_terms import AGREEABLE
from bot.tickets.care.judging import why_urgent
from bot.tickets.care.snoozing import snoozed_line
from bot.tickets.decide_client import WAITING
from bot.tickets.decide_staff import ACTING
from bot.tickets.outcome import client_name
from bot.tickets.pairs.following import perhaps_same
from bot.tickets.ticket import Status, Ticket, number
from bot.tickets.words.link_words import LINKED
from bot.web.drawn import Drawn, drawn
from bot.web.history import alerted, history
from bot.web.rows import ADDRESSES, CHANNELS, loudness, plan_words
from bot.web.session import Visitor
from bot.web.shell import initials, presence
from bot.web.talk import entries
from bot.web.why import Why, why_due, why_person
from routing.people import Person
from sla.clock import Clock, is_owing
from sla.duration import Instant, moment
from sla.pick_up import is_awaited
from sla.policy import Metric
from sla.week import parse_zone

#: So much of a message stands in a list to choose from.
SHOWN = 70


@dataclass(frozen=True, slots=True)
class Kept:
    """What a form brought that could not be done: shown again, so that nobody writes anything twice."""

    form: str = ""
    text: str = ""
    refusal: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()

    def error(self, name: str) -> str:
        """What is wrong with a field."""
        return dict(self.errors).get(name, "")

    def field(self, name: str) -> str:
        """What stood in a field."""
        return dict(self.fields).get(name, "")


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise with its reason; `why` None where there is nothing left to ask."""

    clock: Drawn
    why: Why | None


def ticket_values(page: Page, visitor: Visitor, *, key: str, kept: Kept, has_seconds: bool) -> dict[str, Any]:
    """The values of ticket.html; `key` makes the page's next press count once."""
    facts, ticket, speak = page.facts, page.ticket, visitor.speak
    revision, pinned, now = facts.revision, facts.pinned, facts.now
    channel = CHANNELS.get(ticket.channel, ticket.channel)
    assignee = revision.person(ticket.assignee)
    clocks = shown_clocks(facts.clocks)
    policy = pinned.policies[ticket.policy]
    return {
        "ticket": ticket,
        "number": number(ticket.id),
        "client": client_name(facts),
        "contact": facts.speaker.name,
        "channel": channel,
        "plan": plan_words(revision, pinned, ticket),
        "loudness": loudness(pinned, ticket),
        "status": _status_words(ticket, visitor, now),
        "entries": entries(page, speak),
        "goes_to": _goes_to(page),
        "failing": failing_line(facts, speak),
        "assignee": assignee,
        "is_mine": ticket.assignee == visitor.id,
        "may_take": _may_take(page, visitor),
        "may_hand_over": visitor.may_act and (ticket.assignee in {None, visitor.id} or visitor.leads),
        "is_waiting": ticket.status in WAITING,
        "owes_answer": any(one.metric is Metric.NEXT_RESPONSE and is_owing(one) for one in clocks),
        "promises": [
            Promised(
                drawn(clock, page.facts.calendars, speak, now=now, has_seconds=has_seconds), _why(page, clock, visitor)
            )
            for clock in clocks
        ],
        "why_person": why_person(page, visitor),
        "about_client": _about_client(page, visitor),
        "history": history(page, speak),
        "alerted": alerted(page, speak),
        "merged_into": number(ticket.merged_into) if ticket.merged_into is not None else "",
        "why_urgent": why_urgent(revision, ticket, speak),
        "snoozed": snoozed_line(ticket, speak, now=now),
        "csat": page.csat,
        "splittable": _splittable(page, visitor),
        "linkable": [(str(one), ADDRESSES[one]) for one in LINKED],
        "same_as": number(other) if (other := perhaps_same(ticket)) is not None else "",
        "mergeable": [(number(one.id), one.subject) for one in page.related if one.status.is_open],
        "agreeable": [(metric.value, speak(f"metric_{metric}")) for metric in Metric if metric in AGREEABLE],
        "people": _people(page, visitor),
        "urgencies": policy.urgencies,
        "zone": speak.zone.removeprefix("fixed:"),
        "earliest": f"{moment(now).astimezone(parse_zone(speak.zone)):%Y-%m-%dT%H:%M}",
        "key": key,
        "kept": kept,
    }


def _why(page: Page, clock: Clock, visitor: Visitor) -> Why | None:
    return why_due(page, clock, visitor) if clock.due_at is not None or is_owing(clock) else None


def _may_take(page: Page, visitor: Visitor) -> bool:
    """Whoever has it says so once, as long as they are waited for; a lead takes it from anybody."""
    if page.ticket.assignee == visitor.id:
        return visitor.may_act and is_awaited(page.facts.clocks)
    return visitor.may_act and (visitor.leads or page.ticket.assignee is None)


def _status_words(ticket: Ticket, visitor: Visitor, now: Instant) -> str:
    words = {
        Status.NEW: "new",
        Status.WAITING_CLIENT: "waiting for the client",
        Status.WAITING_THIRD_PARTY: "waiting for a third party",
    }.get(ticket.status, ticket.status.value)
    if ticket.resolved_at is not None and not ticket.status.is_open:
        return f"{words} {visitor.speak.moment(ticket.resolved_at, now=now)}"
    return words


def _splittable(page: Page, visitor: Visitor) -> list[tuple[int, str]]:
    """The client's messages with which another matter may begin: all but the first, the latest on top."""
    said = [line for line in page.lines if line.direction == "in"][1:]
    return [
        (line.id, f"{visitor.speak.moment(line.at, now=page.facts.now)}: {shortened(line.text)}") for line in said[::-1]
    ]


def shortened(text: str) -> str:
    """The beginning of a message, for a list to choose from."""
    flat = " ".join(text.split()) or "…"
    return flat if len(flat) <= SHOWN else f"{flat[:SHOWN]}…"


def _goes_to(page: Page) -> tuple[str, str]:
    """Whom a reply reaches, and through which channel: the place the ticket's conversation is in, and no other."""
    channel = conversation_from_key(page.facts.talk.conversation.key).channel
    name = client_name(page.facts)
    who = page.facts.speaker.name if name == page.facts.speaker.name else f"{page.facts.speaker.name}, {name}"
    return who, CHANNELS.get(channel, channel)


def _about_client(page: Page, visitor: Visitor) -> dict[str, Any]:
    facts = page.facts
    client = facts.revision.client(page.ticket.client)
    local = moment(facts.now).astimezone(parse_zone(facts.speaker.zone))
    manager = facts.revision.person(client.manager) if client else None
    return {
        "name": client_name(facts),
        "is_known": client is not None,
        "is_verified": page.ticket.is_verified,
        "contacts": [one.name for one in client.contacts] if client else [facts.speaker.name],
        "addresses": [_address(page, key, is_proven=is_proven) for key, is_proven in page.addresses],
        "local_time": f"{local:%H:%M}",
        "zone": facts.speaker.zone.removeprefix("fixed:"),
        "language": facts.speaker.language,
        "notes": client.notes if client else "",
        "manager": f"{manager.name}, {presence(facts.revision, manager, facts.now, visitor)}" if manager else "",
        "related": [(number(one.id), one.subject, one.status.replace("_", " ")) for one in page.related[:5]],
    }


def _address(page: Page, key: str, *, is_proven: bool) -> tuple[str, str, bool, str]:
    """What an identity is called, whether it is proven, and why nothing arrives there."""
    channel, _, address = key.partition(":")
    return ADDRESSES.get(channel, channel), address, is_proven, page.failing.get(key, "")


def _people(page: Page, visitor: Visitor) -> list[tuple[str, str, str]]:
    """Whom a ticket can be handed over to: who may act and does not have it, those on shift first."""
    revision, now = page.facts.revision, page.facts.now

    def place(person: Person) -> tuple[bool, str]:
        return not revision.coverage.is_on_shift(person, now), person.name

    able = [one for one in revision.people.values() if one.roles & ACTING and one.id != page.ticket.assignee]
    return [
        (one.id, f"{one.name}, {presence(revision, one, now, visitor)}", initials(one))
        for one in sorted(able, key=place)
    ]
