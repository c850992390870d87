"""Somebody of ours has left: within the minute they may do nothing here, and others have what was theirs (S31).

Slack says whose account it closed, and whose is a guest's or of another workspace: that is nobody of ours, whatever the
desk directory says. Whoever leaves the desk directory is gone with it and needs nothing of this. Their sessions end,
their tickets go to whoever stands in, the admins are told once. An admin lets them in again: that Slack opens an
account means nothing here. What they still try is refused and written down.
"""

from collections.abc import Mapping
from typing import Final

import structlog

from adapters.message import Identity, InboundLine, InboundPlace, PlaceChange
from bot.desk.directory import Directory
from bot.desk.people.absences import Absences
from bot.store import audit
from bot.store.driver.connection import Connection
from bot.store.people import shut_out, tokens
from bot.store.revisions import Revisions
from bot.store.unit import write_ping
from bot.tickets.facts import Ping
from bot.tickets.outcome import person_texts
from routing.coverage import Absence
from routing.people import PersonId
from sla.duration import Instant

log = structlog.get_logger()

#: How the command that lets somebody in again is written, for whoever reads that they are out.
MEND: Final = "maitred let-in {person}"
#: What ends somebody's rights, each with what the admins are told.
ENDS: Final[Mapping[PlaceChange, str]] = {"closed": "ping_shut_out", "guest": "ping_guest_out"}


class Offboarding:
    """Runs inside the transaction of whoever learnt it."""

    def __init__(self, revisions: Revisions, directory: Directory) -> None:
        self._revisions = revisions
        self._directory = directory
        self._absences = Absences(revisions, directory)

    def hear(self, conn: Connection, one: InboundPlace, *, now: Instant) -> None:
        """An account is closed or a guest's; one that is nobody's of ours, or was that before, changes nothing."""
        person = self._directory.person_of(one.by) if one.by is not None else None
        if person is not None and one.by is not None:
            if one.change == "guest" and shut_out.was_told(conn, one.by.key, one.change):
                return  # Slack tells of guests again and again, and an admin's word goes before it
            shut_out.note(conn, one.by.key, one.change, at=now)
        if person is None or not shut_out.shut_out(conn, person, by=str(one.conversation.channel), at=now):
            return
        self._revisions.refresh(conn)
        channel = one.conversation.channel
        sessions = tokens.close_sessions_of(conn, person)
        told: dict[str, str | int | None] = {"sessions": sessions, "account": one.conversation.place}
        audit.append(conn, [audit.Deed(now, str(channel), "shut out", f"person:{person}", told)])
        self._absences.say(conn, Absence(person, now, None), by=str(channel), at=now)
        log.warning("a person of ours was shut out", person=person, channel=channel, sessions=sessions)
        # Where the last admin is gone, everybody hears that somebody has to be named in the desk directory.
        left = [one.id for one in self._revisions.current.people.values() if one.roles]
        for admin in self._directory.admins() or left:
            speak = person_texts(self._revisions.current, admin)
            name = self._revisions.current.people[person].name
            title = speak(ENDS[one.change], name=name, channel=speak(f"channel_{channel}"))
            lines = (speak("shut_out_mend", line=MEND.format(person=person)),)
            ping = Ping(admin, f"shut_out:{person}:{now}:{admin}", title, lines, is_alert=True)
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)

    def let_in(self, conn: Connection, person: PersonId, *, by: str, now: Instant) -> bool:
        """They may do again what the desk directory says, and are back; False where they were not out."""
        if not shut_out.let_in(conn, person, at=now):
            return False
        self._revisions.refresh(conn)
        audit.append(conn, [audit.Deed(now, by, "let in", f"person:{person}")])
        self._absences.end(conn, person, by=by, at=now)
        return True

    def refused(self, conn: Connection, one: InboundLine, *, now: Instant) -> bool:
        """Whether somebody who is out wrote this: then it is neither an answer nor a client's word, and is noted."""
        who: Identity | None = getattr(one, "sender", None)
        person = self._directory.person_of(who) if who is not None else None
        if who is None or person is None or person not in self._revisions.current.shut_out:
            return False
        where = one.conversation.key
        audit.append(conn, [audit.Deed(now, who.key, "refused", f"person:{person}", {"where": where})])
        return True
