"""What happened to a ticket, in sentences of the past tense; the stored events are the only source."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.store.reads import Page
from bot.tickets.facts import Event
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from routing.people import PersonId
from sla.duration import Instant

_SAID: Final[Mapping[str, str]] = {
    "opened": "{by} opened the ticket",
    "client_spoke": "{by} wrote",
    "courtesy": "{by} said thanks",
    "reopened": "{by} wrote again and reopened it",
    "message_edited": "{by} changed a message",
    "message_deleted": "{by} took a message back",
    "assigned": "given to {person}",
    "put_on_waiting_list": "put on the waiting list",
    "picked_up": "{by} took it",
    "replied": "{by} replied",
    "reply_named": "{by} called the reply {kind}",
    "noted": "{by} added a note",
    "asked_details": "{by} asked for details",
    "eta_given": "{by} promised {due_at}",
    "waits_third_party": "{by} waits for a third party",
    "resumed": "the clock went on",
    "resolved": "{by} resolved it",
    "closed": "closed",
    "handed_over": "{by} handed it over to {person}",
    "escalated": "{by} asked the lead for help",
    "urgency_set": "{by} set the urgency from {before} to {after}",
    "needs_no_answer": "{by} said it needs no answer",
    "alerted": "step {step} of the ladder: {people} told",
    "nobody_to_alert": "nobody is left on the ladder to be told",
    "load_was_high": "a high load was declared, for which more time is promised",
    "acknowledged": "{by} acknowledged the alert",
    "marked_spam": "{by} marked it as spam",
    "merged": "{by} merged {gone} into it",
    "merged_into": "{by} merged it into {into}",
    "split": "{by} made the rest a ticket of its own, {into}",
    "split_off": "{by} made it a ticket of its own, out of {old}",
    "not_covered": "{by} said the agreement does not cover it",
    "covered": "{by} said the agreement covers it after all",
    "agreed": "{by} agreed with the client: {metric} within {within}",
    "reapplied": "{by} had it promised by revision {after} instead of {before}",
    "recounted": "what is left counts anew: {why}",
    "nudged": "the client was reminded",
    "breached": "a promise broke: the {metric} was due {due_at}",
    "delivery_failed": "a reply did not arrive",
    "place_lost": "the client cannot be reached on {channel} any more",
    "other_channel": "{by} went on with it on {channel}",
    "linked": "the contact was proven to be one of {client}",
    "arrived_after_all": "the reply arrived after all",
    "delivery_uncertain": "a reply may not have arrived",
}
_NOBODY: Final = frozenset({"desk", "routing", "sender"})
_KINDS: Final = {"answer": "an answer", "clarify": "a question", "eta": "an ETA", "fix": "the solution"}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the history."""

    time: str
    what: str
    why: str


def history(page: Page, speak: Texts) -> list[Happening]:
    """Everything that happened, the latest first."""
    return [_happening(page, event, speak) for event in reversed(page.events)]


def _happening(page: Page, event: Event, speak: Texts) -> Happening:
    facts = page.facts
    due_at = event.particulars.get("due_at")
    said = _SAID.get(event.what, "{by}: " + event.what.replace("_", " "))
    what = said.format(
        by=_who(facts.revision, event.by, facts.speaker.name),
        person=_who(facts.revision, str(event.particulars.get("person") or ""), "the waiting list") or "nobody",
        kind=_KINDS.get(str(event.particulars.get("kind")), "a reply"),
        before=event.particulars.get("before"),
        after=event.particulars.get("after"),
        due_at=speak.moment(Instant(due_at), now=facts.now) if isinstance(due_at, int) else "a moment",
        why=event.why,
        **{name: event.particulars.get(name) for name in ("gone", "into", "old", "within")},
        step=event.particulars.get("step"),
        people=", ".join(
            _who(facts.revision, one, "") for one in str(event.particulars.get("people") or "").split(", ") if one
        )
        or "nobody",
        metric=speak(f"metric_{metric}") if (metric := event.particulars.get("metric")) else "",
    )
    why = "" if "{why}" in said or event.what == "breached" else _reason(event, speak)
    return Happening(speak.moment(event.at, now=facts.now), what[:1].upper() + what[1:], why)


def _reason(event: Event, speak: Texts) -> str:
    return speak(f"rule_{event.why}") if event.what in {"assigned", "put_on_waiting_list"} else event.why


def _who(revision: Revision, name: str, contact: str) -> str:
    if name in _NOBODY:
        return "the desk"
    if name in {"contact", ""}:
        return contact
    person = revision.person(PersonId(name))
    return person.name if person else name
