"""The frame around every page of the board: where one can go, what waits there, and whose page it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.store.delivery.alerts import Alert, alerts_of
from bot.store.driver.connection import Connection
from bot.store.reading.queue import Tally, tally
from bot.tickets.revision import Revision
from bot.web.desk import Desk, Site
from bot.web.session import Visitor
from routing.people import Person
from sla.duration import Instant, instant, moment
from sla.week import parse_zone

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """What the frame shows of the desk, read in the same look as the page inside it."""

    now: Instant
    tally: Tally
    alerts: tuple[Alert, ...]

    @property
    def pending(self) -> int:
        """How many alerts nobody has acknowledged."""
        return sum(1 for alert in self.alerts if alert.is_pending)


async def look(desk: Desk, visitor: Visitor, inside: Callable[[Connection, Instant], T]) -> tuple[Standing, T]:
    """Read the frame and what is `inside` it at one moment."""
    now = desk.now()
    since = month_begins(now, visitor.speak.zone)

    def read(conn: Connection) -> tuple[Standing, T]:
        standing = Standing(now, tally(conn, person=visitor.id, since=since), alerts_of(conn, visitor.id))
        return standing, inside(conn, now)

    return await desk.database.read(read)


def frame(
    site: Site, visitor: Visitor, revision: Revision, standing: Standing, *, place: str, here: str
) -> dict[str, Any]:
    """The values every template asks for; `place` is the part of the board one is in.

    `here` is the address that shows the page again, which is not that of a refused form.
    """
    local = moment(standing.now).astimezone(parse_zone(visitor.speak.zone))
    newest = next((alert for alert in standing.alerts), None)
    return {
        "desk_name": revision.name,
        "place": place,
        "here": here,
        "me": visitor,
        "initials": initials(visitor.person),
        "presence": presence(revision, visitor.person, standing.now, visitor),
        "tally": standing.tally,
        "pending": standing.pending,
        "newest": newest,
        "now": standing.now,
        "speed": site.speed,
        "local_time": f"{local:%A %H:%M}, {local.isoformat()[-6:]}",
        "has_standins": site.has_standins,
        "is_rehearsal": site.is_rehearsal,
    }


def presence(revision: Revision, person: Person, now: Instant, visitor: Visitor) -> str:
    """Whether somebody is here, and until or from when, in the reader's own time."""
    coverage, speak = revision.coverage, visitor.speak
    if not coverage.is_on_shift(person, now):
        back = coverage.next_shift(person, now)
        return f"back {speak.moment(back, now=now)}" if back is not None else "away"
    ends = coverage.shift_ends(person, now)
    return f"on shift until {speak.moment(ends, now=now)}" if ends is not None else "on shift"


def initials(person: Person) -> str:
    """Two letters for a round picture."""
    words = person.name.split()
    return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper() if words else "?"


def month_begins(now: Instant, zone: str) -> Instant:
    """The first moment of the running month in a zone."""
    local = moment(now).astimezone(parse_zone(zone))
    return instant(local.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
