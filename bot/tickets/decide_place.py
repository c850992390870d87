"""What it means for a ticket that its place is lost or back, or that its channel may have dropped something."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from adapters.text import one_line
from bot.tickets.facts import Decision, Event, Facts, MessageKind, Ping, Say
from bot.tickets.ladder.decide_ladder import leads
from bot.tickets.outcome import client_name, concluded, contact_texts, person_texts
from bot.tickets.receipts import is_mailing_stranger
from bot.tickets.texts import Texts
from bot.tickets.ticket import Ticket, number
from routing.people import PersonId
from sla.duration import Instant

#: The press that takes a ticket to another channel of its contact's.
OTHER_CHANNEL: Final = "ticket.other_channel"
REPLY: Final = "ticket.reply"
#: How a place is lost: the bot is put out or shut out of it, or the desk directory gives it to another client.
Loss = Literal["left", "blocked", "given_away"]
Return = Literal["joined", "unblocked", "given_back"]
_BACK: Final[dict[Return, str]] = {
    "joined": "ping_rejoined",
    "unblocked": "ping_unblocked",
    "given_back": "ping_given_back",
}
#: So much of words that did not arrive stands in an alert.
SAID_BACK: Final = 300


def place_lost(facts: Facts, change: Loss, *, at: Instant, elsewhere: Sequence[str] = ()) -> Decision:
    """Whoever has the ticket, or the leads, hear at once that nothing is said there, and where the contact is too."""
    ticket = facts.ticket
    if ticket is None or not ticket.status.is_open:
        return Decision()
    pings = []
    for person, speak, title in _concerned(facts, ticket, f"ping_{change}"):
        pings.append(
            Ping(
                person,
                f"lost:{ticket.id}:{at}:{person}",
                title,
                known_elsewhere(facts, speak, elsewhere),
                is_alert=True,
                actions=(OTHER_CHANNEL,) if elsewhere else (),
            )
        )
    event = Event("place_lost", at, _by(change), change, {"channel": str(facts.talk.conversation.channel)})
    return concluded(facts, ticket, facts.clocks, events=(event,), effects=tuple(pings))


def place_back(facts: Facts, change: Return, *, at: Instant, failed: str = "") -> Decision:
    """The same people hear that words arrive there again, and which of ours did not: `failed`, which may be said again.

    What failed is never said by itself: it may be wrong by now, or said elsewhere, and what it answered is owed anew.
    """
    ticket = facts.ticket
    if ticket is None or not ticket.status.is_open:
        return Decision()
    pings = []
    for person, speak, title in _concerned(facts, ticket, _BACK[change]):
        lines = (speak("unheard_words", text=one_line(failed, SAID_BACK)),) if failed else ()
        key = f"back:{ticket.id}:{at}:{person}"
        pings.append(Ping(person, key, title, lines, is_alert=bool(failed), actions=(REPLY,) if failed else ()))
    event = Event("place_back", at, _by(change), change, {"channel": str(facts.talk.conversation.channel)})
    return concluded(facts, ticket, facts.clocks, events=(event,), effects=tuple(pings))


def after_gap(facts: Facts, since: Instant, until: Instant) -> Decision:
    """The client of an open ticket hears that we may have missed something; no promise is changed by it."""
    ticket = facts.ticket
    if ticket is None or not ticket.status.is_open or is_mailing_stranger(facts):
        return Decision()
    speak = contact_texts(facts)
    words = speak("gap_note", since=speak.moment(since, now=facts.now), until=speak.moment(until, now=facts.now))
    return concluded(facts, ticket, facts.clocks, effects=(Say(words, MessageKind.AUTO),))


def _by(change: Loss | Return) -> str:
    """Who did it: an admin, by the desk directory, or the client, in their channel."""
    return "desk" if change in {"given_away", "given_back"} else "contact"


def _concerned(facts: Facts, ticket: Ticket, word: str) -> Iterator[tuple[PersonId, Texts, str]]:
    """Whoever has the ticket, or the leads: who hears it, in whose voice, and what happened to which place."""
    assignee = facts.revision.person(ticket.assignee)
    for person in [assignee.id] if assignee is not None else leads(facts, ticket):
        speak = person_texts(facts.revision, person)
        channel = speak(f"channel_{facts.talk.conversation.channel}")
        yield person, speak, speak(word, number=number(ticket.id), client=client_name(facts), channel=channel)


def known_elsewhere(facts: Facts, speak: Texts, channels: Sequence[str]) -> tuple[str, ...]:
    """A line that names the other channels on which a contact is known for certain; none where there are none."""
    if not channels:
        return ()
    names = ", ".join(speak(f"channel_{channel}") for channel in channels)
    return (speak("known_elsewhere", contact=facts.speaker.name, channels=names),)
