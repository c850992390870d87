"""From an outbox row to what a channel is given at the moment it leaves, and whether it may still leave (invariant I7).

A card is drawn here, so it is never older than its sending. A ping about something that is no longer so is dropped with
the reason, and recorded, not sent.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from adapters.card import Card, Outbound, OutboundCard, OutboundHome
from adapters.message import (
    Button,
    Channel,
    Conversation,
    OutboundMark,
    OutboundMessage,
    Untrusted,
    conversation_from_key,
)
from adapters.port import Limits
from bot.desk.calls.staff_words import card_call
from bot.desk.calls.words import call_line
from bot.desk.directory import DESK_ACCOUNT, shared_places
from bot.desk.people.inviting import invited
from bot.desk.sending.carrying import carried_message
from bot.desk.sending.copies import copied_message
from bot.desk.sending.dropped import Dropped
from bot.store.calls.invites import invite_of
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.sending import Background, Page, ping_from_row, relayed, revised_line, told_together
from bot.store.delivery.told import CARRIED, COPY, QUIET, where_aside
from bot.store.people.invitations import invitation_from_row
from bot.store.reading.references import goes_out
from bot.tickets.calling_back import is_phone
from bot.tickets.cards import ping_card, ticket_card, topic_of, where_words_go
from bot.tickets.decide_client import EXCERPT_LENGTH
from bot.tickets.facts import Facts, Guard
from bot.tickets.outcome import contact_texts
from bot.tickets.people.home import home_page
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import MessageId, TicketId, number
from routing.people import PersonId
from sla.clock import BREACH, Clock, Mark, State, is_owing
from sla.duration import Instant, moment

#: What a channel can do that is not up, or not there: nothing that a drawing depends on.
PLAIN: Final = Limits()
#: As many calls as a person's own page shows.
CALLS_SHOWN: Final = 5


def outbound_from_row(
    row: Outgoing, known: Background, *, now: Instant, limits: Limits = PLAIN, is_repeat: bool = False
) -> Outbound | Dropped:
    """What to send for a row. `is_repeat` marks words that may have arrived before as such."""
    if row.message_id is not None or row.what == "edit":
        return _line(row, known, limits, is_repeat=is_repeat)
    if row.what in _PLAINLY:
        return _PLAINLY[row.what](row, known, now)
    if row.what == "relay":
        return _relay(row, known, now, limits)
    facts = known.facts.get(TicketId(row.ticket_id)) if row.ticket_id is not None else None
    if row.what == "card":
        return _card(row, known, facts, now, limits)
    return _ping(row, known, facts, now, limits)


def _line(row: Outgoing, known: Background, limits: Limits, *, is_repeat: bool) -> OutboundMessage | Dropped:
    line = known.lines.get(revised_line(row) if row.message_id is None else MessageId(row.message_id))
    if line is None or line.is_deleted:
        return Dropped("the line is gone")
    if is_phone(conversation_from_key(row.lane)):
        return Dropped("who called is called back, and not written to")
    if row.ticket_id in known.given_away:
        return Dropped("the place is another client's now", is_told=row.what in {"reply", "edit"})
    text = line.text
    facts = known.facts.get(TicketId(row.ticket_id or 0))
    if is_repeat and row.what == "reply" and facts is not None:
        text = f"{text}\n{contact_texts(facts)('sent_again')}"
    kept = json.loads(row.payload) if row.payload else {}
    return OutboundMessage(
        key=row.key,
        conversation=conversation_from_key(row.lane),
        text=text,
        at=moment(line.at),
        author=line.author,
        automatic=line.kind == "auto",
        position=line.id,
        attachments=line.attachments,
        only_to=kept.get("only_to") if limits.has_threads else None,
        replaces=line.external_id if row.what == "edit" else None,
        buttons=_offered(row, kept, known) if limits.has_buttons else (),
        invite=invite_of(kept),
        copies=known.copies.get(row.lane, ()) if row.what == "reply" else (),
    )


def _offered(row: Outgoing, kept: Mapping[str, Any], known: Background) -> tuple[Button, ...]:
    """What the client may press below a line: what was decided with it, and questions about its ticket."""
    own = tuple(Button(**one) for one in kept.get("buttons", ()))
    if row.ticket_id is None or "offers" not in kept:
        return own
    speak = Texts(kept["language"], overrides=known.revision.texts if known.revision is not None else {})
    value = number(TicketId(row.ticket_id))
    return (*own, *(Button(one, speak(f"button_{one.replace('.', '_')}"), value) for one in kept["offers"]))


def _card(
    row: Outgoing, known: Background, facts: Facts | None, now: Instant, limits: Limits
) -> OutboundCard | Dropped:
    if facts is None or facts.ticket is None or row.person not in facts.revision.people:
        return Dropped("nobody looks at this card any more")
    shown = known.shown.get((row.slot or "", row.lane))
    # Until a card stands, the words that go under it need the first of them, not the last.
    if shown is not None and row.slot and known.newer.get(row.slot, row.id) > row.id:
        return Dropped("a newer drawing of the card is on its way")
    where = conversation_from_key(row.lane)
    is_shared = where.address in shared_places(facts.revision, where.channel)
    person = PersonId(row.person or "")
    if is_shared and facts.revision.person(facts.ticket.assignee) is not None:
        person = facts.ticket.assignee or person
    excerpt = known.excerpts.get(facts.ticket.id, "")
    is_first = shown is None and row.payload != QUIET
    words = _hint(limits, goes_out=not is_shared)
    margin = known.margins.get(facts.ticket.id)
    call = card_call(facts, known.upcoming.get(facts.ticket.id), person)
    card = ticket_card(facts, facts.ticket, person, excerpt, is_first=is_first, thread=words, margin=margin, call=call)
    if is_shared:
        card = _calling(card, facts.revision, [person] if card.mention else [], where.channel)
    topic = topic_of(facts, facts.ticket) if is_shared else None
    return OutboundCard(row.key, where, card, moment(now), replaces=shown, topic=topic)


def _ping(
    row: Outgoing, known: Background, facts: Facts | None, now: Instant, limits: Limits
) -> OutboundCard | Dropped:
    where, ping, together = conversation_from_key(row.lane), ping_from_row(row), told_together(row)
    is_shared = known.revision is not None and where.address in shared_places(known.revision, where.channel)
    if known.revision is not None:
        # Whoever it was decided for may be gone by now; in a place that several share the others are still called.
        here = [one for one in (ping.person, *(together if is_shared else ())) if one in known.revision.people]
        if not here:
            return Dropped("nobody it is for is on the desk any more")
        ping = replace(ping, person=here[0])
    if facts is None or facts.ticket is None:
        card = Card(ping.title, ping.lines, ping.quote, mention=True)
    elif stale := _is_stale(ping.guard, facts):
        return Dropped(stale)
    else:
        words = _hint(limits, goes_out=goes_out(row.payload) and not is_shared)
        if limits.has_letters and not ping.quote:
            ping = replace(ping, quote=Untrusted(known.excerpts.get(facts.ticket.id, "")[:EXCERPT_LENGTH]))
        card = ping_card(facts, facts.ticket, ping, thread=words, is_whole=limits.has_letters)
    if is_shared and known.revision is not None:
        card = _calling(card, known.revision, together, where.channel)
    topic = topic_of(facts, facts.ticket) if is_shared and facts is not None and facts.ticket is not None else None
    return OutboundCard(row.key, where, card, moment(now), topic=topic, invite=None if is_shared else ping.invite)


def _hint(limits: Limits, *, goes_out: bool) -> str:
    """The text that says what becomes of words written under something there; empty where nobody can write any."""
    if limits.has_letters:
        return "mail_goes_out" if goes_out else "mail_is_note"
    if limits.has_replies:
        return "reply_goes_out" if goes_out else "reply_is_note"
    if limits.has_threads:
        return "card_where_replies_go" if goes_out else "card_notes_here"
    return ""


def _calling(card: Card, revision: Revision, people: Sequence[PersonId], channel: Channel) -> Card:
    """The card as a shared place shows it: it calls people by their addresses there."""
    found = (revision.person(one) for one in people)
    mentions = tuple(one.addresses[channel] for one in found if one is not None and channel in one.addresses)
    return replace(card, mention=False, mentions=mentions)


def _relay(row: Outgoing, known: Background, now: Instant, limits: Limits) -> OutboundCard | Dropped:
    said = relayed(row)
    # Where a shared place has refused the card, it stands with the person, and so do the words under it.
    places = [row.lane, *_own_places(row, known)]
    cards = [(place, known.shown[said.under, place]) for place in places if (said.under, place) in known.shown]
    if not cards:
        return Dropped("no card of the ticket stands here")
    place, card = cards[0]
    where = conversation_from_key(place)
    facts, drawn, topic = known.facts.get(TicketId(row.ticket_id or 0)), Card(said.title, quote=said.words), None
    if facts is not None and facts.ticket is not None:
        is_shared = where.address in shared_places(facts.revision, where.channel)
        topic = topic_of(facts, facts.ticket) if is_shared else None
        # Where a reply may stand under these very words, they say where it goes.
        if limits.has_replies and not (is_shared and said.is_ours) and row.person in facts.revision.people:
            line = where_words_go(facts, facts.ticket, PersonId(row.person or ""), _hint(limits, goes_out=True))
            drawn = replace(drawn, lines=(line,))
    return OutboundCard(row.key, where, drawn, moment(now), reply_to=card, attachments=said.attachments, topic=topic)


def _own_places(row: Outgoing, known: Background) -> list[str]:
    """Where a row's person is written to alone on its channel, if they are."""
    person = known.revision.person(PersonId(row.person or "")) if known.revision is not None else None
    channel = Channel(row.channel)
    if person is None or channel not in person.addresses:
        return []
    return [Conversation(channel, DESK_ACCOUNT, person.addresses[channel]).key]


