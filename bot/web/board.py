"""The board: the desk's own people see every ticket by time left, and do to it what their channels let them do.

Every page is read at one moment and drawn whole on the server; a script only keeps it fresh. Every button is a form
that works without that script. What a press may do is decided by the desk, not here: a page merely leaves out what
would be refused.
"""

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from adapters.port import Answer
from bot.store.calls import calls
from bot.store.driver.connection import Connection
from bot.store.files import Files
from bot.store.high_load import declared
from bot.store.reading.queue import Among, Wanted, tickets
from bot.store.reading.reads import Page, file_named, page
from bot.tickets.calls.call import Call
from bot.tickets.ticket import TicketId, number, ticket_id_from_number
from bot.web.booking import Booking
from bot.web.calendars import Calendars
from bot.web.calls import CallsPage, bookable, calls_of
from bot.web.coverage import CoveragePage
from bot.web.desk import Desk, Site
from bot.web.forms import FieldsError, command_from_form
from bot.web.health import Readiness
from bot.web.pages import Pages
from bot.web.rows import row_of
from bot.web.session import Sessions, Visitor
from bot.web.shell import frame, look
from bot.web.stream import Stream
from bot.web.ticket_page import Kept, ticket_values
from sla.duration import Instant

Signed = Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]

#: The lists one can look at: which tickets, the page's title, and what it says when there are none.
_LISTS: Final = {
    "queue": (Among.OPEN, "Queue", "Nobody is waiting. A quiet moment is a promise kept."),
    "mine": (Among.OPEN, "Mine", "No ticket is with you."),
    "waiting": (Among.WAITING, "Waiting", "Nothing waits for a client or a third party."),
    "resolved": (Among.LATELY, "Resolved lately", "Nothing has been resolved yet."),
}
#: What our own pages put into a form.
_KEY: Final = re.compile(r"[\w-]{1,64}", re.ASCII)


