"""Cards: one ticket as the person who must keep its promises sees it, drawn fresh each time it is shown."""

from collections.abc import Sequence
from datetime import timedelta

from adapters.card import Card, Promise, Tone
from adapters.message import Button, Topic
from bot.tickets.calling_back import call_back_line, is_phone
from bot.tickets.care.judging import why_urgent
from bot.tickets.care.snoozing import snoozed_line
from bot.tickets.decide_client import EXCERPT_LENGTH, WAITING
from bot.tickets.facts import Facts, Ping
from bot.tickets.margin import Margin, margin_lines, with_quoted
from bot.tickets.outcome import client_name, person_texts
from bot.tickets.pairs.following import same_button, same_line
from bot.tickets.people.second_line import second_kind
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import Status, Ticket, number
from routing.people import PersonId
from sla.clock import Clock, State, left_ms, overdue_ms
from sla.duration import length, moment
from sla.policy import Metric
from sla.promise import calendar_of

#: Below this share of the target a running promise is drawn as soon due.
SOON_SHARE = 0.5
MINUTE = timedelta(minutes=1)
BUTTONS = (
    "take",
    "reply",
    "eta",
    "clarify",
    "note",
    "call",
    "handover",
    "second_line",
    "escalate",
    "urgency",
    "third_party",
    "noreply",
    "not_covered",
    "snooze",
    "spam",
    "resolve",
)
#: What the key of a client's topic begins with.
CLIENTS_TOPIC = "client:"
#: Asked of whoever has the ticket, while nobody has said what the last reply was.
KINDS = ("kind_answer", "kind_clarify", "kind_eta")


def ticket_card(
    facts: Facts,
    ticket: Ticket,
    person: PersonId,
    excerpt: str,
    *,
    is_first: bool,
    thread: str = "",
    is_whole: bool = False,
    margin: Margin | None = None,
    call: str = "",
) -> Card:
    """The card of `ticket` for one person, as things stand at `facts.now`; the first showing mentions them.

    `thread` names the text that says what becomes of words written under it; empty where nothing can be.
    `is_whole`: all of it is wanted, also where somebody put the ticket out of the way. `margin` is that of the excerpt,
    `call` the line of the next call about it.
    """
    speak = person_texts(facts.revision, person)
    snoozed = snoozed_line(ticket, speak, now=facts.now)
    if snoozed and not is_whole:
        return _folded(facts, ticket, speak, snoozed)
    promises = tuple(drawn_promise(facts, clock, person) for clock in shown_clocks(facts.clocks))
    lines = [*([snoozed] if snoozed else []), _origin(facts, ticket, speak)]
    lines += margin_lines(margin, speak)
    lines += filter(None, (failing_line(facts, speak),))
    lines += _in_whose_hands(facts.revision, ticket, speak)
    if why := why_urgent(facts.revision, ticket, speak):
        lines.append(speak("card_judged", urgency=ticket.urgency, why=why))
    if ticket.is_ahead:
        lines.append(speak("card_ahead", plan=facts.revision.plan(ticket.plan).name))
    lines += (*call_back_line(ticket, speak), *same_line(ticket, speak), *filter(None, (call,)))
    if ticket.not_covered is not None:
        lines.append(speak("card_not_covered", clause=ticket.not_covered))
    if not ticket.status.is_open:
        lines.append(speak(f"status_word_{ticket.status}"))
    if thread and not is_phone(facts.talk.conversation) and not facts.is_given_away:
        lines.append(where_words_go(facts, ticket, person, thread))
    if _is_asked(ticket, person):
        lines.append(speak("ping_kind_unset", number=number(ticket.id)))
    return Card(
        title=speak("card_title", number=number(ticket.id), client=client_name(facts), subject=ticket.subject),
        lines=tuple(lines),
        quote=with_quoted(margin.quoted if margin is not None else "", excerpt[:EXCERPT_LENGTH]),
        promises=promises,
        buttons=tuple(
            Button(f"ticket.{name}", speak(f"button_{name}"), number(ticket.id))
            for name in _buttons(facts.revision, ticket, person)
        )
        + same_button(ticket, speak),
        tone=promises[0].tone if promises else "plain",
        mention=is_first and ticket.assignee == person,
    )


def _folded(facts: Facts, ticket: Ticket, speak: Texts, snoozed: str) -> Card:
    """A card that is out of the way: which ticket, until when, and how to have it back."""
    title = speak("card_title", number=number(ticket.id), client=client_name(facts), subject=ticket.subject)
    back = Button("ticket.unsnooze", speak("button_unsnooze"), number(ticket.id))
    return Card(title, (snoozed,), buttons=(back,))


