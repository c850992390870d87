"""The booking page: whoever holds the link of a conversation books, moves and cancels the call of its contact.

Looking changes nothing, however often previews and scanners do it; every change is a form of our own page with a key,
so a double press is one. The link is a secret in an address: nothing here says more of the contact than their calls.
No script is needed, and none is loaded.

    /book/TOKEN ──POST book | move | cancel | lead──> done: back to the page, which says what became of it
                                                └──> refused: the page again, with the next times
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from adapters.text import clean
from bot.desk.calls.life import Outcome
from bot.desk.calls.offer import Offer
from bot.store.calls.call_offers import Asker
from bot.tickets.calls.call import Call
from bot.tickets.calls.telling import client_line
from bot.tickets.calls.texts import zone_of
from bot.tickets.outcome import first_name
from bot.tickets.revision import Revision
from bot.tickets.texts import LANGUAGES, Texts
from bot.web.booking_view import Reader, booked_of, days_of, moments_of, said_zone
from bot.web.desk import Desk
from bot.web.forms import FieldsError, moment_from_field
from bot.web.pages import Pages
from routing.people import PersonId
from sla.duration import Instant, instant

#: Every time of a month, of whoever works around the clock.
MOST: Final = 3_000
_KEY: Final = re.compile(r"[\w-]{1,64}", re.ASCII)
_CALL: Final = re.compile(r"\d{1,18}\.\d{1,9}", re.ASCII)
_AT: Final = re.compile(r"\d{1,13}", re.ASCII)
_DEEDS: Final = frozenset({"book", "move", "cancel", "lead"})
_LONGEST: Final = 100
_REFUSED: Final = 422
_CLOSED: Final = 410
#: Search engines keep no address that opens somebody's calls.
UNLISTED: Final = {"X-Robots-Tag": "noindex, nofollow"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form of the page asks for; `key` makes it count once, `call` names the one that is changed."""

    deed: str
    kind: str
    person: PersonId
    begins_at: Instant
    key: str
    call: str = ""


