"""What happens when a client writes a word of command: /status, /new, /help, /language and /escalate, in every channel.

They are questions to the desk and no messages: they start no clock, wait for no person and open no ticket, except that
words after `/new` do. By mail the plain word alone on the first line is enough.
"""

from dataclasses import dataclass, replace
from typing import Final

from adapters.message import Untrusted
from bot.tickets.decide_client import opens
from bot.tickets.facts import Decision, Event, Facts, Heard, MessageKind, Ping, Say
from bot.tickets.outcome import MAIL, client_name, concluded, contact_texts, first_name, leads, person_texts
from bot.tickets.texts import LANGUAGES, Texts, nearest_language
from bot.tickets.ticket import Status, Ticket, number
from sla.clock import State
from sla.policy import Metric
from sla.promise import RESPONSES

#: `/start` is how Telegram opens a bot; it asks for nothing yet.
NAMES: Final = ("status", "new", "help", "language", "escalate", "start")
LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Word:
    """A command a client wrote, and what stood after it."""

    name: str
    rest: str = ""


def word_from_text(text: str, *, channel: str) -> Word | None:
    """The command in a message; None for a message like any other, also for a slash that names none of ours."""
    line, _, below = text.strip().partition("\n")
    first, _, tail = line.strip().partition(" ")
    name = first[:LONGEST].removeprefix("/").partition("@")[0].casefold()
    rest = f"{tail}\n{below}".strip()
    if name not in NAMES or (name == "help" and rest):
        return None
    if first.startswith("/"):
        return Word(name, rest)
    # A mail that merely begins with such a word is a message: nothing anybody wrote may vanish behind a help text.
    is_plain_word = not rest or (name == "language" and " " not in rest) or (name == "new" and not tail)
    return Word(name, rest) if channel == MAIL and is_plain_word else None


def client_asks(facts: Facts, heard: Heard, word: Word) -> Decision:
    """Answer a command at once, in the conversation it came from."""
    ticket = facts.ticket if facts.ticket is not None and facts.ticket.status.is_open else None
    speak = contact_texts(facts)
    match word.name:
        case "new" if word.rest:
            return opens(facts, replace(heard, text=Untrusted(word.rest)))
        case "new":
            return replace(_said(heard, speak("new_ready")), is_parting=True)
        case "status":
            return _said(heard, _status(facts, ticket, speak))
        case "language":
            return _language(facts, heard, word.rest, speak)
        case "escalate" if ticket is not None:
            return _escalates(facts, ticket, heard, speak)
        case "escalate":
            return _said(heard, speak("status_none"))
        case _:
            return _said(heard, speak("help"))


def _said(heard: Heard, text: str) -> Decision:
    """The question and its answer belong to the conversation alone."""
    return Decision(heard=heard, effects=(Say(text, MessageKind.AUTO),))


def _status(facts: Facts, ticket: Ticket | None, speak: Texts) -> str:
    if ticket is None:
        return speak("status_none")
    values = {"number": number(ticket.id), "subject": ticket.subject}
    if ticket.status is Status.WAITING_CLIENT:
        return speak("status_waiting", **values)
    values["name"] = first_name(facts.revision, ticket.assignee, speak("the_team"))
    running = [one for one in facts.clocks if one.state is State.RUNNING and one.due_at is not None]
    for key, metrics in (("status_due", RESPONSES), ("status_eta", {Metric.ETA})):
        due_at = min((one.due_at for one in running if one.metric in metrics and one.due_at is not None), default=None)
        if due_at is not None:
            return speak(key, **values, due=speak.moment(due_at, now=facts.now))
    return speak("status", **values)


def _language(facts: Facts, heard: Heard, wanted: str, speak: Texts) -> Decision:
    language = nearest_language(wanted, "")
    if not language:
        return _said(heard, speak("language_unknown", languages=", ".join(LANGUAGES)))
    speak = Texts(language, facts.speaker.zone, facts.revision.texts)
    return replace(_said(heard, speak("language_set")), language=language)


def _escalates(facts: Facts, ticket: Ticket, heard: Heard, speak: Texts) -> Decision:
    """The lead hears of it once until the ticket is resolved, however often the client asks."""
    since = ticket.reopened_at or ticket.opened_at
    pings = tuple(
        Ping(
            person,
            f"asked:{ticket.id}:{since}:{person}",
            person_texts(facts.revision, person)("ping_escalated", number=number(ticket.id), client=client_name(facts)),
            is_alert=True,
            actions=("ticket.ack", "ticket.take", "ticket.handover"),
        )
        for person in leads(facts.revision, ticket.plan)
    )
    said = Say(speak("escalated", number=number(ticket.id)), MessageKind.AUTO)
    event = Event("escalated", heard.at, "contact", "the client asked for the team lead")
    return concluded(facts, ticket, facts.clocks, heard=heard, events=(event,), effects=(said, *pings))
