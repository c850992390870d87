"""A desk in memory behind the real in-app adapter: what tests of the widget talk to instead of the whole product.

It keeps what the journal kept, turns it into lines by the adapter's own `convert`, and can be told to fail, to wait, or
to be cut off like a process that was killed.
"""

import asyncio
import hashlib
import tomllib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
from aiohttp import web

from adapters.card import Form, Input
from adapters.errors import DeskAwayError
from adapters.inapp import ids
from adapters.inapp.adapter import InAppAdapter
from adapters.inapp.config import Config
from adapters.inapp.files import TooLargeError
from adapters.inapp.transcript import Line, Profile
from adapters.message import (
    Attachment,
    Button,
    Channel,
    Conversation,
    DeliveryNotice,
    Identity,
    InboundEdit,
    InboundMessage,
    OutboundMessage,
    Untrusted,
    Vouched,
    conversation_from_key,
)
from adapters.port import Answer, Cursor, Handler, Press, Raw

SECRET = "a secret of the host application, 32+"
SIGNING = "the desk's own signing secret, 32 bytes"
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
_CATALOGUE = Path(__file__).parents[3] / "bot/tickets/catalogue.toml"


def words() -> dict[str, dict[str, str]]:
    """The widget's texts in every language, as the product's catalogue has them."""
    catalogue = tomllib.loads(_CATALOGUE.read_text("utf-8"))
    languages = ("en", "uk", "es", "de")
    return {language: {key: catalogue[key][language] for key in ids.WIDGET_TEXTS} for language in languages}


def booking(kind: str) -> Form:
    """A form as the desk makes one: what about, and times below their days."""
    kinds = (("fixing", "Troubleshooting, 30 min"), ("training", "Training, 1 h"))
    times = (("Wed 09:00", "09:00 (12:00 for Vera)"), ("Wed 09:30", "09:30 (12:30 for Vera)"), ("gone", "10:00"))
    if kind == "training":
        times = (*times[:2], ("Thu 14:00", "14:00 (17:00 for Vera)"))
    days = ("Wednesday, March 4", "Wednesday, March 4", "Thursday, March 5")
    return Form(
        "call.book",
        "Book a call",
        "",
        (
            Input("kind", "Kind of call", "choice", kinds, initial=kind, redraws=True),
            Input("slot", "When", "choice", times, headings=days),
        ),
        "Book this time",
        "All times are in your own time.",
    )


def token(
    sub: str = "user-17", *, now: datetime = NOON, within: timedelta = timedelta(hours=1), **claims: object
) -> str:
    kept = {"sub": sub, "aud": "maitred", "exp": now + within, "name": "Lena", "client": "acme", **claims}
    return jwt.encode({key: claim for key, claim in kept.items() if claim is not None}, SECRET, algorithm="HS256")


