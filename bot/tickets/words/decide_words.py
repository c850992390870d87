"""What happens when a client writes a word of command: /status, /new, /urgent, /help, /language, /escalate.

Some of them are buttons as well, below what we say by ourselves, on channels that have any.

They are questions to the desk and no messages: they start no clock, wait for no person and open no ticket, except that
words after `/new` do. Words after `/urgent` are a message like any other, which says how urgent it is. By mail the
plain word alone on the first line is enough. Slack keeps a slash to itself, so there they are written with an
exclamation mark.
"""

from dataclasses import dataclass, replace
from typing import Final

from adapters.message import Conversation, Untrusted
from bot.tickets.care.judging import louder, raised_ping, raised_words, urgent_level
from bot.tickets.care.told_due import told_of
from bot.tickets.decide_client import client_says, contract_of, opens
from bot.tickets.facts import Decision, Effect, Event, Facts, Heard, MessageKind, Relay, Say, Speaker
from bot.tickets.ladder.calling import behind, is_vacant
from bot.tickets.ladder.climbing import Climbing
from bot.tickets.ladder.decide_ladder import asked_pings, climbed_events, escalated_words, paged, told_so_far
from bot.tickets.ladder.standing import asked_higher
from bot.tickets.outcome import MAIL, back_at, client_of, concluded, contact_texts, first_name, person_texts
from bot.tickets.texts import LANGUAGES, Texts, nearest_language
from bot.tickets.ticket import Status, Ticket, number
from sla.clock import State
from sla.duration import Instant
from sla.policy import Metric
from sla.promise import RESPONSES

#: `/start` is how Telegram opens a bot: it is greeted. With a token behind it, it never gets here.
NAMES: Final = ("status", "new", "help", "language", "escalate", "urgent", "call", "start")
#: Words behind these are a message.
TAKING_WORDS: Final = frozenset({"new", "urgent"})
LONGEST: Final = 40
SLACK: Final = "slack"


@dataclass(frozen=True, slots=True)
class Word:
    """A command a client wrote, and what stood after it."""

    name: str
    rest: str = ""


def word_from_text(text: str, *, channel: str) -> Word | None:
    """The command in a message; None for a message like any other, also for a slash that names none of ours."""
    line, _, below = text.strip().partition("\n")
    first, _, tail = line.strip().partition(" ")
    sign = "!" if channel == SLACK and first.startswith("!") else "/"
    name = first[:LONGEST].removeprefix(sign).partition("@")[0].casefold()
    rest = f"{tail}\n{below}".strip()
    if name not in NAMES or (name == "help" and rest):
        return None
    if first.startswith(sign):
        return Word(name, rest)
    # A mail that merely begins with such a word is a message: nothing anybody wrote may vanish behind a help text.
    is_plain_word = not rest or (name == "language" and " " not in rest) or (name in TAKING_WORDS and not tail)
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
        case "start":
            return _said(heard, _in_signs_of(facts, speak("greeting", desk=facts.revision.name)))
        case "language":
            return _language(facts, heard, word.rest, speak)
        case "urgent":
            return _urgent(facts, ticket, heard, word.rest, speak)
        case "escalate" if ticket is not None:
            return _escalates(facts, ticket, heard.at, speak, heard)
        case "escalate":
            return _said(heard, speak("status_none"))
        case _:
            return _said(heard, _in_signs_of(facts, speak("help")))


def client_presses(facts: Facts, action: str, *, at: Instant) -> tuple[Decision, str]:
    """The same by a button, `client.status`, `.urgent` or `.escalate`: what is done, and the answer to whoever pressed.

    Only they see it, so nothing of it stands in the transcript. A button outlives its ticket: then it says so.
    """
    ticket, speak = facts.ticket, contact_texts(facts)
    if ticket is None:
        return Decision(), speak("status_none")
    if not ticket.status.is_open:
        return Decision(), speak("status_closed", number=number(ticket.id), subject=ticket.subject)
    if action == "client.status":
        return Decision(), _status(facts, ticket, speak)
    if action == "client.urgent":
        return _is_urgent(facts, ticket, at, speak)
    decision = _escalates(facts, ticket, at, speak)
    known = decision.ticket.ladder if decision.ticket is not None else None
    return decision, escalated_words(facts, ticket, known or Climbing(), speak)


def may_press(facts: Facts, asker: Speaker | None, where: Conversation | None) -> bool:
    """Whether somebody may ask about a ticket of theirs by a button: its own contact may.

    Where the ticket was written, so may the client's other contacts, and everybody if the place is the client's own.
    """
    ticket = facts.ticket
    if ticket is None:
        return False
    if asker is not None and asker.contact == ticket.contact:
        return True
    client = client_of(facts.revision, ticket)
    if client is None or where is None or where.lane != facts.talk.conversation.lane:
        return False
    is_their_place = where.place in client.channels.get(where.channel, ())
    return is_their_place or (asker is not None and asker.is_verified and asker.client == client.id)


def _in_signs_of(facts: Facts, text: str) -> str:
    """Commands as they are written on the channel that somebody asks on."""
    if facts.talk.conversation.channel != SLACK:
        return text
    for name in (*NAMES, "link"):
        text = text.replace(f"/{name}", f"!{name}")
    return text


