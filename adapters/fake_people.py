"""Who sits at the other end of the channel in memory: clients who write, people of ours who press.

Everything said becomes a payload first and goes through the journal, as on a real channel; nothing is acknowledged that
the journal did not take.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal, TypedDict, Unpack

from adapters.card import Form
from adapters.errors import TemporaryError
from adapters.fake_faults import Faults
from adapters.fake_payload import payload_from_inbound
from adapters.fake_screen import Chronicle, Happening, Screen, What, buttons_of
from adapters.message import (
    Answered,
    Attachment,
    Channel,
    Conversation,
    DeliveryNotice,
    Identity,
    InboundAttendance,
    InboundDeletion,
    InboundEdit,
    InboundGap,
    InboundLine,
    InboundMessage,
    InboundPlace,
    InboundReaction,
    PlaceChange,
    Untrusted,
    Vouched,
)
from adapters.port import Answer, Ask, Cursor, Journal, Press, Raw


class Beside(TypedDict, total=False):
    """What only a mail has beside its words."""

    beneath: Untrusted
    beside: tuple[Identity, ...]
    subject: Untrusted
    is_cut: bool
    reply_claimed: str | None


class People:
    """The other end. A person's address is the conversation's own unless `sender` or `by` names another."""

    def __init__(
        self,
        channel: Channel,
        account: str,
        *,
        now: Callable[[], datetime],
        prefix: str,
        screen: Screen,
        faults: Faults,
    ) -> None:
        self.channel = channel
        self.account = account
        self._now = now
        self._since = now()
        self._prefix = prefix
        self._screen = screen
        self._faults = faults
        self._chronicle = Chronicle()
        self._forms: dict[tuple[str, str], Form] = {}
        self._count = 0

        self._journal: Journal | None = None
        self._ask: Ask | None = None
        self._waiting: list[Raw] = []
        self._acknowledged: set[str] = set()
        self._read = 0
        self._turn = asyncio.Lock()

    def conversation(self, address: str) -> Conversation:
        return Conversation(self.channel, self.account, address)

    def connect(self, journal: Journal, ask: Ask) -> None:
        """Listen without a task of its own: for a story, whose every step is awaited."""
        self._journal, self._ask = journal, ask
        self._since = self._now()

    def disconnect(self) -> None:
        self._journal = self._ask = None
        self._since = self._now()

    async def says(
        self,
        address: str,
        text: str,
        *,
        sender: str | None = None,
        name: str | None = None,
        at: datetime | None = None,
        attachments: tuple[Attachment, ...] = (),
        external_id: str | None = None,
        reply_to: str | None = None,
        vouched: Vouched | None = None,
        language: str | None = None,
        zone: str | None = None,
        album: str | None = None,
        doubt: str = "",
        is_inward: bool = False,
        quoted: str = "",
        **beside: Unpack[Beside],
    ) -> Raw:
        """Let somebody write; the answer's `external_id` is the message's own. What the journal raises comes back."""
        message = InboundMessage(
            self.conversation(address),
            external_id or self._next_id("in"),
            Identity(self.channel, sender or address),
            Untrusted(name or sender or address),
            Untrusted(text),
            at or self._now(),
            attachments,
            reply_to,
            vouched,
            language,
            zone,
            album,
            doubt=doubt,
            is_inward=is_inward,
            quoted=Untrusted(quoted),
            **beside,
        )
        return await self._happens("said", message, text, message.sender.address, message.external_id)

    async def edits(
        self,
        address: str,
        external_id: str,
        text: str,
        *,
        sender: str | None = None,
        at: datetime | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> Raw:
        by, where = sender or address, self.conversation(address)
        edit = InboundEdit(where, external_id, self._identity(by), Untrusted(text), self._at(at), attachments)
        return await self._happens("edited", edit, text, by)

    async def deletes(
        self, address: str, external_id: str, *, sender: str | None = None, at: datetime | None = None
    ) -> Raw:
        by = sender or address
        deletion = InboundDeletion(self.conversation(address), external_id, self._identity(by), self._at(at))
        return await self._happens("deleted", deletion, "", by)

    async def reacts(
        self, address: str, external_id: str, sign: str, *, sender: str | None = None, at: datetime | None = None
    ) -> Raw:
        by = sender or address
        where = self.conversation(address)
        reaction = InboundReaction(where, external_id, self._identity(by), Untrusted(sign), self._at(at))
        return await self._happens("reacted", reaction, sign, by)

    async def notices(
        self,
        address: str,
        external_id: str,
        state: Literal["delivered", "seen", "failed", "unwanted"],
        reason: str = "",
        *,
        at: datetime | None = None,
        to: str | None = None,
        is_address: bool = True,
    ) -> Raw:
        """Let the channel tell what became of something we sent, or of the copy that went `to` somebody else."""
        whose = self._identity(to) if to is not None else None
        where, at = self.conversation(address), self._at(at)
        notice = DeliveryNotice(where, external_id, state, at, reason, whose, is_address)
        return await self._happens("noticed", notice, f"{state} {reason}".strip(), "")

    async def becomes(
        self,
        address: str,
        change: PlaceChange,
        *,
        by: str | None = None,
        title: str = "",
        to: str | None = None,
        at: datetime | None = None,
    ) -> Raw:
        """Let something become of a place: we are taken into a group, blocked by a person, a group moves."""
        who = self._identity(by) if by is not None else None
        there = self.conversation(to) if to is not None else None
        place = InboundPlace(self.conversation(address), change, self._at(at), who, Untrusted(title), there)
        self._tell("moved", place.conversation, "", change, by or address)
        return await self.receives(payload_from_inbound(place), address=address)

    async def attends(
        self,
        address: str,
        uid: str,
        answer: Answered,
        *,
        sequence: int = 0,
        proposed_at: datetime | None = None,
    ) -> Raw:
        """Let somebody's calendar answer an invitation."""
        where, name, who = self.conversation(address), self._next_id("attended"), self._identity(address)
        said = InboundAttendance(where, name, who, uid, sequence, answer, self._now(), proposed_at)
        return await self.receives(payload_from_inbound(said), external_id=name, address=address)

    async def drops(self, at_most: int, since: datetime, until: datetime) -> Raw:
        """Let the channel have lost things that were said."""
        return await self.receives(payload_from_inbound(InboundGap(self.channel, self.account, at_most, since, until)))

    async def receives(
        self, payload: bytes, *, external_id: str | None = None, address: str = "", journal: Journal | None = None
    ) -> Raw:
        """Take any payload, a broken one too; without an address no lane is to be seen on it."""
        lane = self.conversation(address).lane if address else ""
        raw = Raw(self.channel, self.account, external_id or self._next_id("raw"), payload, self._now(), lane)
        await self.redelivers(raw, journal=journal)
        return raw

    async def redelivers(self, raw: Raw, *, journal: Journal | None = None) -> None:
        """Offer a payload, once more if it was offered before: channels repeat what they think we missed."""
        if all(waiting.key != raw.key for waiting in self._waiting):
            self._waiting.append(replace(raw, received_at=self._now()))
        await self._offer(journal)

    def is_acknowledged(self, raw: Raw) -> bool:
        return raw.key in self._acknowledged

    @property
    def unacknowledged(self) -> tuple[Raw, ...]:
        """What the channel still keeps for us, in order."""
        return tuple(self._waiting)

    async def press(
        self,
        address: str,
        name: str,
        value: str | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        by: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Press the newest button that reads `name` or has it as action; LookupError if the person sees none."""
        buttons = [(one, button) for one in reversed(self._screen.at(address)) for button in buttons_of(one.message)]
        for shown, button in buttons:
            if name in (button.action, button.label) and value in (None, button.value):
                under, action = shown.external_id, button.action
                return await self.command(address, action, button.value, fields=fields, by=by, key=key, under=under)
        seen = ", ".join(f"{button.label} ({button.action} {button.value})" for _, button in buttons)
        raise LookupError(f"no button {name!r} at {address}; there are: {seen or 'none'}")

    async def command(
        self,
        address: str,
        action: str,
        value: str = "",
        *,
        fields: Mapping[str, str] | None = None,
        by: str | None = None,
        key: str | None = None,
        under: str | None = None,
    ) -> Answer:
        """Ask the desk without a button, as a command does. The same `key` again is the channel repeating itself."""
        if self._faults.is_down:
            raise TemporaryError("the channel is down")
        if self._ask is None:
            raise RuntimeError("nobody listens: start run() or call connect()")
        person = by or address
        key = key or self._next_id("press")
        where = self.conversation(address)
        self._tell("pressed", where, key, f"{action} {value}".strip(), person)
        press = Press(key, self._identity(person), action, value, self._now(), dict(fields or {}), where, under)
        answer = await self._ask(press)
        if answer.form is not None:
            self._forms[address, person] = answer.form
        words = answer.form.title if answer.form else "\n".join((answer.text, *answer.errors.values()))
        self._tell("answered", where, key, words.strip(), person)
        return answer

    def form(self, address: str, *, by: str | None = None) -> Form:
        """The form a person has open; LookupError if there is none."""
        form = self._forms.get((address, by or address))
        if form is None:
            raise LookupError(f"no form is open at {address}")
        return form

    async def submit(
        self, address: str, fields: Mapping[str, str], *, by: str | None = None, key: str | None = None
    ) -> Answer:
        """Send the open form with its first values and `fields` over them; it stays open while something is wrong."""
        form = self.form(address, by=by)
        inputs = {entry.name: entry for entry in form.inputs}
        for name, entered in fields.items():
            if name not in inputs:
                raise LookupError(f"the form has no field {name!r}; it has: {', '.join(inputs)}")
            if inputs[name].kind == "choice" and entered not in {choice for choice, _ in inputs[name].choices}:
                raise LookupError(f"the field {name!r} does not offer {entered!r}")
        filled = {entry.name: entry.initial for entry in form.inputs} | dict(fields)
        answer = await self.command(address, form.action, form.value, fields=filled, by=by, key=key)
        if not answer.errors and answer.form is None:
            del self._forms[address, by or address]
        return answer

    def _identity(self, address: str) -> Identity:
        return Identity(self.channel, address)

    def _at(self, at: datetime | None) -> datetime:
        return at or self._now()

    def _next_id(self, kind: str) -> str:
        self._count += 1
        return f"{self._prefix}{kind}-{self._count}"

    async def _happens(
        self, what: What, inbound: InboundLine, text: str, by: str, external_id: str | None = None
    ) -> Raw:
        self._tell(what, inbound.conversation, inbound.external_id, text, by)
        return await self.receives(
            payload_from_inbound(inbound),
            external_id=external_id or f"{inbound.external_id}/{self._next_id(what)}",
            address=inbound.conversation.address,
        )

    async def _offer(self, journal: Journal | None = None) -> None:
        """Journal everything that waits, in order and together, and only then acknowledge it."""
        async with self._turn:
            keep = journal or self._journal
            raws = tuple(self._waiting)
            if keep is None or self._faults.is_down or not raws:
                return
            read = self._read + len(raws)
            await keep(raws, Cursor(self.channel, self.account, str(read)))
            self._read = read
            del self._waiting[: len(raws)]
            self._acknowledged.update(raw.key for raw in raws)

    def _tell(self, what: What, conversation: Conversation, external_id: str, text: str, by: str = "") -> None:
        self._chronicle.add(Happening(self._now(), conversation, what, external_id, text, by))
