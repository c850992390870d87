"""A ticket's transcript as the board shows it: what the client said, what we said, what only staff may read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from adapters.message import Attachment
from bot.store.reading.reads import Delivery, NoteLine, Page
from bot.tickets.facts import Line
from bot.tickets.margin import Margin
from bot.tickets.relays import name_of
from bot.tickets.texts import Texts
from bot.web.rows import CHANNELS
from routing.people import PersonId
from sla.duration import Instant

_KINDS: Final = {"answer": "answer", "clarify": "question", "eta": "ETA", "fix": "last word"}
_ON_ITS_WAY: Final = frozenset({"pending", "sending"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the transcript. `fate` is how a line of ours is faring, `tone` how that looks.

    `margin` is what stands beside a mail, `passer` who of ours passed it on.
    """

    key: str
    side: Literal["them", "us", "note", "auto"]
    who: str
    where: str
    kind: str
    at: Instant
    time: str
    text: str
    fate: str = ""
    tone: str = ""
    is_edited: bool = False
    is_deleted: bool = False
    versions: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    margin: Margin | None = None
    passer: str = ""


def entries(page: Page, speak: Texts) -> list[Entry]:
    """Lines and notes together, in the order of their moments."""
    found = [*_said(page, speak), *_noted(page, speak)]
    return sorted(found, key=lambda entry: entry.at)


def _said(page: Page, speak: Texts) -> Iterator[Entry]:
    now = page.facts.now
    for line in page.lines:
        fate, tone = ("", "") if line.direction == "in" else _fate(line, page.deliveries.get(line.id), speak, now)
        yield Entry(
            key=f"m{line.id}",
            side="them" if line.direction == "in" else "auto" if line.kind == "auto" else "us",
            who=_author(page, line),
            where=CHANNELS.get(line.channel, line.channel),
            kind=_KINDS.get(line.reply_kind or "", ""),
            at=line.at,
            time=speak.moment(line.at, now=now),
            text=line.text,
            fate=fate,
            tone=tone,
            is_edited=line.is_edited,
            is_deleted=line.is_deleted,
            versions=tuple((one.text, speak.moment(one.at, now=now)) for one in page.versions.get(line.id, ())),
            attachments=line.attachments,
            margin=page.margins.get(line.id),
            passer=_passer(page, line),
        )


def _noted(page: Page, speak: Texts) -> Iterator[Entry]:
    now = page.facts.now
    for note in page.notes:
        yield Entry(
            f"n{note.id}", "note", _name(page, note), "", "", note.at, speak.moment(note.at, now=now), note.text
        )


def _author(page: Page, line: Line) -> str:
    if line.direction == "in":
        return line.author or page.facts.speaker.name
    person = page.facts.revision.person(PersonId(line.author)) if line.author else None
    return person.name if person else line.author or page.facts.revision.name


def _passer(page: Page, line: Line) -> str:
    """Who of ours passed a mail on; empty for what its sender wrote to us."""
    margin = page.margins.get(line.id)
    by = margin.passed_on_by if margin is not None else None
    return name_of(page.facts.revision, by) if by is not None else ""


def _name(page: Page, note: NoteLine) -> str:
    person = page.facts.revision.person(note.author)
    return person.name if person else note.author


def _fate(line: Line, delivery: Delivery | None, speak: Texts, now: Instant) -> tuple[str, str]:
    """The transcript's own state decides; the outbox row only adds why it takes so long."""
    if line.state in {"sent", "delivered"}:
        return line.state, "ok"
    if line.state == "seen":
        return "seen by the client", "ok"
    if line.state == "failed":
        return f"not delivered: {delivery.error}" if delivery and delivery.error else "not delivered", "late"
    if delivery is None or delivery.state in _ON_ITS_WAY:
        return "on its way", "paused"
    if delivery.state == "uncertain":
        return "may not have arrived; asking the channel", "soon"
    if delivery.state == "postponed":
        return f"not sent yet, next try {speak.moment(delivery.not_before, now=now)}: {delivery.error}", "soon"
    return delivery.state, "paused"
