"""Calls in a window of the channel: a form before a client, what became of it in the answer. Used by the chat widget.

    BOOK ──> what about, when ──> booked | refused: why, and the times that are left ──> LEAD: may it be all the same?
    MOVE ──> when ──> moved        CANCEL ──> is it meant? ──> cancelled        FILE ──> where the calendar file is

Whoever the channel has proven may book before they have said a word: then their conversation begins by it. The same
press again does nothing again. What is done is said in the conversation as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from adapters.card import Form
from adapters.message import Button
from adapters.port import Answer, Press
from bot.desk.calls.call_desk import CallDesk
from bot.desk.calls.forms import (
    BOOK,
    CANCEL,
    DAY,
    FILE,
    KIND,
    LEAD,
    MOVE,
    SLOT,
    booking_form,
    call_named,
    cancelling_form,
    moving_form,
)
from bot.desk.calls.life import Outcome
from bot.desk.calls.offer import Offer
from bot.desk.calls.offering import BOOK as LINKS
from bot.desk.talk.wordless import as_said
from bot.store.calls.call_offers import Asker, Offered, asker_to_text, slot_from_text, slot_to_text
from bot.store.driver.committer import Committer
from bot.store.driver.connection import Connection
from bot.store.facts import lock_conversations
from bot.store.people import tokens
from bot.store.people.arrivals import arrivals
from bot.store.reading import reads
from bot.store.revisions import Revisions
from bot.tickets.calls.call import Call
from bot.tickets.texts import Texts
from sla.duration import Instant, later

PRESSES: Final = frozenset({BOOK, MOVE, CANCEL, LEAD, FILE})
#: A calendar file is fetched at once; whoever presses later gets another link.
_FETCHED_WITHIN: Final = timedelta(hours=1)
_FETCHES: Final = 100
_BETWEEN: Final = "|"


class CallWindow:
    """Answers such presses; one per process."""

    def __init__(
        self,
        committer: Committer,
        revisions: Revisions,
        calls: CallDesk,
        now: Callable[[], Instant],
        *,
        page: str = "",
    ) -> None:
        """`page` is where our pages are seen from outside."""
        self._committer = committer
        self._revisions = revisions
        self._calls = calls
        self._now = now
        self._page = page

    async def answer(self, press: Press) -> Answer:
        """What one press comes to."""
        asker = await self._committer.commit(self._askers, press)
        if asker is None:
            return self._refused("call_not_for_you")
        kept = await self._calls.said(asker, key=press.key)
        if kept is not None:
            return await self._told(asker, press, kept)
        ways = {BOOK: self._book, MOVE: self._move, CANCEL: self._cancel, LEAD: self._ask_lead, FILE: self._file}
        return await ways[press.action](asker, press)

    async def _book(self, asker: Asker, press: Press) -> Answer:
        kind, time = press.fields.get(KIND, "") or press.value, slot_from_text(press.fields.get(SLOT, ""))
        if time is not None:
            key = press.key
            found = await self._calls.book(asker, kind=kind, person=time.person, begins_at=time.begins_at, key=key)
            return await self._told(asker, press, found)
        return await self._free(asker, kind, press.fields.get(DAY, ""))

    async def _free(self, asker: Asker, kind: str, day: str = "") -> Answer:
        """The free times for a call of a kind; for whoever has a call already, those that it may be moved to."""
        offer = await self._calls.offered(asker, kind=kind)
        if offer.call is not None:
            return self._movable(offer, offer.call, day)
        if offer.person is None:
            return Answer(offer.refusal, is_refused=True)
        return Answer(form=self._form(offer, day))

    async def _move(self, asker: Asker, press: Press) -> Answer:
        named, time = call_named(press.value), slot_from_text(press.fields.get(SLOT, ""))
        offer = await self._calls.offered(asker, call=named)
        if offer.call is None:
            return self._gone(offer)
        if time is None:
            return self._movable(offer, offer.call, press.fields.get(DAY, ""))
        found = await self._calls.move(asker, begins_at=time.begins_at, key=press.key, call=named)
        return await self._told(asker, press, found)

    async def _cancel(self, asker: Asker, press: Press) -> Answer:
        named = call_named(press.value)
        offer = await self._calls.offered(asker, call=named)
        if offer.call is None:
            return self._gone(offer)
        if press.value != named or not named:
            speak, revision = self._texts(offer), self._revisions.current
            return Answer(form=cancelling_form(revision, offer, offer.call, speak, now=self._now()))
        return await self._told(asker, press, await self._calls.cancel(asker, key=press.key, call=named))

    async def _ask_lead(self, asker: Asker, press: Press) -> Answer:
        kind, _, written = press.value.partition(_BETWEEN)
        time = slot_from_text(written)
        if time is None:
            return await self._free(asker, kind)
        key = press.key
        found = await self._calls.ask_lead(asker, kind=kind, person=time.person, begins_at=time.begins_at, key=key)
        return await self._told(asker, press, found)

    async def _file(self, asker: Asker, press: Press) -> Answer:
        named = call_named(press.value)
        offer = await self._calls.offered(asker, count=1, call=named)
        if offer.call is None or not self._page:
            return self._gone(offer)
        token = await self._committer.commit(self._links, asker)
        address = f"{self._page.rstrip('/')}/call/{token}.ics?call={offer.call.key}"
        return Answer(f"{self._texts(offer)('book_calendar')}: {address}")

    async def _told(self, asker: Asker, press: Press, found: Outcome) -> Answer:
        """What became of a wish; one that was refused with the times that are left."""
        if not found.is_refused:
            return Answer(self._shortened(found, await self._calls.offered(asker, count=1)))
        kind = press.fields.get(KIND, "") or press.value.partition(_BETWEEN)[0]
        named = call_named(press.value) if press.action in {MOVE, CANCEL} else ""
        offer = await self._calls.offered(asker, kind=kind, call=named)
        text, day = self._shortened(found, offer), press.fields.get(DAY, "")
        if found.call is not None and press.action != MOVE:
            return Answer(text, is_refused=True)
        if offer.call is not None:
            form = None if offer.is_late else self._moving(offer, offer.call, day)
            return Answer(text, form=form, is_refused=True)
        if offer.person is None or press.action not in {BOOK, LEAD}:
            return Answer(text, is_refused=True)
        wanted = slot_from_text(press.fields.get(SLOT, ""))
        return Answer(text, form=self._form(offer, day, wanted if found.can_ask_lead else None), is_refused=True)

    def _form(self, offer: Offer, day: str, wanted: Offered | None = None) -> Form:
        """`wanted` is what only a lead may allow: then they can be asked."""
        speak = self._texts(offer)
        form = booking_form(self._revisions.current, offer, speak, now=self._now(), day=day)
        if wanted is None:
            return form
        value = f"{offer.kind}{_BETWEEN}{slot_to_text(wanted)}"
        return replace(form, buttons=(Button(LEAD, speak("button_client_call_lead"), value),))

    def _moving(self, offer: Offer, call: Call, day: str) -> Form:
        return moving_form(self._revisions.current, offer, call, self._texts(offer), now=self._now(), day=day)

    def _movable(self, offer: Offer, call: Call, day: str) -> Answer:
        return self._said(offer, "book_move_late") if offer.is_late else Answer(form=self._moving(offer, call, day))

    def _shortened(self, found: Outcome, offer: Offer) -> str:
        """What to write in the conversation is left out where there are buttons for it."""
        written = self._texts(offer)("call_change")
        return "\n".join(line for line in found.text.splitlines() if line != written)

    def _gone(self, offer: Offer) -> Answer:
        """There is no such call; they may have others."""
        return self._said(offer, "call_which_none" if offer.others else "call_none_yet")

    def _said(self, offer: Offer, key: str) -> Answer:
        return Answer(self._texts(offer)(key), is_refused=True)

    def _refused(self, key: str) -> Answer:
        revision = self._revisions.current
        return Answer(Texts(revision.language, revision.zone, revision.texts)(key), is_refused=True)

    def _texts(self, offer: Offer) -> Texts:
        return Texts(offer.language, offer.zone, self._revisions.current.texts)

    # Inside a transaction

    def _links(self, conn: Connection, askers: Sequence[Asker]) -> Sequence[str]:
        now = self._now()
        ends_at = later(now, _FETCHED_WITHIN)
        return [
            tokens.make_link(
                conn, purpose=LINKS, subject=asker_to_text(one), now=now, expires_at=ends_at, uses=_FETCHES
            )
            for one in askers
        ]

    def _askers(self, conn: Connection, pressed: Sequence[Press]) -> Sequence[Asker | None]:
        lock_conversations(conn, [one.conversation.key for one in pressed if one.conversation is not None])
        return [self._asker(conn, one) for one in pressed]

    def _asker(self, conn: Connection, press: Press) -> Asker | None:
        """Who presses in a conversation of their own; nobody becomes known by it who is not proven to be a client's."""
        where, revision = press.conversation, self._revisions.current
        if where is None or where.address != press.by.address:
            return None
        met = reads.acquaintance(conn, press.by.key, press.vouched)
        signed = press.vouched.client if press.vouched is not None else None
        if signed not in revision.clients and (met is None or met.client not in revision.clients):
            return None
        (arrival,) = arrivals(conn, revision, [as_said(press)], now=self._now())
        speaker = arrival.speaker
        if speaker.client is None or not speaker.is_verified:
            return None
        return Asker(arrival.talk.id, speaker.contact, speaker.client)
