"""What our own people are told, as rows of the outbox: cards, pings, what is said under a card, their own pages.

Whoever shares a place is told there once, in one row; the others who are told by it have a row each that is sent
already, because what a person was told is read by their name, and so that each can be told alone if the place refuses.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from adapters.message import Button, Conversation, Invite, Standing, conversation_from_key
from bot.store.calls.invites import kept_invite
from bot.store.delivery.ways import Whereto, card_slot
from bot.tickets.facts import Ping, Relay, Say, ShowCard, TellCalendar, Written
from bot.tickets.ticket import Ticket
from routing.people import PersonId
from routing.piles import TOGETHER
from sla.duration import Instant, later

Row = dict[str, Any]

#: Alerts before words to clients, words before cards: a card is drawn when it is sent, so it loses nothing by waiting.
#: What is said under a card comes after the card. A card that stands already is drawn anew when nothing else waits:
#: what it says later is newer. Marks and pages come after that. Digests come last of all, because they sum up what the
#: rest shows (and `patience.py` says for how long).
PRIORITY: Final = {
    "alert": 0,
    "reply": 1,
    "auto": 1,
    "edit": 1,
    "keyboard": 1,
    "carried": 1,
    "copy": 1,
    "ping": 2,
    "word": 2,
    "link": 1,
    "invite": 2,
    "card": 3,
    "relay": 3,
    "redrawn": 4,
    "mark": 5,
    "home": 5,
    "digest": 6,
}

#: What is repeated under a card of an album waits so long for the rest of it.
GATHERED: Final = timedelta(seconds=2.5)
#: What stands in a card's row when even its first showing mentions nobody.
QUIET: Final = "quiet"
#: Replies that were not read where they were written, on their way to their reader's mail.
CARRIED: Final = "carried"
#: A copy of a reply that was not taken together with it, on its way to whoever else takes part.
COPY: Final = "copy"


def outbox_row(
    key: str,
    what: str,
    where: Conversation,
    ticket_id: int | None,
    person: str | None,
    at: Instant,
    *,
    priority: str = "",
    slot: str | None = None,
    payload: str = "",
) -> Row:
    """A row that waits to be sent; what is equally urgent leaves in the order of its rows."""
    return {
        "key": key,
        "channel": str(where.channel),
        "lane": where.key,
        "what": what,
        "ticket_id": ticket_id,
        "message_id": None,
        "person": person,
        "slot": slot,
        "payload": payload,
        "guard": "",
        "priority": PRIORITY[priority or what],
        "state": "pending",
        "not_before": at,
        "created_at": at,
        "error": "",
    }


def aside(row: Row) -> Row:
    """A row that waits for no message to the same place, and that none waits for."""
    return {**row, "lane": f"{row['lane']}#{row['what']}"}


def where_aside(lane: str, what: str) -> Conversation:
    """Undo `aside`."""
    return conversation_from_key(lane.removesuffix(f"#{what}"))


def ping_rows(pings: Sequence[Ping], whereto: Whereto, ticket_id: int | None, at: Instant) -> list[Row]:
    """Messages to our people; their keys make them go out once. Who shares a place is called there together."""
    rows: list[Row] = []
    told: dict[tuple[str, str], list[Ping]] = {}
    for ping in pings:
        own, place = whereto(ping.person), whereto.alert(ping.person)
        if ping.is_quiet and place == own:
            continue
        if ping.is_shared and place != own:
            told.setdefault((place.key, _subject(ping)), []).append(ping)
        else:
            rows.append(_ping_row(ping, own, ticket_id, at))
    for (_, subject), together in told.items():
        first = together[0]
        row = _ping_row(first, whereto.alert(first.person), ticket_id, at)
        row["key"], row["payload"] = subject, ping_to_json(first, [one.person for one in together if not one.is_quiet])
        rows.append(row)
        others = [_ping_row(other, whereto(other.person), ticket_id, at) for other in together[1:]]
        rows += [{**other, "state": "sent"} for other in others]
    return rows


def urgency_of(ping: Ping) -> str:
    """Its name among the priorities. A digest of alerts is an alert: whoever it calls has heard of none of them yet."""
    if ping.is_alert:
        return "alert"
    return "digest" if ping.is_digest else "ping"


def calendar_rows(
    told: Iterable[Ping | TellCalendar], whereto: Whereto, ticket_id: int | None, at: Instant
) -> list[Row]:
    """What calendars of ours are told of calls by mail, once for each change; a ping that is a mail tells it itself."""
    rows: list[Row] = []
    for one in told:
        where, text = whereto.mail(one.person), one.title if isinstance(one, Ping) else one.text
        if one.invite is None or where is None or (isinstance(one, Ping) and whereto(one.person) == where):
            continue
        rows.append(invite_row(one.invite, text, where, ticket_id, one.person, at))
    return rows


def invite_row(
    invite: Invite, text: str, where: Conversation, ticket_id: int | None, person: PersonId, at: Instant
) -> Row:
    """A change of a call for somebody's calendar, which is told each once."""
    key = f"invite:{invite.uid}:{invite.sequence}:{person}"
    payload = _json({"text": text, **kept_invite(invite)})
    return aside(outbox_row(key, "invite", where, ticket_id, person, at, payload=payload))


