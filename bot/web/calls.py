"""The calls of a week, by person, and those of a ticket; and the address at which somebody's calendar reads their own.

What is done about a call is done on its ticket. The page is live as the others are.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from aiohttp import web

from bot.desk.calls import feeds
from bot.store.calls import calls
from bot.store.calls.call_list import Listed, listed
from bot.store.driver.connection import Connection
from bot.tickets.calls.call import LEAD, Call, CallState
from bot.tickets.calls.texts import name_of_kind, staff_time
from bot.tickets.revision import Revision
from bot.tickets.ticket import Ticket, number
from bot.web.desk import Desk, Site
from bot.web.pages import Pages
from bot.web.session import Visitor
from bot.web.shell import frame, initials, look
from routing.people import PersonId
from sla.duration import Instant, instant, moment
from sla.week import parse_zone

Signed = Callable[
    [Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]],
    Callable[[web.Request], Awaitable[web.StreamResponse]],
]
WEEK: Final = timedelta(days=7)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TONES: Final = {
    CallState.REQUESTED: "soon",
    CallState.CONFIRMED: "ok",
    CallState.RESCHEDULED: "ok",
    CallState.DONE: "ok",
    CallState.NO_SHOW: "late",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A call as the board shows it. `may` are the buttons that make sense now, by their action."""

    key: str
    number: str
    time: str
    title: str
    client: str
    kind: str
    state: str
    tone: str
    url: str
    waits: str = ""
    may: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One person's week."""

    id: str
    name: str
    initials: str
    days: tuple[tuple[Shown, ...], ...]


class CallsPage:
    """Serves the page."""

    def __init__(self, desk: Desk, site: Site, pages: Pages) -> None:
        self._desk = desk
        self._site = site
        self._pages = pages

    def routes(self, signed: Signed) -> list[web.RouteDef]:
        """The page and its forms; `signed` lets in only who is signed in."""
        return [web.get("/board/calls", signed(self._see)), web.post("/board/calls/feed", signed(self._change_feed))]

    async def _see(self, request: web.Request, visitor: Visitor) -> web.Response:
        return await self._show(visitor, request.query.get("week", ""), request.query.get("who", ""))

    async def _change_feed(self, request: web.Request, visitor: Visitor) -> web.Response:
        """Make the address of one's own calls, or close it; a new one closes the old."""
        deed, now = (await request.post()).get("do"), self._desk.now()
        if deed == "close":
            await self._desk.database.write(lambda conn: feeds.close_feed(conn, visitor.id, now=now))
            raise web.HTTPSeeOther("/board/calls")
        if deed != "open":
            raise web.HTTPBadRequest
        token = await self._desk.database.write(lambda conn: feeds.open_feed(conn, visitor.id, now=now))
        return await self._show(visitor, "", "", feed=f"{self._site.public_url.rstrip('/')}/call/{token}.ics")

    async def _show(self, visitor: Visitor, week: str, who: str, *, feed: str = "") -> web.Response:
        """`feed` is an address that was made just now: it is shown this once."""
        zone = parse_zone(visitor.speak.zone)
        today = moment(self._desk.now()).astimezone(zone).date()
        monday = _monday(week, today)
        days = [monday + timedelta(days=one) for one in range(7)]
        begins = [instant(datetime.combine(one, time(), tzinfo=zone)) for one in (*days, monday + WEEK)]
        mine = visitor.id if who == "mine" else None

        def inside(conn: Connection, now: Instant) -> tuple[list[Listed], bool]:
            found = calls.between(conn, since=begins[0], until=begins[-1], person=mine)
            found = [one for one in found if one.begins_at >= begins[0]]
            return listed(conn, self._desk.revisions, found, now=now), feeds.is_open(conn, visitor.id, now=now)

        standing, (found, has_feed) = await look(self._desk, visitor, inside)
        revision = self._desk.revisions.current
        here = f"/board/calls?week={monday.isoformat()}{'&who=mine' if mine else ''}"
        values = frame(self._site, visitor, revision, standing, place="calls", here=here)
        values |= {
            "title": "Calls",
            "days": [(f"{one:%a}", f"{one.day} {one:%b}", one == today) for one in days],
            "rows": _rows(revision, found, begins, visitor, mine),
            "before": (monday - WEEK).isoformat(),
            "after": (monday + WEEK).isoformat(),
            "week": f"{monday.day} {monday:%B} to {days[-1].day} {days[-1]:%B %Y}",
            "is_mine": mine is not None,
            "monday": monday.isoformat(),
            "has_feed": has_feed,
            "feed": feed,
        }
        return self._pages.show("calls.html", values)