def _word(row: Outgoing, _: Background, now: Instant) -> OutboundMessage:
    kept = json.loads(row.payload)
    return OutboundMessage(
        key=row.key,
        conversation=conversation_from_key(row.lane),
        text=kept["text"],
        at=moment(now),
        automatic=True,
        reply_to=kept.get("reply_to"),
        only_to=kept.get("only_to"),
        buttons=tuple(Button(**one) for one in kept.get("buttons", ())),
        asks="form" in kept,
        is_inward=not kept.get("is_outward", False),
    )


def _keyboard(row: Outgoing, known: Background, now: Instant) -> OutboundMessage | Dropped:
    if row.slot and known.newer.get(row.slot, row.id) > row.id:
        return Dropped("it was pressed again meanwhile, and shows something newer")
    kept = json.loads(row.payload)
    where, buttons = conversation_from_key(row.lane), tuple(Button(**one) for one in kept["buttons"])
    shown = kept["replaces"]
    return OutboundMessage(row.key, where, kept["text"], moment(now), automatic=True, replaces=shown, buttons=buttons)


def _invite(row: Outgoing, _: Background, now: Instant) -> OutboundMessage:
    kept = json.loads(row.payload)
    where, invite = where_aside(row.lane, row.what), invite_of(kept)
    return OutboundMessage(row.key, where, kept["text"], moment(now), automatic=True, is_inward=True, invite=invite)


