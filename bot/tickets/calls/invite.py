"""A call as a calendar is told of it: who invites whom, when, and by which name it will know later changes."""

from adapters.message import Conversation, Invite
from bot.tickets.calls.call import SUMMARY, Call, CallRules, CallState
from bot.tickets.calls.texts import name_of_kind, zone_of
from bot.tickets.facts import Facts
from bot.tickets.outcome import client_name, contact_texts, person_texts
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from routing.people import PersonId
from sla.duration import moment

_MAIL = "email"


def invited(facts: Facts, call: Call, rules: CallRules, *, summary_for: PersonId | None, number: str) -> Invite | None:
    """The invitation of the contact, or of the person named; None for whoever has no mail address.

    The desk is the organizer; its own address is filled in by whoever sends.
    """
    revision = facts.revision
    if summary_for is not None:
        person = revision.people[summary_for]
        address, name = person.addresses.get(_MAIL, ""), person.name
        speak, zone, other = person_texts(revision, summary_for), zone_of(revision, summary_for), client_name(facts)
    else:
        address = mailbox(facts.talk.conversation)
        speak, zone, name = contact_texts(facts), facts.speaker.zone, facts.speaker.name
        known = revision.person(call.person)
        other = known.name if known else revision.name
    if not address:
        return None
    return invite_of(revision, call, rules, speak, zone=zone, attendee=(name, address), other=other, number=number)


def mailbox(where: Conversation) -> str:
    """The address that a mail conversation goes to, without the thread that it is; empty on any other channel."""
    if where.channel != _MAIL:
        return ""
    address, mark, thread = where.address.rpartition("#")
    return address if mark and "@" not in thread else where.address


def invite_of(
    revision: Revision,
    call: Call,
    rules: CallRules,
    speak: Texts,
    *,
    zone: str,
    attendee: tuple[str, str],
    other: str,
    number: str,
) -> Invite:
    """The invitation to a call as it stands; of one that is not to be held, its cancellation."""
    kind = name_of_kind(call.kind, rules, speak)
    return Invite(
        uid=call.uid,
        sequence=call.sequence,
        method="REQUEST" if call.state.is_live else "CANCEL",
        starts_at=moment(call.begins_at),
        ends_at=moment(call.ends_at),
        zone=zone,
        summary=f"{SUMMARY}: {kind} · {other} · {number}",
        description=speak("call_change") if call.state.is_live else "",
        organizer=(revision.name, ""),
        attendee=attendee,
        location=call.url,
        is_tentative=call.state is CallState.REQUESTED,
    )
