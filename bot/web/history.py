"""What happened to a ticket, in sentences of the past tense; the stored events are the only source."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.store.delivery.alert_receipts import AlertReceipt
from bot.store.reading.reads import Page
from bot.tickets.facts import Event
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.web.alert_titles import title_for
from routing.people import PersonId
from sla.duration import Instant

_SAID: Final[Mapping[str, str]] = {
    "opened": "{by} opened the ticket",
    "client_spoke": "{by} wrote",
    "began_earlier": "{by} had written before what was heard first: the {metric} counts from {since}",
    "courtesy": "{by} said thanks",
    "reopened": "{by} wrote again and reopened it",
    "message_edited": "{by} changed a message",
    "message_deleted": "{by} took a message back",
    "assigned": "given to {person}",
    "put_on_waiting_list": "put on the waiting list",
    "picked_up": "{by} took it",
    "passed_over": "{former} did not pick it up; given to {person}",
    "not_picked_up": "nobody picked it up",
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
    "due_told": "the client was told that the answer comes later: {due_at}",
    "put_off": "the client was told that we are back later: {why}",
    "alerted": "step {step} of the ladder: {people} told",
    "nobody_to_alert": "nobody is left on the ladder to be told",
    "load_was_high": "a high load was declared, for which more time is promised",
    "acknowledged": "{by} acknowledged the alert",
    "acknowledgement_ended": "{person} acknowledged it and is not there: the ladder goes on",
    "marked_spam": "{by} marked it as spam",
    "not_spam": "{by} said it is no spam",
    "merged": "{by} merged {gone} into it",
    "merged_into": "{by} merged it into {into}",
    "unmerged": "{by} took it apart from {from} again",
    "parted": "{by} took {gone} apart from it again",
    "snoozed": "{by} put it out of the way until {until}",
    "came_back": "it is back in sight",
    "urgency_raised": "{by} made it {after} instead of {before}",
    "csat_asked": "the client was asked how it went",
    "csat_scored": "{by} gave it a {score} of 5",
    "csat_commented": "{by} said more about the score",
    "split": "{by} made the rest a ticket of its own, {into}",
    "split_off": "{by} made it a ticket of its own, out of {old}",
    "not_covered": "{by} said the agreement does not cover it",
    "covered": "{by} said the agreement covers it after all",
    "agreed": "{by} agreed with the client: {metric} within {within}",
    "reapplied": "{by} had it promised by revision {after} instead of {before}",
    "plan_changed": "the client has plan {after} instead of {before}",
    "recounted": "what is left counts anew: {why}",
    "nudged": "the client was reminded",
    "breached": "a promise broke: the {metric} was due {due_at}",
    "delivery_failed": "a reply did not arrive",
    "read_after_all": "what could not be read could be read after all",
    "passed_on": "{by} passed the client's mail on",
    "place_lost": "the client cannot be reached on {channel} any more",
    "place_back": "the client can be reached on {channel} again",
    "other_channel": "{by} went on with it on {channel}",
    "linked": "the contact was proven to be one of {client}",
    "unlinked": "the contact is nobody we know after all",
    "invited": "{by} sent the contact a code for {channel}",
    "follows": "{by} went on with it on {channel}",
    "perhaps_same": "perhaps the same as {other}",
    "same_person": "{by} said that the contact is {name} as well",
    "two_people": "{by} said that {name} is somebody else after all",
    "arrived_after_all": "the reply arrived after all",
    "delivery_uncertain": "a reply may not have arrived",
}
#: What of an event's particulars stands in its sentence as it is.
_NAMED: Final = ("gone", "into", "from", "score", "old", "within", "channel", "client", "other", "name")
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
    due_at, until = event.particulars.get("due_at"), event.particulars.get("until")
    since = event.particulars.get("since")
    said = _SAID.get(event.what, "{by}: " + event.what.replace("_", " "))
    what = said.format(
        by=_who(facts.revision, event.by, facts.speaker.name),
        person=_who(facts.revision, str(event.particulars.get("person") or ""), "the waiting list") or "nobody",
        kind=_KINDS.get(str(event.particulars.get("kind")), "a reply"),
        before=event.particulars.get("before"),
        former=_who(facts.revision, str(event.particulars.get("before") or ""), ""),
        after=event.particulars.get("after"),
        due_at=speak.moment(Instant(due_at), now=facts.now) if isinstance(due_at, int) else "a moment",
        until=speak.moment(Instant(until), now=facts.now) if isinstance(until, int) else "a moment",
        since=speak.moment(Instant(since), now=facts.now) if isinstance(since, int) else "a moment",
        why=event.why,
        **{name: event.particulars.get(name) for name in _NAMED},
        step=event.particulars.get("step"),
        people=", ".join(
            _who(facts.revision, one, "") for one in str(event.particulars.get("people") or "").split(", ") if one
        )
        or "nobody",
        metric=speak(f"metric_{metric}") if (metric := event.particulars.get("metric")) else "",
    )
    why = "" if "{why}" in said or event.what == "breached" else _reason(event, speak)
    return Happening(speak.moment(event.at, now=facts.now), what[:1].upper() + what[1:], why)


def alerted(page: Page, speak: Texts) -> list[Happening]:
    """Who was alerted of it and what came of that, the latest first."""
    return [_alerted(page, one, speak) for one in reversed(page.alerts)]


def _alerted(page: Page, alert: AlertReceipt, speak: Texts) -> Happening:
    now = page.facts.now
    moments = (
        ("delivered", alert.delivered_at),
        ("acknowledged", alert.acknowledged_at),
        ("acted", alert.acted_at),
    )
    came = [f"{word} {speak.moment(at, now=now)}" for word, at in moments if at is not None]
    if alert.delivered_at is None:
        came.insert(0, "failed" if alert.state == "failed" else "on its way" if alert.sent_at else "not sent yet")
    name = _who(page.facts.revision, alert.person, "")
    title = title_for(alert, page, speak)
    return Happening(speak.moment(alert.alerted_at, now=now), f"{name}: {title}", ", ".join(came))


def _reason(event: Event, speak: Texts) -> str:
    return speak(f"rule_{event.why}") if event.what in {"assigned", "put_on_waiting_list", "passed_over"} else event.why


def _who(revision: Revision, name: str, contact: str) -> str:
    if name in _NOBODY:
        return "the desk"
    if name in {"contact", ""}:
        return contact
    person = revision.person(PersonId(name))
    return person.name if person else name