class Wall:
    """A clock that the test moves."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


class Tally:
    """Counts, and lets a test wait for a count."""

    def __init__(self) -> None:
        self._sum = 0
        self._changed = asyncio.Condition()

    async def count(self, more: int = 1) -> None:
        async with self._changed:
            self._sum += more
            self._changed.notify_all()

    async def until(self, least: int, within: float = 60) -> None:
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(lambda: self._sum >= least)


@dataclass
class MemoryDesk:
    """What was kept, and what a client may see of it."""

    raws: dict[str, Raw] = field(default_factory=dict)
    shown: dict[str, dict[str, Line]] = field(default_factory=dict)
    seen: list[DeliveryNotice] = field(default_factory=list)
    said: list[InboundMessage] = field(default_factory=list)
    bytes_of: dict[str, bytes] = field(default_factory=dict)
    greeted: list[tuple[Identity, Vouched | None, str | None, str | None]] = field(default_factory=list)
    repeated: int = 0
    fails: int = 0
    #: The database is away, as the desk would say it.
    is_away: bool = False
    heard: Tally = field(default_factory=Tally)
    greetings: Tally = field(default_factory=Tally)
    #: While cleared, the journal has kept the payload but has not returned.
    may_return: asyncio.Event = field(default_factory=asyncio.Event)
    is_unreadable: bool = False
    note: str = ""
    buttons: tuple[Button, ...] = ()
    pressed: Tally = field(default_factory=Tally)
    asked: list[Press] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    #: What a press does is kept, and its page never hears of it.
    is_killed_by_a_press: bool = False
    subtitle: str = "your manager · here until 17:00 your time"
    folder: Path | None = None
    adapter: InAppAdapter | None = None

    def __post_init__(self) -> None:
        self.may_return.set()

    # ---- what the adapter is given

    async def journal(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        await self.heard.count(len(raws))
        self._refuse()
        if self.fails:
            self.fails -= 1
            raise OSError("the disk is full")
        for raw in raws:
            if raw.key in self.raws:
                self.repeated += 1
                continue
            self.raws[raw.key] = raw
            self._show(raw)
        await self.may_return.wait()

    async def ask(self, press: Press) -> Answer:
        """A button that books a time: it is asked for once, and the same key again is answered as it was."""
        self._refuse()
        self.asked.append(press)
        await self.pressed.count()
        if press.action == "client.link":
            code = Input("code", "Your code", initial=press.value)
            form = Form(press.action, "I have a code", "", (code,), "Confirm")
            return Answer("You are known here now.") if press.fields else Answer(form=form)
        if press.action != "call.book":
            return Answer("Nothing to press here.", is_refused=True)
        if (kept := self.answers.get(press.key)) is not None:
            return kept
        chosen = press.fields.get("slot", "")
        if not chosen:
            return Answer(form=booking(press.fields.get("kind", "fixing")))
        if chosen == "gone":
            return Answer("That time has just been taken.", form=booking("fixing"), is_refused=True)
        self.note, self.buttons = f"Your call: {chosen}", (Button("call.move", "Move the call", ""),)
        self.answers[press.key] = Answer(f"Booked: {chosen}.")
        if press.conversation is not None:
            await self.reply(press.conversation, f"Booked: {chosen}.", kind="auto")
        if self.is_killed_by_a_press:
            raise OSError("the process was killed")
        return self.answers[press.key]

    async def lines(self, conversation: Conversation, after: int) -> Sequence[Line]:
        self._refuse()
        if self.is_unreadable:
            raise OSError("the database is gone")
        shown = self.shown.get(conversation.key, {}).values()
        return sorted((line for line in shown if line.rev > after), key=lambda line: line.position)

    async def heads(self, conversations: Collection[Conversation]) -> Mapping[Conversation, int]:
        return {each: self._head(each.key) for each in conversations}

    async def greeting(
        self, identity: Identity, vouched: Vouched | None, language: str | None, zone: str | None
    ) -> Profile:
        await self.greetings.count()
        self.greeted.append((identity, vouched, language, zone))
        known = words()
        spoken = (language or "en")[:2] if (language or "en")[:2] in known else "en"
        name = "Vera Kova"
        profile = Profile(f"{name}, your manager", name, "VK", self.subtitle, True, spoken, known[spoken])  # noqa: FBT003
        return replace(profile, note=self.note, buttons=self.buttons)

    async def save(self, name: Untrusted, type_: str, chunks: AsyncIterator[bytes], limit: int) -> Attachment:
        kept = b""
        async for chunk in chunks:
            kept += chunk
            if len(kept) > limit:
                raise TooLargeError("too large")
        digest = hashlib.sha256(kept).hexdigest()
        self.bytes_of[digest] = kept
        if self.folder is not None:
            (self.folder / digest).write_bytes(kept)
        return Attachment(name, type_, len(kept), digest)

    async def attachment(self, conversation: Conversation, digest: str) -> Attachment | None:
        lines = self.shown.get(conversation.key, {}).values()
        return next((each for line in lines for each in line.attachments if each.digest == digest), None)

    def path(self, digest: str) -> Path | None:
        return self.folder / digest if self.folder is not None and digest in self.bytes_of else None

    # ---- what the desk's people do

    async def reply(
        self, conversation: Conversation | str, text: str, *, kind: str = "reply", wake: bool = True
    ) -> str:
        """Store a reply and send it, as the outbox does; without `wake`, as another replica's outbox does."""
        where = conversation_from_key(conversation) if isinstance(conversation, str) else conversation
        key = f"out-{self._head(where.key) + 1}"
        author = None if kind == "auto" else "Vera"
        self._put(where, Line(0, 0, key, None, "out", kind, author, text, NOON + timedelta(minutes=4)))  # type: ignore[arg-type]
        if wake and self.adapter is not None:
            await self.adapter.send(OutboundMessage(key, where, text, NOON))
        return key

    def store(self, message: OutboundMessage, line_id: str | None = None) -> None:
        """What the desk does before a send or an edit: the line is there already when the channel hears of it."""
        shown = self.shown.get(message.conversation.key, {})
        line = Line(0, 0, line_id or message.key, None, "out", "reply", message.author, message.text, message.at)
        former = shown.get(line.id)
        if former is None or former.text != line.text:
            self._put(message.conversation, replace(line, position=former.position if former else 0))

    def change(self, conversation: Conversation, line_id: str, **changes: object) -> None:
        self._put(conversation, replace(self.shown[conversation.key][line_id], **changes))  # type: ignore[arg-type]
        if self.adapter is not None:
            self.adapter.wake(conversation.key)

    def texts(self, conversation: Conversation | str) -> list[str]:
        key = conversation if isinstance(conversation, str) else conversation.key
        return [line.text for line in sorted(self.shown.get(key, {}).values(), key=lambda line: line.position)]

    # ---- inside

    def _refuse(self) -> None:
        if self.is_away:
            raise DeskAwayError("the database is locked by another process")

    def _show(self, raw: Raw) -> None:
        assert self.adapter is not None
        (inbound,) = self.adapter.convert(raw)
        match inbound:
            case InboundMessage():
                self.said.append(inbound)
                line = Line(
                    0, 0, f"in-{len(self.raws)}", inbound.external_id, "in", "message", None, inbound.text, inbound.at
                )
                self._put(inbound.conversation, replace(line, attachments=inbound.attachments))
            case InboundEdit():
                shown = self.shown.get(inbound.conversation.key, {}).values()
                line = next(line for line in shown if line.external_id == inbound.external_id)
                self._put(inbound.conversation, replace(line, text=inbound.text, is_edited=True))
            case DeliveryNotice():
                self.seen.append(inbound)
        self.adapter.wake(inbound.conversation.key)

    def _put(self, conversation: Conversation, line: Line) -> None:
        lines = self.shown.setdefault(conversation.key, {})
        position = line.position or len(lines) + 1
        lines[line.id] = replace(line, position=position, rev=self._head(conversation.key) + 1)

    def _head(self, key: str) -> int:
        return max((line.rev for line in self.shown.get(key, {}).values()), default=0)


