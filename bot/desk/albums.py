"""Albums: what a channel delivers as several messages and a person sent as one.

The first that comes is decided like any message, so nobody waits for the others; each of them is added to that line.
Whatever order they come in, and in however many deliveries, each counts once.
"""

from collections.abc import Sequence

from adapters.message import InboundMessage
from adapters.text import clean
from bot.desk.directory import Directory
from bot.store.channels import albums
from bot.store.channels.albums import AlbumLine, Part
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, lock_conversations
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.decide_album import Joined, album_goes_on
from routing.people import PersonId
from sla.duration import Instant, instant


class Albums:
    """Joins what belongs together; runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, directory: Directory) -> None:
        self._revisions = revisions
        self._directory = directory

    def join(self, conn: Connection, said: Sequence[InboundMessage], *, now: Instant) -> list[InboundMessage]:
        """Add to their albums those of which something has come before; gives the rest, to be decided as they are."""
        parts = {id(one): part for one in said if (part := _part(one)) is not None}
        if not parts:
            return list(said)
        lock_conversations(conn, [one.conversation.key for one in said if id(one) in parts])
        known = albums.own_lines(conn, [part.key for part in parts.values()])
        begun = albums.lines_of(conn, sorted({part.album for part in parts.values()}))
        rest: list[InboundMessage] = []
        for one in said:
            part = parts.get(id(one))
            if part is None or (part.key not in known and part.album not in begun):
                rest.append(one)
            elif part.key not in known:
                self._join(conn, begun[part.album], one, part, now)
        return rest

    def begin(self, conn: Connection, said: Sequence[InboundMessage]) -> None:
        """Remember the first parts that were decided just now."""
        albums.begin(conn, [part for one in said if (part := _part(one)) is not None])

    def _join(self, conn: Connection, line: AlbumLine, one: InboundMessage, part: Part, now: Instant) -> None:
        words = albums.join(conn, line, part)
        if line.ticket is None:
            return
        by = PersonId(line.author) if line.is_ours and line.author else None
        at = min(instant(one.at), now)
        joined = Joined(part.album, clean(part.text), words, at, part.attachments, by, line.opened)
        found = facts_of_tickets(conn, self._revisions, [line.ticket], now=now, is_locked=True)
        for facts in found.values():
            decision = album_goes_on(facts, joined)
            if decision.ticket is not None:
                write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)


def album_of(one: InboundMessage) -> str:
    """The name of the album that a message belongs to, empty for one that belongs to none."""
    return "" if one.album is None else f"{one.conversation.key}:{one.album}"


def _part(one: InboundMessage) -> Part | None:
    if one.album is None:
        return None
    return Part(f"{one.conversation.key}:{one.external_id}", album_of(one), clean(one.text), one.attachments)
