"""Who is there, who is not, and where nobody will be: the board's page about people, with their absences.

It answers *who would get it* in the words of the command line, and takes absences as a chat does, through the same
door. A script is not needed for any of it.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from adapters.text import clean
from bot.store.driver.connection import Connection
from bot.store.facts import load_of
from bot.store.people import absences
from bot.store.people.absences import Leave
from bot.tickets.people.radar import radar, uncovered_lines, who_answers
from bot.tickets.revision import Revision
from bot.tickets.words.eta import parse_eta
from bot.tickets.words.leave import Words, back_at, stand_in
from bot.web.desk import Desk, Site
from bot.web.pages import Pages
from bot.web.session import Visitor
from bot.web.shell import Standing, frame, initials, look, presence
from routing.people import ClientId, Person, PersonId
from sla.duration import Instant

Signed = Callable[
    [Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]],
    Callable[[web.Request], Awaitable[web.StreamResponse]],
]
#: What our own pages put into a form, and the longest word that is read from one.
_KEY: Final = re.compile(r"[\w-]{1,64}", re.ASCII)
LONGEST: Final = 200
#: A page that nobody could read to its end helps nobody.
GAPS: Final = 60


@dataclass(frozen=True, slots=True)
class Away:
    """An absence as the page shows it."""

    number: int
    person: str
    name: str
    since: str
    back: str
    cover: str
    is_on: bool
    may_end: bool


@dataclass(frozen=True, slots=True)
class There:
    """One of our people as the page shows them."""

    name: str
    initials: str
    roles: str
    presence: str
    is_there: bool
    has: int


class CoveragePage:
    """`/board/coverage` and what its forms do."""

    def __init__(self, desk: Desk, site: Site, pages: Pages) -> None:
        self._desk = desk
        self._site = site
        self._pages = pages

    def routes(self, signed: Signed) -> list[web.RouteDef]:
        """The page and its two forms, each for somebody who is signed in."""
        return [
            web.get("/board/coverage", signed(self._see)),
            web.post("/board/coverage/away", signed(self._say_away)),
            web.post("/board/coverage/back", signed(self._say_back)),
        ]

    async def _see(self, request: web.Request, visitor: Visitor) -> web.Response:
        return await self._show(visitor, request.query)

    async def _say_away(self, request: web.Request, visitor: Visitor) -> web.Response:
        fields = _fields(await request.post())
        words = Words(
            fields.get("person", ""), fields.get("since", ""), fields.get("until", ""), fields.get("backup", "")
        )
        answer = await self._desk.leaving.leaves(visitor.id, words, key=_key(fields))
        if not answer.is_refused:
            raise web.HTTPSeeOther("/board/coverage")
        return await self._show(visitor, {}, kept=fields, refusal=answer.text)

    async def _say_back(self, request: web.Request, visitor: Visitor) -> web.Response:
        fields = _fields(await request.post())
        number = fields.get("number", "")
        if not number.isdecimal() or len(number) > 9:  # noqa: PLR2004 - as many digits as a number of ours has
            raise web.HTTPBadRequest
        answer = await self._desk.leaving.returns(visitor.id, fields.get("person", ""), int(number), key=_key(fields))
        if not answer.is_refused:
            raise web.HTTPSeeOther("/board/coverage")
        return await self._show(visitor, {}, refusal=answer.text)

    async def _show(
        self,
        visitor: Visitor,
        query: Mapping[str, str],
        *,
        kept: Mapping[str, str] | None = None,
        refusal: str = "",
    ) -> web.Response:
        def inside(conn: Connection, _: Instant) -> tuple[list[Leave], Mapping[PersonId, int]]:
            return list(absences.alive(conn)), load_of(conn)

        standing, (leaves, load) = await look(self._desk, visitor, inside)
        revision, now = self._desk.revisions.current, standing.now
        values = frame(self._site, visitor, revision, standing, place="coverage", here="/board/coverage")
        asked = query.get("client", "")
        lines = uncovered_lines(radar(revision, since=now), revision, visitor.speak)
        values |= {
            "title": "Coverage",
            "people": [_there(one, revision, load, now, visitor) for one in _ordered(revision, now)],
            "away": [_away(one, revision, now, visitor) for one in leaves if one.ends_at is None or one.ends_at > now],
            "gaps": lines[:GAPS],
            "more": max(0, len(lines) - GAPS),
            "clients": sorted((one.name, one.id) for one in revision.clients.values()),
            "asked": {"client": asked, "at": query.get("at", "")[:LONGEST]},
            "answer": self._answer(asked, query.get("at", "")[:LONGEST], revision, load, standing, visitor),
            "acting": [one for one in _ordered(revision, now) if one.id == visitor.id or visitor.leads],
            "backups": sorted(revision.people.values(), key=lambda one: one.name),
            "kept": kept or {},
            "refusal": refusal,
            "key": secrets.token_urlsafe(12),
        }
        return self._pages.show("coverage.html", values, status=422 if refusal else 200)

    def _answer(
        self,
        asked: str,
        words: str,
        revision: Revision,
        load: Mapping[PersonId, int],
        standing: Standing,
        visitor: Visitor,
    ) -> str:
        """Who would get it, in a sentence; what is wrong with the words, where something is."""
        client = revision.client(ClientId(asked))
        if client is None:
            return "There is no such client." if asked else ""
        at = standing.now
        if words.strip():
            hours = revision.calendars[visitor.person.calendar]
            try:
                at = parse_eta(words, now=at, zone=visitor.speak.zone, calendar=hours, may_have_passed=True)
            except ValueError as error:
                return str(error)
        given = who_answers(revision, client, at=at, load=load)
        name = revision.people[given.person].name if given.person is not None else "Nobody"
        when = visitor.speak.moment(at, now=standing.now)
        return f"{client.name}, {when}: {name} ({visitor.speak(f'rule_{given.rule}')})"


def _fields(posted: Mapping[str, Any]) -> dict[str, str]:
    return {name: clean(value)[:LONGEST] for name, value in posted.items() if isinstance(value, str)}


def _key(fields: Mapping[str, str]) -> str:
    key = fields.get("key", "")
    if not _KEY.fullmatch(key):
        raise web.HTTPBadRequest
    return f"board:coverage:{key}"


def _ordered(revision: Revision, now: Instant) -> list[Person]:
    """Whoever is there first, then by name."""
    coverage = revision.coverage
    return sorted(revision.people.values(), key=lambda one: (not coverage.is_on_shift(one, now), one.name))


def _there(person: Person, revision: Revision, load: Mapping[PersonId, int], now: Instant, visitor: Visitor) -> There:
    return There(
        name=person.name,
        initials=initials(person),
        roles=", ".join(sorted(role.value for role in person.roles)),
        presence=presence(revision, person, now, visitor),
        is_there=revision.coverage.is_on_shift(person, now),
        has=load.get(person.id, 0),
    )


def _away(leave: Leave, revision: Revision, now: Instant, visitor: Visitor) -> Away:
    speak = visitor.speak
    back = back_at(leave.absence, revision)
    cover = revision.person(stand_in(leave.absence, revision))
    person = revision.person(leave.person)
    return Away(
        number=leave.id,
        person=leave.person,
        name=person.name if person is not None else leave.person,
        since=speak.moment(leave.since, now=now),
        back=speak.moment(back, now=now) if back is not None else "",
        cover=_covering(cover, leave, revision),
        is_on=leave.since <= now,
        may_end=visitor.leads or leave.person == visitor.id,
    )


def _covering(cover: Person | None, leave: Leave, revision: Revision) -> str:
    if cover is None:
        return "nobody is named; the line takes over"
    is_away = revision.coverage.absence(cover, leave.since) is not None
    return f"{cover.name}, who is away as well" if is_away else cover.name
