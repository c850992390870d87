"""The page of an invented application whose people have a desk to turn to: what a client sees of Maitred.

It signs the widget's tokens as a host application does, with a secret of this demo alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import jwt
from aiohttp import web

from adapters.port import Route
from bot.app.house import House
from bot.now import wall_now
from bot.store.driver.connection import Connection
from bot.store.people.tokens import Token, make_link
from bot.web.pages import Pages
from bot.web.session import BOARD_LINK
from routing.people import ClientId, Person, PersonId, Role
from sla.duration import Instant, later, moment
from sla.week import parse_zone

KEY_ID: Final = "demo"
TOKEN_FOR: Final = timedelta(hours=12)
#: Links of the demo open the board as often as one likes: they are printed once and found on the client's page.
LINK_FOR: Final = timedelta(days=3650)
LINK_USES: Final = 1_000_000
VISITOR: Final = "visitor"


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody the application has signed in, as its token says."""

    subject: str
    name: str
    client: str
    email: str = ""


#: Whom one may be on the client's page; besides them a visitor whom nobody vouches for.
GUESTS: Final[Mapping[str, Guest]] = {
    "lena": Guest("user-17", "Lena", "acme", "lena@acme.test"),
    "bill": Guest("user-37", "Bill", "initech", "bill@initech.test"),
}


@dataclass(frozen=True, slots=True)
class Door:
    """A way in to the board for one of our people."""

    name: str
    role: str
    url: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything is, for who started the demo; `time` is what the desk's clock shows."""

    page: str
    doors: tuple[Door, ...]
    channels: str
    time: str
    speed: float


@dataclass(slots=True)
class ClientPage:
    """`/demo` and the tokens behind it. `doors` are filled in once it is known where we listen."""

    house: House
    pages: Pages
    doors: Sequence[Door] = field(default=())

    @property
    def routes(self) -> list[Route]:
        return [Route("GET", "/demo", self._show), Route("GET", "/demo/token", self._token)]

    async def opened(self, address: str) -> Addresses:
        """Make the links to the board and say where everything is."""
        doors = []
        # Two hosts are two cookies: the manager and the lead can be signed in side by side in one browser.
        seen_at = address.replace("127.0.0.1", "localhost")
        for person, role, host in ((self._manager(), Role.MANAGER, address), (self._lead(), Role.LEAD, seen_at)):
            if person is not None:
                doors.append(Door(person.name, role.value, f"{host}/board/enter/{await self._link(person)}"))
        self.doors = doors
        return Addresses(
            f"{address}/demo", tuple(doors), f"{address}/demo/channels", self._time(), self.house.time.speed
        )

    @property
    def played(self) -> Sequence[PersonId]:
        """Those of our people whose board is handed out; nobody else acts for them."""
        return [one.id for one in (self._manager(), self._lead()) if one is not None]

    @property
    def zone(self) -> str:
        """Where the manager reads the time, and so the demo's pages."""
        revision, manager = self.house.desk.revisions.current, self._manager()
        return revision.calendars[manager.calendar].zone if manager else revision.zone

    def token(self, guest: Guest) -> str:
        """The application's signed word for somebody, as every host application gives it."""
        claims = {
            "sub": guest.subject,
            "name": guest.name,
            "client": guest.client,
            "email": guest.email,
            "aud": "maitred",
            "exp": moment(later(wall_now(), TOKEN_FOR)),
        }
        secret = self.house.settings.jwt_secrets()[KEY_ID]
        return jwt.encode(
            {name: claim for name, claim in claims.items() if claim}, secret, "HS256", headers={"kid": KEY_ID}
        )

    async def _link(self, person: Person) -> Token:
        now = self.house.time.now()
        expires_at = later(now, LINK_FOR)

        def write(conn: Connection) -> Token:
            return make_link(
                conn, purpose=BOARD_LINK, subject=person.id, now=now, expires_at=expires_at, uses=LINK_USES
            )

        return await self.house.database.write(write)

    async def _show(self, request: web.Request) -> web.Response:
        who = request.query.get("as", "lena")
        guest = GUESTS.get(who)
        if guest is None and who != VISITOR:
            raise web.HTTPNotFound
        values = {
            "title": "Tracker",
            "who": who,
            "guest": self._described(guest) if guest else None,
            "token": self.token(guest) if guest else "",
            "guests": [(key, self._described(one)) for key, one in GUESTS.items()],
            "doors": self.doors,
            "now": self.house.time.now(),
            "speed": self.house.time.speed,
            "zone": self.zone,
            "local_time": self._time(),
        }
        return self.pages.show("demo.html", values)

    async def _token(self, request: web.Request) -> web.Response:
        """A fresh token for a page whose own has run out, or was signed before the demo was started again."""
        guest = GUESTS.get(request.query.get("as", ""))
        if guest is None:
            raise web.HTTPNotFound
        return web.Response(text=self.token(guest), headers={"Cache-Control": "no-store"})

    def _described(self, guest: Guest) -> Mapping[str, Any]:
        revision = self.house.desk.revisions.current
        client = revision.client(ClientId(guest.client))
        manager = revision.person(client.manager if client else None)
        return {
            "name": guest.name,
            "client": client.name if client else guest.client,
            "plan": revision.plans[client.plan].name if client else "",
            "manager": manager.name if manager else "",
            "zone": (client.zone if client else None) or revision.zone,
        }

    def _lead(self) -> Person | None:
        people = self.house.desk.revisions.current.people.values()
        return next((one for one in people if Role.LEAD in one.roles), None)

    def _manager(self) -> Person | None:
        """The one of our people whom the first guest belongs to, else any manager."""
        revision = self.house.desk.revisions.current
        client = revision.client(ClientId(next(iter(GUESTS.values())).client))
        managers = (one for one in revision.people.values() if Role.MANAGER in one.roles)
        return revision.person(client.manager if client else None) or next(managers, None)

    def _time(self) -> str:
        return local_time(self.house.time.now(), self.zone)


def local_time(now: Instant, zone: str) -> str:
    """What the clock on the wall of a zone shows: `Tuesday 10:14`."""
    return f"{moment(now).astimezone(parse_zone(zone)):%A %H:%M}"