def _mark(row: Outgoing, _: Background, now: Instant) -> OutboundMark:
    kept = json.loads(row.payload)
    return OutboundMark(row.key, where_aside(row.lane, row.what), kept["external_id"], kept["standing"], moment(now))


def _home(row: Outgoing, known: Background, now: Instant) -> OutboundHome | Dropped:
    person = PersonId(row.person or "")
    if known.revision is None or person not in known.revision.people:
        return Dropped("nobody looks at this page any more")
    if row.slot and known.newer.get(row.slot, row.id) > row.id:
        return Dropped("a newer drawing of the page is on its way")
    calls = [call_line(one, person, known.revision, now=now) for one in known.calls.get(person, ())[:CALLS_SHOWN]]
    page = known.pages.get(person, Page())
    home = home_page(known.revision, person, page.tickets, now=now, count=page.count, calls=calls)
    return OutboundHome(row.key, where_aside(row.lane, row.what), home, moment(now))


def _link(row: Outgoing, known: Background, now: Instant) -> OutboundMessage:
    text = invited(invitation_from_row(row), known.codes[row.id], known.revision)
    return OutboundMessage(row.key, conversation_from_key(row.lane), text, moment(now), automatic=True)


#: What needs no ticket to be drawn.
_PLAINLY: Final[Mapping[str, Callable[[Outgoing, Background, Instant], Outbound | Dropped]]] = {
    "word": _word,
    "keyboard": _keyboard,
    "invite": _invite,
    "mark": _mark,
    "home": _home,
    "link": _link,
    CARRIED: carried_message,
    COPY: copied_message,
}


def _is_stale(guard: Guard, facts: Facts) -> str:
    """Why a ping is no longer true; empty while it is."""
    ticket = facts.ticket
    if ticket is None:
        return ""
    if guard.assignee is not None and ticket.assignee != guard.assignee:
        return "somebody else has the ticket now"
    if guard.is_open and not ticket.status.is_open:
        return "the ticket is no longer open"
    if guard.metric is None:
        return ""
    if not ticket.status.is_open:
        return "the ticket is no longer open"
    # One that began earlier since, by words that came late, is the same promise.
    since = guard.started_at or 0
    owing = (one for one in facts.clocks if one.metric == guard.metric and is_owing(one) and one.started_at <= since)
    clock = next(owing, None)
    if clock is None:
        return "the client has been answered"
    return _overtaken(guard.mark, clock) if guard.mark is not None else ""


def _overtaken(mark: Mark, clock: Clock) -> str:
    """Why this mark of a clock that still owes something is not worth telling; empty while it is."""
    if clock.state is State.PAUSED:
        return "the clock stands still"
    if (mark == BREACH) is not (clock.state is State.BREACHED):
        return "the promise is not broken" if mark == BREACH else "the promise is broken by now"
    # Marks are told mildest first, so whatever was told later is the more urgent.
    return "a more urgent reminder has come since" if mark in clock.fired[:-1] else ""