def _said(heard: Heard, text: str) -> Decision:
    """The question and its answer belong to the conversation alone."""
    return Decision(heard=heard, effects=(Say(text, MessageKind.AUTO),))


def _status(facts: Facts, ticket: Ticket | None, speak: Texts) -> str:
    if ticket is None:
        return speak("status_none")
    values = {"number": number(ticket.id), "subject": ticket.subject}
    if ticket.status is Status.WAITING_CLIENT:
        return speak("status_waiting", **values)
    running = [one for one in facts.clocks if one.state is State.RUNNING and one.due_at is not None]
    person, opening = ticket.assignee, None
    if is_vacant(facts, ticket):
        # Whoever has it is on leave, or nobody has it: who is there next, and when.
        back, opening = back_at(facts.revision, ticket, facts.now)
        person = back.id if back is not None else None
    if opening is not None and opening > facts.now and not any(opening <= (one.due_at or 0) for one in running):
        name, when = first_name(facts.revision, person, ""), speak.moment(opening, now=facts.now)
        return speak("status_back" if name else "status_back_team", **values, name=name, opening=when)
    values["name"] = first_name(facts.revision, person, speak("the_team"))
    for key, metrics in (("status_due", RESPONSES), ("status_eta", {Metric.ETA})):
        due_at = min((one.due_at for one in running if one.metric in metrics and one.due_at is not None), default=None)
        if due_at is not None:
            return speak(key, **values, due=speak.moment(due_at, now=facts.now))
    return speak("status", **values)


def _language(facts: Facts, heard: Heard, wanted: str, speak: Texts) -> Decision:
    language = nearest_language(wanted, "")
    if not language:
        return _said(heard, _in_signs_of(facts, speak("language_unknown", languages=", ".join(LANGUAGES))))
    speak = Texts(language, facts.speaker.zone, facts.revision.texts)
    return replace(_said(heard, speak("language_set")), language=language)


def _urgent(facts: Facts, ticket: Ticket | None, heard: Heard, words: str, speak: Texts) -> Decision:
    """They state how urgent it is: with words it is a message like any other, without any it is about their ticket."""
    if words:
        policy = contract_of(facts)[1] if ticket is None else facts.policy_of(ticket)
        return client_says(facts, replace(heard, text=Untrusted(words)), stated=urgent_level(facts.revision, policy))
    if ticket is None:
        return _said(heard, speak("status_none"))
    decision, told = _is_urgent(facts, ticket, heard.at, speak, heard)
    return decision if decision.ticket is not None else _said(heard, _in_signs_of(facts, told))


def _is_urgent(
    facts: Facts, ticket: Ticket, at: Instant, speak: Texts, heard: Heard | None = None
) -> tuple[Decision, str]:
    """Their ticket as urgent as they say, where the desk's rules and our people leave that open; and what they read."""
    level = urgent_level(facts.revision, facts.policy_of(ticket))
    raised = louder(facts, ticket, "", at=at, stated=level)
    if raised is None:
        return Decision(), speak("urgent_known", number=number(ticket.id))
    after_it, pages, people = paged(facts, raised.ticket)
    said = raised_words(facts, after_it, raised.clocks)
    after_it = replace(after_it, told_due_at=told_of(facts, raised.clocks))
    effects: tuple[Effect, ...] = (Say(said, MessageKind.AUTO),) if heard is not None else ()
    decision = concluded(
        facts,
        after_it,
        raised.clocks,
        heard=heard,
        events=(raised.event, *pages),
        effects=(*effects, *raised_ping(facts, after_it, f"urgent:{ticket.id}:{ticket.version}"), *people),
    )
    return decision, said


def _escalates(facts: Facts, ticket: Ticket, at: Instant, speak: Texts, heard: Heard | None = None) -> Decision:
    """The next step of the ladder hears of it, needing no breach; on its top, the same people once more."""
    before = ticket.ladder
    known, rung = asked_higher(facts, ticket)
    # Asked again at once nothing has changed, and what we say is true still: they were told.
    is_early = known == before
    people = behind(facts, rung.tell) if rung is not None else () if is_early else told_so_far(facts, known)
    pings = asked_pings(facts, ticket, people, f"asked:{ticket.id}:{ticket.version}", "ping_escalated")
    if rung is None:
        known = replace(known, people=tuple(dict.fromkeys((*known.people, *people))))
    event = Event("escalated", at, "contact", "the client asked for the team lead")
    after_it = replace(ticket, ladder=known)
    events = (event, *climbed_events(facts, after_it, before, known, rung, by="contact"))
    effects: tuple[Effect, ...] = (Say(escalated_words(facts, ticket, known, speak), MessageKind.AUTO),)
    if heard is None:
        effects = _noticed(facts, ticket)
    return concluded(facts, after_it, facts.clocks, heard=heard, events=events, effects=(*effects, *pings))


def _noticed(facts: Facts, ticket: Ticket) -> tuple[Effect, ...]:
    """Whoever has the ticket reads under their card that the button was pressed, as they would read the word."""
    person = facts.revision.person(ticket.assignee)
    if person is None:
        return ()
    label = person_texts(facts.revision, person.id)("button_client_escalate")
    return (Relay(person.id, facts.speaker.name, Untrusted(f"[{label}]")),)