class Served:
    """One life of a server on a port; `abort` ends it as SIGKILL would, `stop` as SIGTERM."""

    def __init__(self, desk: MemoryDesk, config: Config, now: Wall) -> None:
        self.desk = desk
        self.adapter = InAppAdapter(config, desk, desk, words(), now)
        self._application = web.Application()
        for route in self.adapter.routes:
            self._application.router.add_route(route.method, route.path, route.handler)
        self._runner: web.AppRunner | None = None
        self._run: asyncio.Task[None] | None = None

    async def start(self, port: int, pages: Mapping[str, Handler] | None = None, *, is_running: bool = True) -> None:
        """`pages` are the host application's, served beside the desk."""
        for path, page in (pages or {}).items():
            self._application.router.add_get(path, page)
        self.desk.adapter = self.adapter
        self._runner = web.AppRunner(self._application, shutdown_timeout=0.1)  # zero would wait for ever
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True).start()
        if not is_running:
            return
        self._run = asyncio.create_task(self.adapter.run(self.desk.journal, self.desk.ask))
        await asyncio.sleep(0)

    async def stop(self) -> None:
        await self.end_run()
        if self._runner is not None:
            await self._runner.cleanup()

    async def abort(self) -> None:
        assert self._runner is not None
        assert self._runner.server is not None
        for site in list(self._runner.sites):
            await site.stop()
        for connection in list(self._runner.server.connections):
            if connection.transport is not None:
                connection.transport.abort()
        self.desk.may_return.set()  # whatever it still does, nobody hears it
        await self.stop()

    async def end_run(self) -> None:
        if self._run is not None:
            self._run.cancel()
            with suppress(asyncio.CancelledError):
                await self._run
            self._run = None


@asynccontextmanager
async def served(desk: MemoryDesk, config: Config, now: Wall, port: int) -> AsyncIterator[Served]:
    life = Served(desk, config, now)
    await life.start(port)
    try:
        yield life
    finally:
        await life.stop()


def config_for(port: int, **changes: object) -> Config:
    origins = (f"http://127.0.0.1:{port}", "https://app.acme.test")
    config = Config({"k1": SECRET}, SIGNING, origins, look_every=timedelta(milliseconds=50))
    return replace(config, **changes)  # type: ignore[arg-type]


def conversation(address: str = "user-17") -> Conversation:
    return Conversation(Channel.INAPP, "web", address)
