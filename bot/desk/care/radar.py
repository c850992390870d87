"""Once a week the leads read where in the coming weeks nobody stands behind a promise; nothing where somebody does.

One alarm, at the first opening of a lead's week. It is said in the place that leads share, where there is one, and each
week once, however often the alarm comes.
"""

from datetime import date, datetime, time, timedelta
from typing import Final

import structlog

from bot.desk.directory import Directory
from bot.store import alarms
from bot.store.alarms import Alarm
from bot.store.driver.connection import Connection
from bot.store.revisions import Revisions
from bot.store.unit import write_ping
from bot.tickets.facts import Ping
from bot.tickets.listing import listed
from bot.tickets.outcome import person_texts
from bot.tickets.people.radar import radar, uncovered_lines
from bot.tickets.revision import Revision
from routing.people import Person, Role
from sla.calendar import parse_zone
from sla.duration import Instant, instant, moment

log = structlog.get_logger()

#: The alarm of the weekly look.
OWNER: Final = "radar:"
WEEK: Final = timedelta(days=7)


class Radar:
    """Looks ahead, inside a transaction that is open already."""

    def __init__(self, revisions: Revisions, directory: Directory) -> None:
        self._revisions = revisions
        self._directory = directory

    def post(self, conn: Connection, *, at: Instant) -> int:
        """Tell the leads who are there, and set the alarm of the next week; how many gaps there are."""
        revision = self._revisions.current
        arm(conn, revision, at=at)
        found = radar(revision, since=at)
        present = [one for one in _leads(revision) if revision.coverage.is_on_shift(one, at)]
        for lead in present if found else ():
            speak = person_texts(revision, lead.id)
            lines = listed(uncovered_lines(found, revision, speak), speak, more="radar_more")
            # The week that begins with this look, so that a second look in it says nothing.
            key = f"radar:{_monday(revision, at)}:{lead.id}"
            title = speak("ping_radar", count=len(found))
            ping = Ping(lead.id, key, title, lines, is_shared=True, is_digest=True)
            write_ping(conn, ping, at=at, whereto=self._directory.whereto)
        if found:
            log.info("promises have nobody behind them", gaps=len(found), told=len(present))
        return len(found)


def arm(conn: Connection, revision: Revision, *, at: Instant) -> None:
    """Set the alarm of the next look by the hours in force; none where nobody leads."""
    due_at = next_look(revision, at)
    if due_at is None:
        alarms.clear(conn, [OWNER])
    else:
        alarms.put(conn, [Alarm(OWNER, due_at)])


def next_look(revision: Revision, at: Instant) -> Instant | None:
    """The first opening of a lead in a week that has not begun for any of them at `at`; None where nobody leads.

    However long everything is closed; where nobody knows when any of them is back, the desk looks again in a week.
    """
    zone, leads = parse_zone(revision.zone), _leads(revision)
    monday = _monday(revision, at)
    if not leads:
        return None
    # Where this week's opening lies behind us the next week's counts, and that is ahead.
    for weeks in range(2):
        opens = revision.coverage.first_back(leads, instant(datetime.combine(monday + weeks * WEEK, time(0), zone)))
        if opens is not None and opens > at:
            return opens
    return instant(datetime.combine(monday + WEEK, time(0), zone))


def _leads(revision: Revision) -> list[Person]:
    return sorted((one for one in revision.people.values() if Role.LEAD in one.roles), key=lambda one: one.id)


def _monday(revision: Revision, at: Instant) -> date:
    here = moment(at).astimezone(parse_zone(revision.zone)).date()
    return here - timedelta(days=here.weekday())