def _in_whose_hands(revision: Revision, ticket: Ticket, speak: Texts) -> list[str]:
    """Who has it and why, and who had it before and did not pick it up."""
    assignee = revision.person(ticket.assignee)
    lines = [speak("card_with_nobody")]
    if assignee is not None:
        lines = [speak("card_with", name=assignee.name, rule=speak(f"rule_{ticket.rule}"))]
    if ticket.passed_over:
        lines.append(speak("card_passed_over", names=names_of(revision, ticket.passed_over)))
    return lines


def names_of(revision: Revision, people: Sequence[PersonId]) -> str:
    """Who they are, for a sentence; who is with us no more keeps their key."""
    return ", ".join(revision.people[one].name if one in revision.people else one for one in people)


def _buttons(revision: Revision, ticket: Ticket, person: PersonId) -> tuple[str, ...]:
    if ticket.merged_into is not None:
        return ("unmerge",)
    if ticket.status is Status.SPAM:
        return ("not_spam",)
    if not ticket.status.is_open:
        return ()
    kinds = KINDS if _is_asked(ticket, person) else ()
    left_out = {"second_line"} if second_kind(revision, ticket) is None else set()
    if not (revision.calls.is_offered and ticket.is_verified):
        left_out = {*left_out, "call"}
    instead = {"not_covered": "covered"} if ticket.not_covered is not None else {}
    usual = (instead.get(name, name) for name in BUTTONS if name not in left_out)
    return (*kinds, *(("resume",) if ticket.status in WAITING else ()), *usual)


def _is_asked(ticket: Ticket, person: PersonId) -> bool:
    return ticket.unset_reply_at is not None and ticket.assignee == person and ticket.status.is_open


def _origin(facts: Facts, ticket: Ticket, speak: Texts) -> str:
    """Who brought it, how, and what they are owed."""
    plan, channel = facts.revision.plan(ticket.plan).name, speak(f"channel_{ticket.channel}")
    origin = speak("card_from", contact=facts.speaker.name, channel=channel, plan=plan, urgency=ticket.urgency)
    return origin if ticket.is_verified else f"{origin} · {speak('card_unverified')}"


def ping_card(facts: Facts, ticket: Ticket, ping: Ping, *, thread: str = "", is_whole: bool = False) -> Card:
    """A message of its own about a ticket: short, mentioning, with the presses that fit it. `thread` as on a card.

    `is_whole`: no card that changes stands beside it, so it says who it is about and how the promises stand.
    """
    speak = person_texts(facts.revision, ping.person)
    value = number(ticket.id)
    buttons = tuple(Button(action, speak(f"button_{action.partition('.')[2]}"), value) for action in ping.actions)
    tone: Tone = "late" if ping.is_alert else "soon"
    about = (_origin(facts, ticket, speak),) if is_whole else ()
    where = (where_words_go(facts, ticket, ping.person, thread),) if thread and not facts.is_given_away else ()
    promises = tuple(drawn_promise(facts, one, ping.person) for one in shown_clocks(facts.clocks)) if is_whole else ()
    lines = (*ping.lines, *about, *where)
    return Card(ping.title, lines, ping.quote, promises, buttons=buttons, tone=tone, mention=True)


def addressee(facts: Facts, person: PersonId) -> str:
    """Who reads words to the client of a ticket, and where, as one of our people reads it."""
    speak = person_texts(facts.revision, person)
    channel = speak(f"channel_{facts.talk.conversation.channel}")
    to = speak("form_to", contact=facts.speaker.name, client=client_name(facts), channel=channel)
    return "\n".join(filter(None, (to, failing_line(facts, speak))))


def failing_line(facts: Facts, speak: Texts) -> str:
    """A warning for whoever is about to write where nothing arrives, or where others read; empty where all is well."""
    if facts.is_given_away:
        return speak(
            "card_given_away", client=client_name(facts), channel=speak(f"channel_{facts.talk.conversation.channel}")
        )
    return speak("card_failing", address=facts.talk.conversation.place, reason=facts.failing) if facts.failing else ""


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
    """What still runs first, soonest due on top; then what was kept or broken, latest first.

    Who has picked a ticket up is in its history: here it stands while it is waited for.
    """
    owing = {State.RUNNING, State.PAUSED, State.BREACHED}
    shown = (one for one in clocks if one.metric is not Metric.PICK_UP or one.state in owing)
    return sorted(shown, key=lambda one: (one.state not in owing, one.due_at is None, one.due_at or 0, -one.started_at))


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
        over = length(overdue_ms(clock, calendar, at=facts.now))
        if over < MINUTE:
            return Promise(label, speak("promise_just_overdue", due=due), "late")
        return Promise(label, speak("promise_overdue", over=speak.length(over), due=due), "late")
    if clock.state is State.PAUSED:
        left = left_ms(clock, calendar, at=facts.now)
        return Promise(label, speak("promise_paused", left=speak.length(length(left))), "paused")
    tones: dict[State, Tone] = {State.MET: "ok", State.MET_LATE: "late"}
    return Promise(label, speak(f"promise_{clock.state}"), tones.get(clock.state, "plain"))