class Booking:
    """Serves the page."""

    def __init__(self, desk: Desk, pages: Pages) -> None:
        self._desk = desk
        self._pages = pages

    @property
    def routes(self) -> list[web.RouteDef]:
        """Where links of ours lead."""
        return [web.get("/book/{token}", self._see), web.post("/book/{token}", self._change)]

    async def _see(self, request: web.Request) -> web.Response:
        asker = await self._desk.calls.asker_of(request.match_info["token"])
        if asker is None:
            return self._closed(request)
        key = request.query.get("said", "")
        said = await self._desk.calls.said(asker, key=key) if key else None
        return await self._show(request, asker, said=said)

    async def _change(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        asker = await self._desk.calls.asker_of(token)
        if asker is None:
            return self._closed(request)
        fields = {name: clean(one) for name, one in (await request.post()).items() if isinstance(one, str)}
        call = _named(fields.get("call", ""))
        offer = await self._desk.calls.offered(asker, count=1, call=call)
        try:
            wish = replace(_wish(fields, offer), call=call)
        except FieldsError:
            return await self._show(request, asker, mend="book_which", call=call)
        outcome = await self._performed(asker, wish)
        if not outcome.is_refused:
            raise web.HTTPSeeOther(f"/book/{token}?said={wish.key}{_of(call)}")
        return await self._show(request, asker, said=outcome, wish=wish)

    async def _performed(self, asker: Asker, wish: Wish) -> Outcome:
        calls = self._desk.calls
        if wish.deed == "cancel":
            return await calls.cancel(asker, key=wish.key, call=wish.call)
        if wish.deed == "move":
            return await calls.move(asker, begins_at=wish.begins_at, key=wish.key, call=wish.call)
        ask = calls.ask_lead if wish.deed == "lead" else calls.book
        return await ask(asker, kind=wish.kind, person=wish.person, begins_at=wish.begins_at, key=wish.key)

    async def _show(
        self,
        request: web.Request,
        asker: Asker,
        *,
        said: Outcome | None = None,
        wish: Wish | None = None,
        mend: str = "",
        call: str = "",
    ) -> web.Response:
        """The page as things stand now; `wish` could not be done, `mend` says what is wrong with it.

        `call` is the one that was to be changed; whoever only looks names it in the address.
        """
        named = wish.call if wish is not None else call or _named(request.query.get("call", ""))
        kind = (wish.kind if wish is not None else request.query.get("kind", ""))[:_LONGEST]
        offer = await self._desk.calls.offered(asker, kind=kind, count=MOST, call=named)
        if not offer.kinds:  # they are no client's any more
            return self._closed(request)
        revision, now = self._desk.revisions.current, self._desk.now()
        speak = Texts(offer.language, offer.zone, revision.texts)
        reader = Reader(speak, offer.person_name, offer.person_zone)
        booked = None
        if (held := offer.call) is not None:
            whose = Reader(speak, first_name(revision, held.person, speak("the_team")), zone_of(revision, held.person))
            booked = booked_of(revision, held, whose, now=now)
        days, times = days_of(offer, reader, request.query.get("day", ""))
        then = times[0].at if times else now
        is_moving = held is not None and not offer.is_late and ("move" in request.query or _wants(wish, "move"))
        instead = said.slots if said is not None and said.is_refused and (held is None or is_moving) else ()
        can_ask = said is not None and said.can_ask_lead and wish is not None and held is None
        newest = await self._desk.calls.newest(asker) if held is None else held
        of_call = _of(held.key) if held is not None and named else ""
        values: dict[str, Any] = {
            "t": speak,
            "desk_name": revision.name,
            "at": f"/book/{request.match_info['token']}",
            "ics": f"/call/{request.match_info['token']}.ics{of_call.replace('&', '?')}" if newest is not None else "",
            "call": held.key if held is not None and named else "",
            "of_call": of_call,
            "others": [(one.key, _line(revision, one, speak, now)) for one in offer.others],
            "offer": offer,
            "booked": booked,
            "is_moving": is_moving,
            "said": speak(mend) if mend else _said(said, offer, wish, speak),
            "is_refused": bool(mend) or (said is not None and said.is_refused),
            "instead": moments_of(revision, [(one.person, one.begins_at) for one in instead], reader),
            "wish": wish if can_ask else None,
            "days": days,
            "times": times,
            "kind": offer.kind,
            "zone": said_zone(offer.zone, then),
            "is_apart": said_zone(offer.zone, then)[-6:] != said_zone(offer.person_zone, then)[-6:],
            "key": secrets.token_urlsafe(12),
        }
        status = _REFUSED if values["is_refused"] else 200
        return self._unlisted(self._pages.show("booking.html", values, status=status))

    def _closed(self, request: web.Request) -> web.Response:
        """The same for a link that is over, that never was, or whose contact is no client's any more."""
        revision = self._desk.revisions.current
        language = _accepted(request.headers.get("Accept-Language", ""), revision.language)
        speak = Texts(language, revision.zone, revision.texts)
        values = {"t": speak, "desk_name": revision.name, "offer": None, "said": ""}
        return self._unlisted(self._pages.show("booking.html", values, status=_CLOSED))

    def _unlisted(self, response: web.Response) -> web.Response:
        response.headers.update(UNLISTED)
        return response


def _named(key: str) -> str:
    """The call that an address or a form names; what is none of ours names none."""
    return key if _CALL.fullmatch(key) else ""


def _of(call: str) -> str:
    """What leads back to the same call, at the end of an address."""
    return f"&call={call}" if call else ""


def _line(revision: Revision, call: Call, speak: Texts, now: Instant) -> str:
    client = revision.clients.get(call.client)
    rules = revision.calls.of(call.client, client.plan if client is not None else revision.public_plan)
    return client_line(revision, call, rules, speak, now=now)


def _wish(fields: Mapping[str, str], offer: Offer) -> Wish:
    """What a form asks for. A FieldsError where the moment is none; what no form of ours sends is no request at all."""
    deed, key = fields.get("do", ""), fields.get("key", "")
    if deed not in _DEEDS or not _KEY.fullmatch(key):
        raise web.HTTPBadRequest
    written = fields.get("at", "")
    if deed == "cancel":
        begins_at = Instant(0)
    elif "when" in fields:
        begins_at = moment_from_field(fields["when"], offer.zone)
    elif _AT.fullmatch(written):
        begins_at = Instant(int(written))
    else:
        raise web.HTTPBadRequest
    if not 0 <= begins_at < _FARTHEST:
        raise FieldsError(when="Choose a day and a time.")
    kind, person = fields.get("kind", "")[:_LONGEST], PersonId(fields.get("person", "")[:_LONGEST])
    # Another time chosen on the same page, after going back to it, is another wish.
    return Wish(deed, kind, person, begins_at, f"page-{key}-{deed}-{begins_at}")


#: As far as a date is written in four figures everywhere.
_FARTHEST: Final = instant(datetime.fromisoformat("9000-01-01T00:00+00:00"))


def _said(said: Outcome | None, offer: Offer, wish: Wish | None, speak: Texts) -> str:
    """What became of a wish, in words that fit on a page: what to write in the conversation is left out."""
    if said is None:
        return ""
    if said.is_refused and wish is not None and offer.call is not None and wish.deed in {"book", "lead"}:
        return speak("book_has_call")
    if said.is_refused and wish is not None and not said.slots and wish.deed == "move":
        return speak("book_move_late" if offer.is_late else "book_same" if offer.call else "book_no_call")
    if said.is_refused and wish is not None and wish.deed == "cancel":
        return speak("book_no_call")
    shown_otherwise = {speak("call_change"), speak("call_url", url=said.call.url if said.call is not None else "")}
    return "\n".join(line for line in said.text.splitlines() if line not in shown_otherwise)


def _wants(wish: Wish | None, deed: str) -> bool:
    return wish is not None and wish.deed == deed


def _accepted(header: str, fallback: str) -> str:
    """The first language of a browser that we speak."""
    tags = (part.split(";")[0].strip().split("-")[0].lower() for part in header[:_LONGEST].split(","))
    return next((tag for tag in tags if tag in LANGUAGES), fallback)
