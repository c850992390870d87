"""Signing in: a one-time link opens a session, a cookie carries it, and every request asks again who that person is.

Fetching a link signs nobody in: previews and virus scanners fetch links too. The page behind it posts the token, by
itself or by a button. Roles are read from the current revision each time, so whoever leaves the desk is out at once.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aiohttp import web

from bot.store.driver.connection import Connection
from bot.store.people import tokens
from bot.tickets.decide_staff import ACTING, LEADING
from bot.tickets.texts import Texts
from bot.web.desk import Desk, Site
from bot.web.pages import Pages
from routing.people import Person, PersonId, Role
from sla.duration import later

#: What a link of `maitred board-link` is made for.
BOARD_LINK: Final = "board"
SESSION_FOR: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever is looking at a page, as the current revision knows them. `speak` tells moments in their own zone."""

    person: Person
    speak: Texts

    @property
    def id(self) -> PersonId:
        return self.person.id

    @property
    def may_act(self) -> bool:
        """Whether their presses would be taken; the desk asks again."""
        return bool(self.person.roles & ACTING)

    @property
    def leads(self) -> bool:
        """Whether they may hand over what others have."""
        return bool(self.person.roles & LEADING)

    @property
    def is_admin(self) -> bool:
        """Whether they see how the desk itself is doing."""
        return Role.ADMIN in self.person.roles


class Sessions:
    """Who is signed in."""

    def __init__(self, desk: Desk, site: Site, pages: Pages) -> None:
        self._desk = desk
        self._pages = pages
        self._is_https = site.is_https
        # Twelve hours of the person's own life, however fast the time of a rehearsal runs.
        self._speed = site.speed
        # `__Host-` ties a cookie to this very host; browsers take such a name over TLS only.
        self._cookie = "__Host-maitred" if site.is_https else "maitred"

    @property
    def routes(self) -> list[web.RouteDef]:
        """The way in and the way out."""
        return [
            web.get("/board/enter/{token}", self._door),
            web.post("/board/enter/{token}", self._enter),
            web.post("/board/leave", self._leave),
        ]

    async def visitor(self, request: web.Request) -> Visitor | None:
        """Who sent this request; None for nobody we know (any more)."""
        token = request.cookies.get(self._cookie, "")
        if not token:
            return None
        now = self._desk.now()
        name = await self._desk.database.read(lambda conn: tokens.person_of_session(conn, token, now=now))
        revision = self._desk.revisions.current
        person = revision.person(PersonId(name)) if name is not None else None
        if person is None or not person.roles:
            return None
        return Visitor(person, Texts("en", revision.calendars[person.calendar].zone, revision.texts))

    def refuse(self) -> web.Response:
        """The page for whoever is not signed in."""
        return self._pages.show(
            "door.html",
            {
                "title": "Please sign in",
                "words": "The board opens by a link of your own, made by: maitred board-link NAME. Ask an admin "
                "of the desk for one.",
                "token": "",
            },
            status=401,
        )

    async def _door(self, request: web.Request) -> web.Response:
        """The page a link leads to. It uses nothing up."""
        words = "One more press, in case your browser does not do it by itself."
        token = request.match_info["token"]
        return self._pages.show("door.html", {"title": "Come in", "words": words, "token": token})

    async def _enter(self, request: web.Request) -> web.Response:
        now, token = self._desk.now(), request.match_info["token"]
        expires_at = later(now, SESSION_FOR * self._speed)
        people = self._desk.revisions.current.people
        out = self._desk.revisions.current.shut_out

        def enter(conn: Connection) -> tokens.Token | None:
            name = tokens.use_link(conn, token, purpose=BOARD_LINK, now=now)
            if name is None or PersonId(name) not in people or PersonId(name) in out:
                return None
            return tokens.open_session(conn, person=name, now=now, expires_at=expires_at)

        session = await self._desk.database.write(enter)
        if session is None:
            words = "This link was used before, or it is too old. Ask for a new one: each opens the board once."
            return self._pages.show(
                "door.html", {"title": "This link is closed", "words": words, "token": ""}, status=410
            )
        answer = web.HTTPSeeOther("/board")
        answer.set_cookie(
            self._cookie,
            session,
            max_age=int(SESSION_FOR.total_seconds()),
            path="/",
            secure=self._is_https,
            httponly=True,
            samesite="Lax",
        )
        raise answer

    async def _leave(self, request: web.Request) -> web.Response:
        token = request.cookies.get(self._cookie, "")
        await self._desk.database.write(lambda conn: tokens.close_session(conn, tokens.Token(token)))
        answer = self._pages.show(
            "door.html", {"title": "Signed out", "words": "You may close this page.", "token": ""}
        )
        answer.del_cookie(self._cookie, path="/", secure=self._is_https, httponly=True, samesite="Lax")
        return answer
