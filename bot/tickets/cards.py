"""Cards: one ticket as the person who must keep its promises sees it, drawn fresh each time it is shown."""

from collections.abc import Sequence

from adapters.card import Card, Promise, Tone
from adapters.message import Button, Topic, Untrusted
from bot.tickets.decide_client import EXCERPT_LENGTH, WAITING
from bot.tickets.facts import Facts, Ping
from bot.tickets.outcome import client_name, person_texts
from bot.tickets.revision import Revision
from bot.tickets.second_line import second_kind
from bot.tickets.texts import Texts
from bot.tickets.ticket import Ticket, number
from routing.people import PersonId
from sla.clock import Clock, State, left_ms, overdue_ms
from sla.duration import length, moment
from sla.promise import calendar_of

#: Below this share of the target a running promise is drawn as soon due.
SOON_SHARE = 0.5
BUTTONS = (
    "take",
    "reply",
    "eta",
    "clarify",
    "note",
    "handover",
    "second_line",
    "escalate",
    "urgency",
    "third_party",
    "noreply",
    "not_covered",
    "resolve",
)
#: What the key of a client's topic begins with.
CLIENTS_TOPIC = "client:"
#: Asked of whoever has the ticket, while nobody has said what the last reply was.
KINDS = ("kind_answer", "kind_clarify", "kind_eta")


def ticket_card(
    facts: Facts, ticket: Ticket, person: PersonId, excerpt: str, *, is_first: bool, thread: str = ""
) -> Card:
    """The card of `ticket` for one person, as things stand at `facts.now`; the first showing mentions them.

    `thread` names the text that says what becomes of words written under it; empty where nothing can be.
    """
    speak = person_texts(facts.revision, person)
    promises = tuple(drawn_promise(facts, clock, person) for clock in shown_clocks(facts.clocks))
    plan = facts.revision.plan(ticket.plan).name
    channel = speak(f"channel_{ticket.channel}")
    origin = speak("card_from", contact=facts.speaker.name, channel=channel, plan=plan, urgency=ticket.urgency)
    lines = [origin if ticket.is_verified else f"{origin} · {speak('card_unverified')}"]
    if assignee := facts.revision.person(ticket.assignee):
        lines.append(speak("card_with", name=assignee.name, rule=speak(f"rule_{ticket.rule}")))
    else:
        lines.append(speak("card_with_nobody"))
    if ticket.not_covered is not None:
        lines.append(speak("card_not_covered", clause=ticket.not_covered))
    if not ticket.status.is_open:
        lines.append(speak(f"status_word_{ticket.status}"))
    if thread:
        lines.append(where_words_go(facts, ticket, person, thread))
    if _is_asked(ticket, person):
        lines.append(speak("ping_kind_unset", number=number(ticket.id)))
    return Card(
        title=speak("card_title", number=number(ticket.id), client=client_name(facts), subject=ticket.subject),
        lines=tuple(lines),
        quote=Untrusted(excerpt[:EXCERPT_LENGTH]),
        promises=promises,
        buttons=tuple(
            Button(f"ticket.{name}", speak(f"button_{name}"), number(ticket.id))
            for name in _buttons(facts.revision, ticket, person)
        ),
        tone=promises[0].tone if promises else "plain",
        mention=is_first and ticket.assignee == person,
    )


def _buttons(revision: Revision, ticket: Ticket, person: PersonId) -> tuple[str, ...]:
    if not ticket.status.is_open:
        return ()
    kinds = KINDS if _is_asked(ticket, person) else ()
    left_out = {"second_line"} if second_kind(revision, ticket) is None else set()
    instead = {"not_covered": "covered"} if ticket.not_covered is not None else {}
    usual = (instead.get(name, name) for name in BUTTONS if name not in left_out)
    return (*kinds, *(("resume",) if ticket.status in WAITING else ()), *usual)


def _is_asked(ticket: Ticket, person: PersonId) -> bool:
    return ticket.unset_reply_at is not None and ticket.assignee == person and ticket.status.is_open


def ping_card(facts: Facts, ticket: Ticket, ping: Ping, *, thread: str = "") -> Card:
    """A message of its own about a ticket: short, mentioning, with the presses that fit it. `thread` as on a card."""
    speak = person_texts(facts.revision, ping.person)
    value = number(ticket.id)
    buttons = tuple(Button(action, speak(f"button_{action.partition('.')[2]}"), value) for action in ping.actions)
    tone: Tone = "late" if ping.is_alert else "soon"
    lines = (*ping.lines, where_words_go(facts, ticket, ping.person, thread)) if thread else ping.lines
    return Card(ping.title, lines, ping.quote, buttons=buttons, tone=tone, mention=True)


def addressee(facts: Facts, person: PersonId) -> str:
    """Who reads words to the client of a ticket, and where, as one of our people reads it."""
    speak = person_texts(facts.revision, person)
    channel = speak(f"channel_{facts.talk.conversation.channel}")
    return speak("form_to", contact=facts.speaker.name, client=client_name(facts), channel=channel)


def topic_of(facts: Facts, ticket: Ticket) -> Topic:
    """The topic of a ticket in a place that our people share: its client's, whoever of them wrote."""
    client = facts.revision.client(ticket.client)
    if client is not None:
        return Topic(f"{CLIENTS_TOPIC}{client.id}", client.name)
    speak = Texts(facts.revision.language, facts.revision.zone, facts.revision.texts)
    return Topic("others", speak("topic_others"))


def where_words_go(facts: Facts, ticket: Ticket, person: PersonId, key: str) -> str:
    """Said before anybody writes: who reads what is written under this, and on which channel."""
    speak = person_texts(facts.revision, person)
    channel = speak(f"channel_{facts.talk.conversation.channel}")
    values = {"contact": facts.speaker.name, "client": client_name(facts), "channel": channel}
    return speak(key, number=number(ticket.id), **values)


def shown_clocks(clocks: Sequence[Clock]) -> list[Clock]:
    """What still runs first, soonest due on top; then what was kept or broken, latest first."""
    owing = {State.RUNNING, State.PAUSED, State.BREACHED}
    return sorted(
        clocks, key=lambda one: (one.state not in owing, one.due_at is None, one.due_at or 0, -one.started_at)
    )


def drawn_promise(facts: Facts, clock: Clock, person: PersonId) -> Promise:
    """One promise in words, tone and the moment a live page counts down to."""
    speak = person_texts(facts.revision, person)
    calendar = calendar_of(clock, facts.calendars)
    label = speak(f"metric_{clock.metric}")
    due = speak.moment(clock.due_at, now=facts.now) if clock.due_at is not None else ""
    if clock.state is State.RUNNING:
        left = left_ms(clock, calendar, at=facts.now)
        tone: Tone = "ok" if left > SOON_SHARE * clock.target_ms else "soon"
        due_at = moment(clock.due_at) if clock.due_at is not None else None
        return Promise(label, speak("promise_left", left=speak.length(length(left)), due=due), tone, due_at)
    if clock.state is State.BREACHED:
        over = speak.length(length(overdue_ms(clock, calendar, at=facts.now)))
        return Promise(label, speak("promise_overdue", over=over, due=due), "late")
    if clock.state is State.PAUSED:
        left = left_ms(clock, calendar, at=facts.now)
        return Promise(label, speak("promise_paused", left=speak.length(length(left))), "paused")
    tones: dict[State, Tone] = {State.MET: "ok", State.MET_LATE: "late"}
    return Promise(label, speak(f"promise_{clock.state}"), tones.get(clock.state, "plain"))
