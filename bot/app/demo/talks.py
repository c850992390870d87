"""What stands in a conversation of the demo: lines and cards, what is under them, and what can be pressed there.

A client's words are those of the database, which outlive the channels in memory; buttons, cards and what was said to
one person alone are the channel's own. Whoever works for us writes nowhere but here, so their words are kept by `Said`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from adapters.card import Card, OutboundCard
from adapters.fake import FakeChannel
from adapters.fake_screen import Shown, buttons_of, reply_to
from adapters.message import Attachment, Button, Channel, OutboundMessage, Standing
from bot.app.demo.seats import Seat
from bot.store.driver.connection import Connection
from bot.store.reading.places import threads_in
from bot.store.reading.reads import heads, lines_of_conversation
from bot.tickets.facts import Line
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from routing.people import PersonId
from sla.duration import Instant, instant

ARRIVED: Final = frozenset({"received", "sent", "delivered", "seen"})
PREVIEW: Final = 80


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that stands there. `under` is what an answer to it names; empty where none can be given.

    `there` is the address at which its buttons are pressed, `aside` says that one person alone sees it, `standing` how
    words of ours fare on their way.
    """

    id: str
    who: str
    at: Instant
    time: str
    text: str = ""
    is_theirs: bool = False
    is_deleted: bool = False
    is_edited: bool = False
    attachments: Sequence[Attachment] = ()
    card: Card | None = None
    buttons: Sequence[Button] = ()
    there: str = ""
    aside: bool = False
    standing: Standing | None = None
    under: str = ""
    replies: Sequence["Entry"] = ()


@dataclass(slots=True)
class Said:
    """What people of ours have written here since the demo was started, for the channels do not keep it."""

    lines: list[tuple[str, str, str, str, datetime]] = field(default_factory=list)

    def add(self, address: str, name: str, under: str, text: str, at: datetime) -> bool:
        """Keep it, unless it is kept already: a form may be sent twice."""
        if any(kept == name for _, kept, *_ in self.lines):
            return False
        self.lines.append((address, name, under, text, at))
        return True


Talks = Mapping[str, Sequence[Line]]


def read_talks(conn: Connection, everyone: Sequence[Seat]) -> Talks:
    """What was said in every client's conversation and in every thread of it, by the conversation's key."""
    keys = [seat.conversation.key for seat in everyone if not seat.owner]
    for seat in everyone:
        if seat.has_threads and not seat.owner:
            keys += threads_in(conn, seat.conversation.key)
    return {key: lines_of_conversation(conn, key, 0) for key in heads(conn, keys)}


def entries(
    seat: Seat, standin: FakeChannel, talks: Talks, said: Said, revision: Revision, *, now: Instant
) -> list[Entry]:
    """Everything that stands at a seat, in its order; what is in a thread is under what the thread began with."""
    speak = Texts("en", seat.zone, revision.texts)
    if seat.owner:
        return _ours(seat, standin, said, revision, speak, now)
    found: list[Entry] = []
    for key in _keys(seat, talks):
        address = key.split(":", 2)[2]
        shown = {one.external_id: one for one in standin.shown(address)}
        lines = [_of_line(one, shown, address, seat, revision, speak, now) for one in _arrived(talks[key])]
        if "#" in address and lines:
            lines = [replace(lines[0], under=address, replies=lines[1:])]
        found += lines
    return sorted(found, key=lambda one: one.at)


def thread_of(under: str, among: Sequence[Entry]) -> Entry | None:
    """What stands under that name, or what it stands under itself."""
    for one in among:
        if under and under in (one.under, *(reply.under for reply in one.replies)):
            return one
    return None


def last_words(seat: Seat, standin: FakeChannel, talks: Talks) -> str:
    """The newest of what stands there, for a list of conversations; empty where nothing does."""
    if seat.owner:
        tops = [one for one in _on_screen(seat, standin) if reply_to(one.message) is None]
        newest = max(tops, key=lambda one: one.at, default=None)
        return "" if newest is None else (newest.card.title if newest.card else newest.text)[:PREVIEW]
    lines = [line for key in _keys(seat, talks) for line in _arrived(talks[key])]
    return " ".join(max(lines, key=lambda line: line.id).text.split())[:PREVIEW] if lines else ""


def _keys(seat: Seat, talks: Talks) -> list[str]:
    own = seat.conversation.key
    return [key for key in talks if key == own or (seat.has_threads and key.startswith(f"{own}#"))]


def _arrived(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if line.state in ARRIVED]


def _of_line(
    line: Line, shown: Mapping[str, Shown], there: str, seat: Seat, revision: Revision, speak: Texts, now: Instant
) -> Entry:
    person = revision.person(PersonId(line.author)) if line.author and line.direction == "out" else None
    is_theirs = line.direction == "in"
    drawn = shown.get(line.external_id or "")
    message = drawn.message if drawn is not None and isinstance(drawn.message, OutboundMessage) else None
    return Entry(
        id=f"m{line.id}",
        who=(line.author or seat.name) if is_theirs else (person.name if person else revision.name),
        at=line.at,
        time=speak.moment(line.at, now=now),
        text=line.text,
        is_theirs=is_theirs,
        is_deleted=line.is_deleted,
        is_edited=line.is_edited,
        attachments=line.attachments,
        buttons=message.buttons if message is not None else (),
        there=there,
        aside=message is not None and message.only_to is not None,
    )


def _on_screen(seat: Seat, standin: FakeChannel) -> list[Shown]:
    kinds = OutboundCard | OutboundMessage
    return [one for one in standin.shown(seat.conversation.address) if isinstance(one.message, kinds)]


def _ours(seat: Seat, standin: FakeChannel, said: Said, revision: Revision, speak: Texts, now: Instant) -> list[Entry]:
    """The cards of one of our people, with the thread of each."""
    address = seat.conversation.address
    names: dict[str, str] = {}  # what stands in a thread, by what the thread is under
    tops: list[Entry] = []
    below: dict[str, list[Entry]] = {}
    for one in _on_screen(seat, standin):
        above = reply_to(one.message)
        above = names.get(above, above) if above else None
        entry = _of_shown(one, seat, revision, speak, now, can_answer=above is None or standin.limits.has_replies)
        if above is None:
            tops.append(entry)
        else:
            names[one.external_id] = above
            below.setdefault(above, []).append(entry)
    for where, name, under, text, at in said.lines:
        if where != address:
            continue
        moment = instant(at)
        entry = Entry(f"s-{name}", seat.name, moment, speak.moment(moment, now=now), text, is_theirs=True)
        entry = replace(entry, standing=standin.standing(name))
        if under:
            below.setdefault(names.get(under, under), []).append(entry)
        else:
            tops.append(entry)
    threaded = (replace(one, replies=sorted(below.get(one.under, ()), key=lambda entry: entry.at)) for one in tops)
    return sorted(threaded, key=lambda one: one.at)


def _of_shown(one: Shown, seat: Seat, revision: Revision, speak: Texts, now: Instant, *, can_answer: bool) -> Entry:
    at = instant(one.at)
    return Entry(
        id=f"card-{one.external_id}",
        who=revision.name,
        at=at,
        time=speak.moment(at, now=now),
        text="" if one.card else one.text,
        is_edited=bool(one.history),
        attachments=one.message.attachments if isinstance(one.message, OutboundMessage | OutboundCard) else (),
        card=one.card,
        buttons=buttons_of(one.message),
        there=seat.conversation.address,
        under=one.external_id if can_answer and seat.channel is not Channel.INAPP else "",
    )
