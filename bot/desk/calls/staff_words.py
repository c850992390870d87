"""What our people read of a call: the one there is, and why another cannot be had, in their own language and time.

A contact's own time stands beside theirs.
"""

from collections.abc import Sequence

from bot.desk.calls.rooms import rules_of
from bot.tickets.calls.call import Call, CallRules
from bot.tickets.calls.texts import beside, name_of_kind, said_notice, staff_time
from bot.tickets.facts import Facts
from bot.tickets.outcome import client_name, first_name, person_texts
from bot.tickets.ticket import number
from routing.people import PersonId
from sla.calendar import parse_zone
from sla.duration import Instant, moment

#: What a client reads of themselves, as it is said of them to one of our people.
_OF_CLIENTS = {"call_used_up": "call_staff_used_up", "call_no_kind": "call_staff_no_kind"}


def card_call(facts: Facts, call: Call | None, by: PersonId) -> str:
    """The next call of a ticket, as a card tells it to its reader; empty for none."""
    if call is None:
        return ""
    revision, speak = facts.revision, person_texts(facts.revision, by)
    return speak(
        "card_call",
        name=first_name(revision, call.person, speak("the_team")),
        kind=name_of_kind(call.kind, revision.calls.with_call(call), speak),
        time=staff_time(revision, by, call, facts.speaker.name, now=facts.now),
        state=speak(f"call_state_{call.state}"),
    )


def why_refused(facts: Facts, by: PersonId, refusal: str, kind: str, at: Instant, call: Call | None = None) -> str:
    """Why a call of a kind cannot be at a time: the text `refusal`; `call` is the one that was to be moved."""
    speak, rules = person_texts(facts.revision, by), rules_of(facts, call)
    values = {
        "time": said_at(facts, by, at),
        "notice": said_notice(rules, speak),
        "kind": name_of_kind(_kind(rules, kind), rules, speak),
        "client": client_name(facts),
    }
    return speak(_OF_CLIENTS.get(refusal, refusal), **values)


def how_to_ask(facts: Facts, by: PersonId, kind: str, at: Instant) -> str:
    """The words that ask the leads for a time which only they may allow."""
    speak = person_texts(facts.revision, by)
    when = moment(at).astimezone(parse_zone(facts.revision.calendars[facts.revision.people[by].calendar].zone))
    return speak(
        "call_staff_ask_lead",
        number=number(facts.number),
        when=" ".join(filter(None, (f"{when:%Y-%m-%d %H:%M}", kind))),
    )


def numbered_lines(facts: Facts, by: PersonId, times: Sequence[Instant]) -> list[str]:
    """Times one below the other, each with its number."""
    return [f"{place}. {said_at(facts, by, at)}" for place, at in enumerate(times, 1)]


def said_at(facts: Facts, by: PersonId, at: Instant) -> str:
    """A moment in their own time, that of the contact beside it."""
    return beside(person_texts(facts.revision, by), at, facts.speaker.zone, facts.speaker.name, now=facts.now)


def _kind(rules: CallRules, kind: str) -> str:
    """What is offered instead of a kind that there is not."""
    return kind if kind in rules.kinds else next(iter(rules.kinds))