def calls_of(revision: Revision, found: Sequence[Call], visitor: Visitor, contact: str, *, now: Instant) -> list[Shown]:
    """The calls of one ticket, as its page shows them, the contact's own time beside each."""
    shown = []
    for call in found:
        person = revision.person(call.person)
        when = staff_time(revision, visitor.id, call, contact, now=now)
        waits = ""
        if call.state is CallState.REQUESTED:
            due = visitor.speak.moment(call.accept_by, now=now) if call.accept_by is not None else ""
            waits = "waits for a lead" if call.waits_for == LEAD else f"to be accepted by {due}"
        one = _shown(revision, call, visitor, when, person.name if person else call.person, "", waits)
        may = tuple((action, visitor.speak(f"button_{action}")) for action in _may(call, visitor, now))
        shown.append(replace(one, may=may))
    return shown


def bookable(
    revision: Revision, found: Sequence[Call], ticket: Ticket, visitor: Visitor, *, now: Instant
) -> list[tuple[str, str]]:
    """The kinds of call that may be booked for whoever the ticket is with; none while there is one ahead."""
    if not visitor.may_act or not ticket.is_verified or any(one.is_ahead(now) for one in found):
        return []
    client = revision.client(ticket.client)
    rules = revision.calls.of(client.id, client.plan) if client is not None else None
    return [(one, name_of_kind(one, rules, visitor.speak)) for one in rules.kinds] if rules is not None else []


def _may(call: Call, visitor: Visitor, now: Instant) -> tuple[str, ...]:
    """What our people may do about a call now; the desk asks again."""
    if not call.state.is_live or not visitor.may_act:
        return ()
    if call.state is CallState.REQUESTED:
        if call.waits_for == LEAD:
            return ("call_allow", "call_refuse") if visitor.leads else ()
        return ("call_confirm", "call_decline", "call_cancel")
    return ("call_done", "call_no_show") if now >= call.begins_at else ("call_move", "call_cancel")


def _rows(
    revision: Revision, found: Sequence[Listed], begins: Sequence[Instant], visitor: Visitor, mine: PersonId | None
) -> list[Row]:
    """Whoever has calls that week, and the reader; the reader on top."""
    whose = {visitor.id} | ({one.call.person for one in found} if mine is None else set())
    rows = []
    for person in sorted(whose, key=lambda one: (one != visitor.id, one)):
        known = revision.person(person)
        own = [one for one in found if one.call.person == person]
        days = tuple(
            tuple(_listed(revision, one, visitor) for one in own if since <= one.call.begins_at < until)
            for since, until in pairwise(begins)
        )
        rows.append(Row(person, known.name if known else person, initials(known) if known else "?", days))
    return rows


def _listed(revision: Revision, one: Listed, visitor: Visitor) -> Shown:
    clock = visitor.speak.clock_time
    when = f"{clock(one.call.begins_at)}–{clock(one.call.ends_at)}"
    return _shown(revision, one.call, visitor, when, f"{one.contact_name}: {one.subject}", one.client_name, "")


def _shown(revision: Revision, call: Call, visitor: Visitor, when: str, title: str, client: str, waits: str) -> Shown:
    return Shown(
        key=call.key.replace(".", "-"),
        number=number(call.ticket),
        time=when,
        title=title,
        client=client,
        kind=name_of_kind(call.kind, revision.calls, visitor.speak),
        state=visitor.speak(f"call_state_{call.state}"),
        tone=_TONES.get(call.state, "dimmer"),
        url=call.url if call.state.is_live and call.url.startswith(("https://", "http://")) else "",
        waits=waits,
    )


def _monday(written: str, today: date) -> date:
    """The first day of the week that somebody asks for, of this one where they ask for none."""
    try:
        day = date.fromisoformat(written) if _DAY.fullmatch(written) else today
        return day - timedelta(days=day.weekday()) if 1970 < day.year < 9000 else _monday("", today)  # noqa: PLR2004 - years that calendars of ours have
    except (ValueError, OverflowError):
        return today - timedelta(days=today.weekday())