class Board:
    """The pages of the board."""

    def __init__(self, desk: Desk, site: Site, readiness: Readiness, files: Files | None = None) -> None:
        self._desk = desk
        self._site = site
        self._readiness = readiness
        self._files = files
        self._pages = Pages(site)
        self._sessions = Sessions(desk, site, self._pages)
        self._stream = Stream(desk, self._sessions)
        self._coverage = CoveragePage(desk, site, self._pages)
        self._calls = CallsPage(desk, site, self._pages)
        self._outside = [*Booking(desk, self._pages).routes, *Calendars(desk).routes]

    @property
    def routes(self) -> list[web.RouteDef]:
        """Everything below /board, and the pages about calls that clients and calendars open."""
        return [
            *self._pages.routes,
            *self._sessions.routes,
            *self._stream.routes,
            web.get("/board", self._signed(self._list)),
            web.get("/board/alerts", self._signed(self._alerts)),
            web.get("/board/health", self._signed(self._health)),
            web.get("/board/files/{digest}", self._signed(self._file)),
            web.post("/board/load", self._signed(self._say_load)),
            *self._coverage.routes(self._signed),
            *self._calls.routes(self._signed),
            *self._outside,
            web.get("/board/{number}", self._signed(self._ticket)),
            web.post("/board/{number}", self._signed(self._open_form)),
            web.post("/board/{number}/{action}", self._signed(self._act)),
        ]

    async def close(self) -> None:
        """End the streams, so that the server can stop."""
        await self._stream.close()

    def _signed(self, handler: Signed) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def signed_in(request: web.Request) -> web.StreamResponse:
            visitor = await self._sessions.visitor(request)
            return await handler(request, visitor) if visitor else self._sessions.refuse()

        return signed_in

    async def _list(self, request: web.Request, visitor: Visitor) -> web.Response:
        place = request.query.get("list", "queue")
        if place not in _LISTS:
            raise web.HTTPNotFound
        among, title, empty = _LISTS[place]
        wanted = Wanted(among, assignee=visitor.id if place == "mine" else None, is_awake=place == "mine")
        revisions = self._desk.revisions

        def inside(conn: Connection, now: Instant) -> tuple[list[Any], list[str]]:
            rows = [
                row_of(conn, revisions, one, visitor.speak, now=now, has_seconds=self._site.has_seconds)
                for one in tickets(conn, wanted)
            ]
            return rows, [
                line for line, one in declared(conn).items() if one.is_high and line in revisions.current.lines
            ]

        standing, (rows, high) = await look(self._desk, visitor, inside)
        values = frame(self._site, visitor, revisions.current, standing, place=place, here=f"/board?list={place}")
        first = next((row for row in rows if row.clock and row.clock.left is not None), None)
        values |= {"title": title, "rows": rows, "empty": empty, "first": first, "limit": wanted.limit, "high": high}
        return self._pages.show("queue.html", values)

    async def _say_load(self, request: web.Request, visitor: Visitor) -> web.Response:
        """A lead says that the load of every line is high, or normal again. Said twice it is so once."""
        level = (await request.post()).get("level")
        if level not in {"high", "normal"}:
            raise web.HTTPBadRequest
        if not visitor.leads:
            raise web.HTTPForbidden
        await self._desk.declare_load(visitor.id, self._desk.revisions.current.lines, is_high=level == "high")
        raise web.HTTPSeeOther("/board")

    async def _alerts(self, _request: web.Request, visitor: Visitor) -> web.Response:
        standing, _ = await look(self._desk, visitor, lambda _conn, _now: None)
        values = frame(
            self._site, visitor, self._desk.revisions.current, standing, place="alerts", here="/board/alerts"
        )
        told = [
            (
                alert,
                number(alert.ticket_id) if alert.ticket_id else "",
                visitor.speak.moment(alert.at, now=standing.now),
            )
            for alert in standing.alerts
        ]
        return self._pages.show("alerts.html", values | {"title": "Alerts", "told": told, "key": _fresh_key()})

    async def _health(self, _request: web.Request, visitor: Visitor) -> web.Response:
        if not visitor.is_admin:
            raise web.HTTPNotFound
        standing, _ = await look(self._desk, visitor, lambda _conn, _now: None)
        checks = await self._readiness.checks()
        values = frame(
            self._site, visitor, self._desk.revisions.current, standing, place="health", here="/board/health"
        )
        return self._pages.show("health.html", values | {"title": "Health", "checks": checks})

    async def _ticket(self, request: web.Request, visitor: Visitor) -> web.Response:
        return await self._show_ticket(_ticket_of(request), visitor, Kept())

    async def _open_form(self, request: web.Request, visitor: Visitor) -> web.Response:
        """Without a script, a button that asks for more comes here: the page again, its form open, the draft kept."""
        text = str((await request.post()).get("text", ""))
        return await self._show_ticket(
            _ticket_of(request), visitor, Kept(form=request.query.get("form", ""), text=text)
        )

    async def _show_ticket(self, ticket: TicketId, visitor: Visitor, kept: Kept, *, status: int = 200) -> web.Response:
        revisions = self._desk.revisions

        def inside(conn: Connection, now: Instant) -> tuple[Page | None, list[Call]]:
            return page(conn, revisions, ticket, now=now), calls.of_ticket(conn, ticket)

        standing, (found, booked) = await look(self._desk, visitor, inside)
        if found is None:
            raise web.HTTPNotFound
        values = frame(
            self._site, visitor, revisions.current, standing, place="ticket", here=f"/board/{number(ticket)}"
        )
        values |= ticket_values(found, visitor, key=_fresh_key(), kept=kept, has_seconds=self._site.has_seconds)
        about = found.facts.speaker.name
        values["calls"] = calls_of(revisions.current, booked, visitor, about, now=standing.now)
        values["bookable"] = bookable(revisions.current, booked, found.ticket, visitor, now=standing.now)
        title = f"{number(ticket)} {found.ticket.subject}"
        return self._pages.show("ticket.html", values | {"title": title}, status=status)

    async def _act(self, request: web.Request, visitor: Visitor) -> web.Response:
        ticket, action = _ticket_of(request), request.match_info["action"]
        fields = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        try:
            command = command_from_form(action, fields, zone=visitor.speak.zone)
            key = fields.get("key", "")
            if not _KEY.fullmatch(key):
                raise web.HTTPBadRequest
            answer = await self._desk.commands.perform(visitor.id, ticket, command, key=f"board:{action}:{key}")
        except FieldsError as error:
            answer = Answer(errors=error.errors, is_refused=True)
        except KeyError:
            raise web.HTTPNotFound from None
        if request.headers.get("Accept", "").startswith("application/json"):
            said = {
                "text": answer.text,
                "errors": dict(answer.errors),
                "is_refused": answer.is_refused,
                "key": _fresh_key(),
            }
            return web.json_response(said, status=422 if answer.is_refused else 200)
        if not answer.is_refused:
            raise web.HTTPSeeOther("/board/alerts" if fields.get("back") == "alerts" else f"/board/{number(ticket)}")
        kept = Kept(
            form=action,
            text=fields.get("text", ""),
            refusal=answer.text,
            errors=tuple(answer.errors.items()),
            fields=tuple(fields.items()),
        )
        return await self._show_ticket(ticket, visitor, kept, status=422)

    async def _file(self, request: web.Request, _visitor: Visitor) -> web.StreamResponse:
        """A client's file: always as a download, never drawn in our own pages."""
        digest = request.match_info["digest"]
        attachment = await self._desk.database.read(lambda conn: file_named(conn, digest))
        if attachment is None or self._files is None or not self._files.has(digest):
            raise web.HTTPNotFound
        answer = web.FileResponse(self._files.path(digest), headers={"Cache-Control": "private, no-store"})
        answer.content_type = "application/octet-stream"
        answer.headers["Content-Disposition"] = _as_download(attachment.name)
        return answer


def _as_download(name: str) -> str:
    """A download under its own name, whatever signs are in it (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def _ticket_of(request: web.Request) -> TicketId:
    try:
        return ticket_id_from_number(request.match_info["number"])
    except ValueError:
        raise web.HTTPNotFound from None


def _fresh_key() -> str:
    return secrets.token_urlsafe(12)