def alone(key: str, person: PersonId) -> str:
    """The key of the row that a person has who is told together with others, by the key of that."""
    return f"{key}:{person}"


def card_row(card: ShowCard, ticket: Ticket, whereto: Whereto, at: Instant) -> Row:
    """A card as it stands after a change of its ticket."""
    where = whereto.card(card.person)
    slot = card_slot(ticket.id, card.person, is_shared=where != whereto(card.person))
    key, payload = f"{slot}:{ticket.version}", QUIET if card.is_quiet else ""
    return outbox_row(key, "card", where, ticket.id, card.person, at, slot=slot, payload=payload)


def relay_row(relay: Relay, ticket: Ticket, place: int, whereto: Whereto, at: Instant) -> Row | None:
    """Words under a card. None where nothing goes under cards, or where they were written under this very card."""
    where = whereto.thread(relay.person)
    if where is None or (relay.written is not None and relay.written.lane.partition("#")[0] == where.key):
        return None
    slot = card_slot(ticket.id, relay.person, is_shared=where != whereto(relay.person))
    payload: Row = {"title": relay.title, "words": relay.words, "under": slot}
    if relay.attachments:
        payload["files"] = [asdict(one) for one in relay.attachments]
    if relay.is_ours:
        payload["is_ours"] = True
    key = f"relay:{ticket.id}:{ticket.version}:{place}"
    row = outbox_row(key, "relay", where, ticket.id, relay.person, at, payload=_json(payload))
    if not relay.album:
        return row
    return {**row, "slot": f"album:{relay.person}:{relay.album}", "not_before": later(at, GATHERED)}


def gathered(waiting: str, more: str) -> str:
    """The payload of a relay that waits, with what another one of its album adds."""
    kept, new = json.loads(waiting), json.loads(more)
    words = "\n".join(part for part in (kept["words"], new["words"]) if part)
    return _json({**kept, "words": words, "files": [*kept.get("files", ()), *new.get("files", ())]})


def home_row(person: PersonId, key: str, whereto: Whereto, at: Instant) -> Row | None:
    """A person's own page, which shows their tickets; None where they have none."""
    where = whereto.home(person)
    if where is None:
        return None
    slot = f"home:{person}"
    return aside(outbox_row(f"{slot}:{key}", "home", where, None, person, at, slot=slot))


def edit_row(line: int, version: int, where: Conversation, ticket_id: int, author: PersonId, at: Instant) -> Row:
    """New words for a line that the client has been sent already, by the ticket's version that has them."""
    return outbox_row(f"edit:{line}:{version}", "edit", where, ticket_id, author, at, payload=_json({"line": line}))


def keyboard_row(key: str, shown: str, text: str, buttons: Sequence[Button], where: Conversation, at: Instant) -> Row:
    """Another text and other buttons for a message that the client pressed under; `shown` is its name there."""
    payload = _json({"text": text, "buttons": [asdict(one) for one in buttons], "replaces": shown})
    slot = f"keyboard:{where.key}:{shown}"
    return outbox_row(f"keyboard:{key}", "keyboard", where, None, None, at, slot=slot, payload=payload)


