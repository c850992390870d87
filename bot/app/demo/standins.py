"""The clients' side of the demo's channels, live on one page: what stands in Telegram, Slack and email, to be played.

A client's conversation is what the database says has arrived; a message of theirs goes the way of every message. Our
own people see their cards and press their buttons, which ends at the same door as in the real Slack.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from adapters.card import Form, OutboundCard
from adapters.errors import TemporaryError
from adapters.fake import FakeChannel
from adapters.fake_screen import Shown, reply_to
from adapters.message import Channel, OutboundMessage
from adapters.port import Answer, Route
from bot.app.demo.client_page import ClientPage, local_time
from bot.app.demo.seats import Seat, seat_at, seats
from bot.app.house import House
from bot.desk.sending.dropped import Dropped
from bot.desk.sending.outgoing import outbound_from_row
from bot.store.delivery import outbox
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.sending import background
from bot.store.driver.connection import Connection
from bot.store.reading.reads import heads, lines_of_conversation
from bot.tickets.facts import Line
from bot.tickets.texts import Texts
from bot.web.rows import CHANNELS
from bot.web.stream import Stream
from routing.people import PersonId
from sla.duration import instant

PATH: Final = "/demo/channels"
#: How far back cards are drawn again when the demo goes on, and how long a preview is.
RECALLED: Final = 400
PREVIEW: Final = 80
ARRIVED: Final = frozenset({"received", "sent", "delivered", "seen"})
LONGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Opened:
    """A form in front of one of our people. `key` makes it count once, `entered` and `errors` what came of a try."""

    form: Form
    key: str
    entered: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


class _Everyone:
    """Who may listen here: anybody, for the demo is on this machine alone."""

    async def visitor(self, request: web.Request) -> object:
        return request

    def refuse(self) -> web.Response:
        return web.Response(status=401)


class Standins:
    """The pages below /demo/channels."""

    def __init__(self, house: House, page: ClientPage, standins: Mapping[Channel, FakeChannel]) -> None:
        self._house = house
        self._desk = house.desk
        self._page = page
        self._standins = standins
        self._stream = Stream(house.desk, _Everyone(), "/demo/stream")
        self._opened: dict[str, _Opened] = {}
        self._said: dict[str, tuple[str, str]] = {}

    @property
    def routes(self) -> list[Route]:
        return [
            *(Route(one.method, one.path, one.handler) for one in self._stream.routes),
            Route("GET", PATH, self._show),
            Route("POST", f"{PATH}/say", self._say),
            Route("POST", f"{PATH}/press", self._press),
            Route("POST", f"{PATH}/submit", self._submit),
            Route("POST", f"{PATH}/put-away", self._put_away),
            Route("POST", f"{PATH}/switch", self._switch),
        ]

    async def close(self) -> None:
        """Let open pages go, so that the listener can end."""
        await self._stream.close()

    async def recall(self) -> None:
        """Draw again what stood in front of our people when the demo stopped; the channels have no memory of it."""
        now, revisions = self._house.time.now(), self._desk.revisions

        def read(conn: Connection) -> tuple[list[Outgoing], Any]:
            rows = [
                row for row in outbox.listing(conn, states=["sent"], count=RECALLED) if row.what in {"card", "ping"}
            ]
            newest = {row.slot or row.key: row for row in reversed(rows)}
            kept = sorted(newest.values(), key=lambda row: row.id)
            return kept, background(conn, revisions, kept, now=now)

        rows, known = await self._desk.database.read(read)
        for row in rows:
            standin = self._standins.get(Channel(row.channel))
            shown = outbound_from_row(row, known, now=now)
            if standin is not None and not isinstance(shown, Dropped):
                await standin.send(shown)

    # ---- the page

    async def _show(self, request: web.Request) -> web.Response:
        now, revision = self._house.time.now(), self._desk.revisions.current
        everyone = seats(revision, self._standins)
        keys = [seat.conversation.key for seat in everyone if not seat.owner]

        def read(conn: Connection) -> dict[str, Sequence[Line]]:
            return {key: lines_of_conversation(conn, key, 0) for key in heads(conn, keys)}

        talks = await self._desk.database.read(read)
        chosen = seat_at(request.query.get("at", ""), everyone)
        if chosen is None and "at" in request.query:
            raise web.HTTPNotFound
        chosen = chosen or next((seat for seat in everyone if seat.conversation.key in talks), everyone[0])
        speak = Texts("en", chosen.zone, revision.texts)
        lines = [line for line in talks.get(chosen.conversation.key, ()) if line.state in ARRIVED]
        values = {
            "title": f"{chosen.name} on {chosen.where}",
            "desk_name": revision.name,
            "here": f"{PATH}?at={quote(chosen.key)}",
            "path": PATH,
            "now": now,
            "speed": self._house.time.speed,
            "local_time": local_time(now, self._page.zone),
            "there": local_time(now, chosen.zone),
            "groups": self._groups(everyone, talks),
            "seat": chosen,
            "is_up": self._standins[chosen.channel].health().is_up,
            "waiting": len(self._standins[chosen.channel].unacknowledged),
            "lines": [self._line(line, speak, chosen) for line in lines],
            "cards": [(shown, speak.moment(instant(shown.at), now=now)) for shown in self._cards(chosen)],
            "opened": self._opened.get(chosen.key),
            "said": self._said.get(chosen.key),
            "key": _fresh(),
        }
        return self._page.pages.show("channels.html", values)

    def _groups(self, everyone: Sequence[Seat], talks: Mapping[str, Sequence[Line]]) -> list[dict[str, Any]]:
        """The list of conversations: those in which something stands first, the quiet ones folded away."""
        groups = []
        for channel in self._standins:
            rows = [(seat, self._last(seat, talks)) for seat in everyone if seat.channel is channel]
            groups.append({"channel": channel.value, "name": CHANNELS[channel], "rows": rows})
        return groups

    def _last(self, seat: Seat, talks: Mapping[str, Sequence[Line]]) -> str:
        if seat.owner:
            cards = self._cards(seat)
            return (cards[-1].card.title if cards[-1].card else cards[-1].text)[:PREVIEW] if cards else ""
        lines = [line for line in talks.get(seat.conversation.key, ()) if line.state in ARRIVED]
        return " ".join(lines[-1].text.split())[:PREVIEW] if lines else ""

    def _cards(self, seat: Seat) -> Sequence[Shown]:
        """What stands in a conversation of our own people, the latest change last."""
        if not seat.owner:
            return ()
        shown = self._standins[seat.channel].shown(seat.conversation.address)
        # What goes under a card repeats what stands in the client's conversation, which has a page here.
        kinds = OutboundCard | OutboundMessage
        said = [one for one in shown if isinstance(one.message, kinds) and reply_to(one.message) is None]
        return sorted(said, key=lambda one: one.at)

    def _line(self, line: Line, speak: Texts, seat: Seat) -> dict[str, Any]:
        revision = self._desk.revisions.current
        person = revision.person(PersonId(line.author)) if line.author and line.direction == "out" else None
        is_theirs = line.direction == "in"
        return {
            "id": f"m{line.id}",
            "is_theirs": is_theirs,
            "who": (line.author or seat.name) if is_theirs else (person.name if person else revision.name),
            "time": speak.moment(line.at, now=self._house.time.now()),
            "text": line.text,
            "is_deleted": line.is_deleted,
            "is_edited": line.is_edited,
            "attachments": line.attachments,
        }

    # ---- what is done here

    async def _say(self, request: web.Request) -> web.Response:
        seat, fields = await self._asked(request)
        text, key = fields.get("text", "").strip()[:LONGEST], fields.get("key", "")
        sender = fields.get("sender") or (seat.speakers[0][1] if seat.speakers else "")
        name = next((name for name, address in seat.speakers if address == sender), None)
        if name is None or not key:
            raise web.HTTPBadRequest
        if text:
            address = seat.conversation.address
            standin = self._standins[seat.channel]
            await standin.says(address, text, sender=sender, name=name, external_id=f"typed-{key}")
        return self._back(request, seat)

    async def _press(self, request: web.Request) -> web.Response:
        seat, fields = await self._asked(request)
        action, _, value = fields.get("press", "").partition(" ")
        try:
            answer = await self._standins[seat.channel].press(seat.conversation.address, action, value)
        except LookupError:
            raise web.HTTPNotFound from None
        except TemporaryError:
            answer = Answer(f"{seat.where} is away: nothing can be pressed there.", is_refused=True)
        self._answered(seat, answer)
        return self._back(request, seat)

    async def _submit(self, request: web.Request) -> web.Response:
        seat, fields = await self._asked(request)
        opened = self._opened.get(seat.key)
        if opened is None:
            return self._back(request, seat)  # sent twice: the first one was taken
        entered = {entry.name: fields.get(entry.name, "") for entry in opened.form.inputs}
        standin, address = self._standins[seat.channel], seat.conversation.address
        try:
            answer = await standin.command(
                address, opened.form.action, opened.form.value, fields=entered, key=opened.key
            )
        except TemporaryError:
            answer = Answer(f"{seat.where} is away: try again when it is back.", is_refused=True)
        if answer.is_refused:  # it stays open, with what was written
            errors = answer.errors or {"": answer.text}
            self._opened[seat.key] = replace(opened, key=_fresh(), entered=entered, errors=errors)
        else:
            del self._opened[seat.key]
            self._answered(seat, answer)
        return self._back(request, seat)

    async def _put_away(self, request: web.Request) -> web.Response:
        seat, _ = await self._asked(request)
        self._opened.pop(seat.key, None)
        self._said.pop(seat.key, None)
        return self._back(request, seat)

    async def _switch(self, request: web.Request) -> web.Response:
        """Take a channel down or bring it back, to see what the desk makes of it."""
        seat, fields = await self._asked(request)
        standin = self._standins[seat.channel]
        if fields.get("to") == "down":
            standin.down()
        else:
            await standin.up()
        self._desk.changes.tell()
        return self._back(request, seat)

    def _answered(self, seat: Seat, answer: Answer) -> None:
        self._said.pop(seat.key, None)
        if answer.form is not None:
            self._opened[seat.key] = _Opened(answer.form, _fresh())
        elif words := answer.text or " ".join(answer.errors.values()):
            self._said[seat.key] = (_fresh(), words)

    async def _asked(self, request: web.Request) -> tuple[Seat, Mapping[str, str]]:
        fields = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        seat = seat_at(fields.get("at", ""), seats(self._desk.revisions.current, self._standins))
        if seat is None:
            raise web.HTTPNotFound
        return seat, fields

    def _back(self, request: web.Request, seat: Seat) -> web.Response:
        """The page again; its script only asks for a fresh key and reads the rest anew."""
        self._desk.changes.tell()
        if request.headers.get("Accept", "").startswith("application/json"):
            return web.json_response({"text": "", "errors": {}, "is_refused": False, "key": _fresh()})
        raise web.HTTPSeeOther(f"{PATH}?at={quote(seat.key)}")


def _fresh() -> str:
    return secrets.token_urlsafe(9)
