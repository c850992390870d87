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

from adapters.card import Form
from adapters.errors import TemporaryError
from adapters.fake import FakeChannel
from adapters.message import Channel
from adapters.port import Answer, Route
from bot.app.demo.client_page import ClientPage, local_time
from bot.app.demo.seats import Seat, is_there, seat_at, seats
from bot.app.demo.talks import Said, Talks, entries, last_words, read_talks, thread_of
from bot.app.house import House
from bot.desk.sending.dropped import Dropped
from bot.desk.sending.outgoing import outbound_from_row
from bot.store.delivery import outbox
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.sending import background
from bot.store.driver.connection import Connection
from bot.web.rows import CHANNELS
from bot.web.stream import Stream
from sla.duration import moment

PATH: Final = "/demo/channels"
#: How far back cards are drawn again when the demo goes on.
RECALLED: Final = 400
LONGEST: Final = 20_000
DESK_COMMAND: Final = "/desk"


@dataclass(frozen=True, slots=True)
class _Opened:
    """A form in front of somebody. `key` makes it count once, `there` is where it was opened.

    `entered` and `errors` are what came of a try.
    """

    form: Form
    key: str
    there: str
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
        self._written = Said()

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
        """Draw again what stood there when the demo stopped; the channels have no memory of it."""
        now, revisions = self._house.time.now(), self._desk.revisions

        def read(conn: Connection) -> tuple[list[Outgoing], Any]:
            rows = [
                row
                for row in outbox.listing(conn, states=["sent"], count=RECALLED)
                if row.what in {"card", "ping", "relay"} or row.message_id is not None
            ]
            newest = {row.slot or row.key: row for row in reversed(rows)}
            kept = sorted(newest.values(), key=lambda row: row.id)
            return kept, background(conn, revisions, kept, now=now)

        rows, known = await self._desk.database.read(read)
        for row in rows:
            standin = self._standins.get(Channel(row.channel))
            if standin is None:
                continue
            shown = outbound_from_row(row, known, now=now, limits=standin.limits)
            if isinstance(shown, Dropped):
                continue
            line = known.lines.get(row.message_id) if row.message_id is not None else None
            if line is not None and line.external_id:
                await standin.edit(line.external_id, shown)  # under the name it had
            else:
                await standin.send(shown)

    # ---- the page

    async def _show(self, request: web.Request) -> web.Response:
        now, revision = self._house.time.now(), self._desk.revisions.current
        everyone = seats(revision, self._standins)
        talks = await self._desk.database.read(lambda conn: read_talks(conn, everyone))
        chosen = seat_at(request.query.get("at", ""), everyone)
        if chosen is None and "at" in request.query:
            raise web.HTTPNotFound
        chosen = chosen or next((seat for seat in everyone if seat.conversation.key in talks), everyone[0])
        standin = self._standins[chosen.channel]
        standing = entries(chosen, standin, talks, self._written, revision, now=now)
        under = request.query.get("under", "")
        thread = thread_of(under, standing)
        home = standin.home(chosen.conversation.address) if chosen.owner else None
        values = {
            "title": f"{chosen.name} on {chosen.where}",
            "desk_name": revision.name,
            "here": _address(chosen, under if thread else ""),
            "path": PATH,
            "now": now,
            "speed": self._house.time.speed,
            "local_time": local_time(now, self._page.zone),
            "there": local_time(now, chosen.zone),
            "groups": self._groups(everyone, talks),
            "seat": chosen,
            "is_up": standin.health().is_up,
            "waiting": len(standin.unacknowledged),
            "entries": [thread] if thread else standing,
            "under": under if thread else "",
            "answered": next((one for one in thread.replies if one.under == under), thread) if thread else None,
            "home": home,
            "opened": self._opened.get(chosen.key),
            "said": self._said.get(chosen.key),
            "key": _fresh(),
        }
        return self._page.pages.show("channels.html", values)

    def _groups(self, everyone: Sequence[Seat], talks: Talks) -> list[dict[str, Any]]:
        """The list of conversations: those in which something stands first, the quiet ones folded away."""
        groups = []
        for channel, standin in self._standins.items():
            rows = [(seat, last_words(seat, standin, talks)) for seat in everyone if seat.channel is channel]
            groups.append({"channel": channel.value, "name": CHANNELS[channel], "rows": rows})
        return groups

    # ---- what is done here

    async def _say(self, request: web.Request) -> web.Response:
        seat, fields = await self._asked(request)
        text, key, under = fields.get("text", "").strip()[:LONGEST], fields.get("key", ""), fields.get("under", "")
        sender = fields.get("sender") or (seat.speakers[0][1] if seat.speakers else "")
        name = next((name for name, address in seat.speakers if address == sender), None)
        if name is None or not key:
            raise web.HTTPBadRequest
        if not text:
            return self._back(request, seat, under)
        standin, spoken, address = self._standins[seat.channel], f"typed-{key}", seat.conversation.address
        if not seat.owner:
            if seat.has_threads:  # what is in no thread yet is the first of its own
                address = under or f"{address}#{spoken}"
            await standin.says(address, text, sender=sender, name=name, external_id=spoken)
        elif seat.channel is Channel.SLACK and text.startswith(DESK_COMMAND):
            self._answered(seat, await self._commanded(standin, address, text.removeprefix(DESK_COMMAND).strip(), key))
        else:
            is_inward = seat.channel is Channel.EMAIL
            if self._written.add(address, spoken, under, text, moment(self._house.time.now())):
                await standin.says(
                    address, text, name=name, external_id=spoken, reply_to=under or None, is_inward=is_inward
                )
        return self._back(request, seat, under)

    async def _commanded(self, standin: FakeChannel, address: str, text: str, key: str) -> Answer:
        try:
            return await standin.command(address, "desk", text, key=key)
        except TemporaryError:
            return Answer("Slack is away: nothing can be asked there.", is_refused=True)

    async def _press(self, request: web.Request) -> web.Response:
        seat, fields = await self._asked(request)
        action, _, value = fields.get("press", "").partition(" ")
        there, by = fields.get("there") or seat.conversation.address, seat.speakers[0][1] if seat.speakers else None
        if not is_there(there, seat):
            raise web.HTTPNotFound
        try:
            answer = await self._standins[seat.channel].press(there, action, value, by=by)
        except LookupError:
            answer = Answer("This button is gone: what stands there has changed.", is_refused=True)
        except TemporaryError:
            answer = Answer(f"{seat.where} is away: nothing can be pressed there.", is_refused=True)
        self._answered(seat, answer, there)
        return self._back(request, seat, fields.get("under", ""))

    async def _submit(self, request: web.Request) -> web.Response:
        seat, fields = await self._asked(request)
        opened = self._opened.get(seat.key)
        if opened is None:
            return self._back(request, seat)  # sent twice: the first one was taken
        entered = {entry.name: fields.get(entry.name, "") for entry in opened.form.inputs}
        standin, by = self._standins[seat.channel], seat.speakers[0][1] if seat.speakers else None
        try:
            answer = await standin.command(
                opened.there, opened.form.action, opened.form.value, fields=entered, by=by, key=opened.key
            )
        except TemporaryError:
            answer = Answer(f"{seat.where} is away: try again when it is back.", is_refused=True)
        if answer.is_refused:  # it stays open, with what was written
            errors = answer.errors or {"": answer.text}
            self._opened[seat.key] = replace(opened, key=_fresh(), entered=entered, errors=errors)
        else:
            del self._opened[seat.key]
            self._answered(seat, answer, opened.there)
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

    def _answered(self, seat: Seat, answer: Answer, there: str = "") -> None:
        self._said.pop(seat.key, None)
        if answer.form is not None:
            self._opened[seat.key] = _Opened(answer.form, _fresh(), there or seat.conversation.address)
        elif words := answer.text or " ".join(answer.errors.values()):
            self._said[seat.key] = (_fresh(), words)

    async def _asked(self, request: web.Request) -> tuple[Seat, Mapping[str, str]]:
        fields = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        seat = seat_at(fields.get("at", ""), seats(self._desk.revisions.current, self._standins))
        if seat is None:
            raise web.HTTPNotFound
        return seat, fields

    def _back(self, request: web.Request, seat: Seat, under: str = "") -> web.Response:
        """The page again; its script only asks for a fresh key and reads the rest anew."""
        self._desk.changes.tell()
        if request.headers.get("Accept", "").startswith("application/json"):
            return web.json_response({"text": "", "errors": {}, "is_refused": False, "key": _fresh()})
        raise web.HTTPSeeOther(_address(seat, under))


def _address(seat: Seat, under: str) -> str:
    """The page of a seat, or of one thread there."""
    return f"{PATH}?at={quote(seat.key)}" + (f"&under={quote(under)}" if under else "")


def _fresh() -> str:
    return secrets.token_urlsafe(9)