def word_row(key: str, text: str, where: Conversation, person: PersonId, at: Instant, **more: object) -> Row:
    """A plain word to one of our people about what they just wrote: `reply_to` that, `only_to` them.

    A question names its `form` and the `position` in it, and may have `buttons`.
    """
    payload = {"text": text, **{name: value for name, value in more.items() if value not in (None, "", ())}}
    return outbox_row(f"word:{key}", "word", where, None, person, at, payload=_json(payload))


def refusal_row(answered: str, text: str, where: Conversation, at: Instant) -> Row:
    """Fixed words to whoever answered what one of our people was sent and is not that person; once for each mail."""
    payload = _json({"text": text, "is_outward": True})
    return outbox_row(f"refused:{where.channel}:{answered}", "word", where, None, None, at, payload=payload)


def nameless_row(key: str, text: str, where: Conversation, at: Instant, reply_to: str) -> Row:
    """Fixed words below a message of nobody knows whom in a place of our people; once for each."""
    payload = _json({"text": text, "reply_to": reply_to})
    return outbox_row(f"nameless:{key}", "word", where, None, None, at, payload=payload)


def carried_row(
    lines: Sequence[int], talk: int, where: Conversation, ticket_id: int, author: str | None, at: Instant
) -> Row:
    """Lines of a conversation that follow to another one; the last of them names the row, so it goes once."""
    payload = _json({"lines": list(lines), "talk": talk})
    return outbox_row(f"{CARRIED}:{lines[-1]}", CARRIED, where, ticket_id, author, at, payload=payload)


def mark_row(written: Written, standing: Standing, ticket_id: int | None, author: PersonId | None, at: Instant) -> Row:
    """A sign under what one of our people wrote in a thread of ours."""
    slot = f"mark:{written.lane}:{written.external_id}"
    payload = _json({"external_id": written.external_id, "standing": standing})
    where = conversation_from_key(written.lane)
    row = outbox_row(f"{slot}:{standing}", "mark", where, ticket_id, author, at, slot=slot, payload=payload)
    return aside(row)


def written_from_json(payload: str) -> Written | None:
    """Undo `say_to_json`; None for a line that nobody wrote in a thread."""
    kept = json.loads(payload) if payload else {}
    return Written(kept["lane"], kept["external_id"]) if "lane" in kept else None


def ping_to_json(ping: Ping, among: Iterable[PersonId] = ()) -> str:
    """What of a ping is kept in its row; `sending.ping_from_row` reads it back. `among`: all whom it calls."""
    kept: Mapping[str, Any] = {"title": ping.title, "lines": ping.lines, "quote": ping.quote, "actions": ping.actions}
    people = list(among)
    kept = {**kept, "is_alert": ping.is_alert, **({"weight": ping.weight} if ping.weight else {})}
    return _json({**kept, **({"among": people} if people else {}), **kept_invite(ping.invite)})


def say_to_json(say: Say, language: str) -> str:
    """What of a client's line is kept in its row: where it was written, who alone sees it, what may be pressed below.

    Empty for most; `language` is its reader's.
    """
    kept: Row = {"only_to": say.only_to} if say.only_to else {}
    if say.written is not None and say.written.is_marked:
        kept |= {"lane": say.written.lane, "external_id": say.written.external_id}
    if say.offers:
        kept |= {"offers": say.offers, "language": language}
    if say.buttons:
        kept |= {"buttons": [asdict(one) for one in say.buttons]}
    kept |= kept_invite(say.invite)
    return _json(kept) if kept else ""


def _ping_row(ping: Ping, where: Conversation, ticket_id: int | None, at: Instant) -> Row:
    payload, urgency = ping_to_json(ping), urgency_of(ping)
    row = outbox_row(ping.key, "ping", where, ticket_id, ping.person, at, priority=urgency, payload=payload)
    guard = {name: value for name, value in asdict(ping.guard).items() if value is not None}
    row["guard"] = json.dumps(guard) if guard else ""
    if ping.is_held:
        row["not_before"] = later(at, TOGETHER)
    return row


def _subject(ping: Ping) -> str:
    """What a ping is about, whoever is told of it."""
    return ping.key.removesuffix(f":{ping.person}")


def _json(kept: Mapping[str, Any]) -> str:
    return json.dumps(kept, ensure_ascii=False)
