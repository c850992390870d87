"""Cards: one ticket as the person who must keep its promises sees it, drawn fresh each time it is shown."""

from collections.abc import Sequence

from adapters.card import Button, Card, Promise, Tone
from adapters.message import Untrusted
from bot.tickets.decide_client import EXCERPT_LENGTH, WAITING
from bot.tickets.facts import Facts, Ping
from bot.tickets.outcome import client_name, person_texts
from bot.tickets.ticket import Ticket, number
from routing.people import PersonId
from sla.clock import Clock, State, left_ms, overdue_ms
from sla.duration import length, moment
from sla.promise import calendar_of

#: Below this share of the target a running promise is drawn as soon due.
SOON_SHARE = 0.5
BUTTONS = ("take", "reply", "eta", "clarify", "note", "handover", "escalate", "urgency", "noreply", "resolve")
#: Asked of whoever has the ticket, while nobody has said what the last reply was.
KINDS = ("kind_answer", "kind_clarify", "kind_eta")


def ticket_card(facts: Facts, ticket: Ticket, person: PersonId, excerpt: str, *, is_first: bool) -> Card:
    """The card of `ticket` for one person, as things stand at `facts.now`; the first showing mentions them."""
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
    if not ticket.status.is_open:
        lines.append(speak(f"status_word_{ticket.status}"))
    elif ticket.assignee == person:
        values = {"contact": facts.speaker.name, "client": client_name(facts), "channel": channel}
        lines.append(speak("card_where_replies_go", **values))
    if _is_asked(ticket, person):
        lines.append(speak("ping_kind_unset", number=number(ticket.id)))
    return Card(
        title=speak("card_title", number=number(ticket.id), client=client_name(facts), subject=ticket.subject),
        lines=tuple(lines),
        quote=Untrusted(excerpt[:EXCERPT_LENGTH]),
        promises=promises,
        buttons=tuple(
            Button(f"ticket.{name}", speak(f"button_{name}"), number(ticket.id)) for name in _buttons(ticket, person)
        ),
        tone=promises[0].tone if promises else "plain",
        mention=is_first and ticket.assignee == person,
    )


def _buttons(ticket: Ticket, person: PersonId) -> tuple[str, ...]:
    if not ticket.status.is_open:
        return ()
    kinds = KINDS if _is_asked(ticket, person) else ()
    return (*kinds, *(("resume",) if ticket.status in WAITING else ()), *BUTTONS)


def _is_asked(ticket: Ticket, person: PersonId) -> bool:
    return ticket.unset_reply_at is not None and ticket.assignee == person and ticket.status.is_open


def ping_card(facts: Facts, ticket: Ticket, ping: Ping) -> Card:
    """A message of its own about a ticket: short, mentioning, with the presses that fit it."""
    speak = person_texts(facts.revision, ping.person)
    value = number(ticket.id)
    buttons = tuple(Button(action, speak(f"button_{action.partition('.')[2]}"), value) for action in ping.actions)
    tone: Tone = "late" if ping.is_alert else "soon"
    return Card(ping.title, ping.lines, ping.quote, buttons=buttons, tone=tone, mention=True)


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
