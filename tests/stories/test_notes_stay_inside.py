"""Whatever people do in whatever order, on whichever channel: what is for us alone never stands in front of a client.

Each thing our people write for themselves carries a canary: notes under cards, in shared places and in forms, why they
hand over, whom we wait for, and every change of such words, also one that turns a reply into a note.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.card import Outbound
from adapters.errors import PermanentError, TemporaryError, UncertainError
from adapters.fake_screen import words
from adapters.message import Attachment, Channel, OutboundMessage, Untrusted
from bot.app.simulation.stepping import OwnedTime
from bot.desk.applying import apply_document
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.tickets.command import AskDetails, Command, Escalate, HandOver, NeedsNoAnswer, Reply, Resolve, WaitThirdParty
from routing.people import PersonId
from sla.duration import instant
from tests.builders import ON_TELEGRAM, document, story_desk
from tests.harness import ALL_CHANNELS, NOON, Story, new_desk
from tests.kept import LOOP, Kept
from tests.story_parts import StoryChannel, StoryDatabase

CANARY = "canary-8c1f"
SLACK = Channel.SLACK
PLACE, ALERTS, CARDS = "T1/C1", "T1/C0ALERTS", "T1/C0DESK"
PLACES = 'public_plan = "public"'
IN_SLACK = ("channels = { telegram = [-1001234] }", f'channels = {{ slack = ["{PLACE}"] }}')
DESKS = {
    "cards of one's own": story_desk(IN_SLACK, (PLACES, f'{PLACES}\nalerts = {{ slack = "{ALERTS}" }}')),
    "cards in one place": story_desk(
        IN_SLACK, (PLACES, f'{PLACES}\nalerts = {{ slack = "{ALERTS}" }}\ncards = {{ slack = "{CARDS}" }}')
    ),
}
FORUM = "-100777"
IN_FORUM = (PLACES, f'{PLACES}\nalerts = {{ telegram = "{FORUM}" }}\ncards = {{ telegram = "{FORUM}" }}')
TELEGRAM_DESKS = {
    "cards of one's own, on Telegram": story_desk(*ON_TELEGRAM),
    "the managers' forum": story_desk(IN_FORUM, *ON_TELEGRAM),
}
STAFF = ("vera", "oleg", "mira", "tara", "dana", "ines")

SIGNS = ("", "*", "_", "~", "`", "> ", ">>> *", "\u200b", "\ufeff> ", "- ")
NOTES = (f"// {CARDS} {CANARY}", f"//{CANARY}", f"// !reply {CANARY}", f" //\n{CANARY}", f"/\u2060/ {CANARY}")
REPLIES = ("Looking at it", "/status", "Done?")
SHARED_NOTES = (
    CANARY,
    f"// {CANARY}",
    f"!reply // {CANARY}",
    f"!replying {CANARY}",
    f"/status {CANARY}",
    f"reply: {CANARY}",
)
COMMANDS: tuple[Command, ...] = (
    Reply("Looking"),
    AskDetails("Which month?"),
    WaitThirdParty(CANARY),
    HandOver(PersonId("mira"), CANARY),
    HandOver(None, CANARY),
    Escalate(CANARY),
    NeedsNoAnswer(),
    Resolve("Fixed"),
    Resolve(),
)
#: Under these words of the desk's, what is written on Telegram is for the client unless it is marked as a note.
FOR_THE_CLIENT = "A reply to this message goes to"
ACTS = ("client", "client in a thread", "own card", "shared card", "changes", "form", "command", "time", "trouble")


class Play:
    """One sequence: what was written and where, so that it can be changed later."""

    def __init__(self, desk: Story, data: st.DataObject) -> None:
        self.desk = desk
        self.data = data
        self.slack = desk.channels[SLACK]
        self.written: list[tuple[str, str, str, bool, tuple[str, ...]]] = []
        self.count = 0

    async def step(self) -> None:
        match self.data.draw(st.sampled_from(ACTS), label="what"):
            case "client":
                channel = self.data.draw(st.sampled_from([one for one in Channel if one is not Channel.BOARD]))
                await self.desk.receives(channel, sender="lena", text="Payroll failed")
            case "client in a thread":
                self.count += 1
                name = f"{self.count}.0"
                await self.slack.says(f"{PLACE}#{name}", "The export hangs", sender="T2/U9", external_id=f"C1:{name}")
            case "own card":
                await self.write_under(self.address(), [*NOTES, *REPLIES], is_shared=False)
            case "shared card":
                place = self.data.draw(st.sampled_from([ALERTS, CARDS]), label="place")
                await self.write_under(place, [*SHARED_NOTES, "!reply Looking"], is_shared=True)
            case "changes":
                await self.change()
            case "form":
                with suppress(TemporaryError):  # nobody presses anything on a channel that is down
                    await self.note_in_a_form()
            case "command":
                await self.command()
            case "time":
                await self.desk.fast_forward(minutes=self.data.draw(st.sampled_from([1, 61, 600]), label="minutes"))
            case _:
                await self.trouble()
        await self.desk.settle()

    def address(self) -> str:
        person = self.data.draw(st.sampled_from(STAFF), label="who")
        return self.desk.identity(person, self.desk.works_on).address

    async def write_under(self, address: str, texts: list[str], *, is_shared: bool) -> None:
        roots = {one.external_id: one.text for one in self.slack.cards(address)}
        root = self.data.draw(st.sampled_from([*roots, None]), label="under") if roots else None
        if root is not None and "Words in this thread are notes" in roots[root]:
            texts = [*SHARED_NOTES, "!reply Looking"]
        text = self.data.draw(st.sampled_from(texts), label="text")
        where = f"{address}#{root or 'nothing'}" if is_shared else address
        sender = self.address() if is_shared else address
        if root is None:
            text = CANARY  # what stands under no card is for nobody
        elif CANARY in text:
            text = self.data.draw(st.sampled_from(SIGNS), label="signs") + text
        raw = await self.slack.says(where, text, sender=sender, reply_to=root)
        # A reply may be changed into other words for the client, or into a note; a note into anything.
        for_us = SHARED_NOTES if "#" in where else NOTES
        self.written.append((where, sender, raw.external_id, text.startswith("!reply ") or text in REPLIES, for_us))

    async def change(self) -> None:
        if not self.written:
            return
        where, sender, name, was_reply, for_us = self.data.draw(st.sampled_from(self.written), label="which")
        texts = for_us if was_reply else (*for_us, CANARY, f"!reply {CANARY}")
        text = self.data.draw(st.sampled_from([*texts, None]), label="into")
        await (
            self.desk.own.deletes(where, name, sender=sender)
            if text is None
            else self.desk.own.edits(where, name, text, sender=sender)
        )

    async def note_in_a_form(self) -> None:
        address = self.address()
        if any(card.card is not None and card.card.buttons for card in self.slack.cards(address)):
            number = self.data.draw(st.sampled_from(["T-1", "T-2"]), label="ticket")
            await self.slack.command(address, "ticket.note", number, fields={"text": CANARY})

    async def command(self) -> None:
        if await self.desk.is_there(1):
            person = self.data.draw(st.sampled_from(STAFF), label="by")
            await self.desk.does(person, self.data.draw(st.sampled_from(COMMANDS), label="does"))

    async def trouble(self) -> None:
        channel = self.desk.channels[self.data.draw(st.sampled_from(list(Channel)), label="channel")]
        match self.data.draw(st.sampled_from(["refuses", "in doubt", "down", "up"]), label="trouble"):
            case "refuses":
                channel.fail_next(PermanentError("no"))
            case "in doubt":
                channel.fail_next(UncertainError("perhaps"))
            case "down":
                channel.down()
            case _:
                await channel.up()

    async def clients_saw(self) -> list[str]:
        """Everything that ever stood in front of a client, in every wording it had, and the transcripts."""
        ours = {self.desk.identity(person, one).address for person in STAFF for one in Channel}
        seen: list[Outbound] = [
            message
            for channel, fake in self.desk.channels.items()
            for shown in fake.sent
            for message in (shown.message, *shown.history)
            if channel is not Channel.BOARD and message.conversation.place not in {*ours, ALERTS, CARDS, FORUM}
        ]
        lines = [
            line.text for number in (1, 2) if await self.desk.is_there(number) for line in await self.desk.lines(number)
        ]
        files = [file.name for one in seen if isinstance(one, OutboundMessage) for file in one.attachments]
        return [*map(words, seen), *files, *lines]


class TelegramPlay(Play):
    """Our people work on Telegram: in their own chat with the bot, or in a forum with a topic for each client."""

    async def write_under(self, address: str, texts: list[str], *, is_shared: bool) -> None:
        everybody = [self.desk.identity(person, Channel.TELEGRAM).address for person in STAFF]
        # Mostly somebody who has been told something, and under words that are answered where there are any.
        own = self.data.draw(st.sampled_from([one for one in everybody if self.desk.own.shown(one)] or everybody))
        there = FORUM if is_shared else own
        roots = {one.external_id: one.text for one in self.desk.own.shown(there) if one.text}
        answered = [name for name, words in roots.items() if FOR_THE_CLIENT in words]
        root = self.data.draw(st.sampled_from([*answered, *roots, None]), label="under") if roots else None
        is_reply = not is_shared or (root is not None and FOR_THE_CLIENT in roots[root])
        for_us = NOTES if is_reply else SHARED_NOTES
        texts = [*NOTES, *REPLIES] if is_reply else [*SHARED_NOTES, "!reply Looking"]
        text = CANARY if root is None else self.data.draw(st.sampled_from(texts), label="text")
        if CANARY in text and is_reply and root is not None:
            text = self.data.draw(st.sampled_from(SIGNS), label="signs") + text
        where = f"{FORUM}#{self.data.draw(st.sampled_from([55, 66]), label='topic')}" if is_shared else own
        name = await self.say(where, own, text, root)
        self.written.append((where, own, name, text.startswith("!reply ") or text in REPLIES, for_us))

    async def say(self, where: str, own: str, text: str, root: str | None) -> str:
        """Words alone, below a file, with either of two files that are sent as one, or right after a file."""
        way = self.data.draw(st.sampled_from(["alone", "file", "first", "second", "after"]), label="way")
        if way == "alone" or root is None:
            return (await self.desk.own.says(where, text, sender=own, reply_to=root)).external_id
        self.count += 1
        called, album = CANARY if CANARY in text else "report", f"{where}:album:{self.count}"
        files = [
            Attachment(
                Untrusted(f"{called}-{place}.pdf"), "application/pdf", 9, digest=f"{self.count:032x}{place:032x}"
            )
            for place in range(2)
        ]
        if way == "file":
            raw = await self.desk.own.says(where, text, sender=own, reply_to=root, attachments=(files[0],))
            return raw.external_id
        if way == "after":
            await self.desk.own.says(where, "", sender=own, reply_to=root, attachments=(files[0],))
            await self.desk.fast_forward(seconds=self.data.draw(st.sampled_from([0, 9]), label="later"))
            return (await self.desk.own.says(where, text, sender=own, reply_to=root)).external_id
        texts = (text, "") if way == "first" else ("", text)
        names: list[str] = []
        for file, words_of_it in zip(files, texts, strict=True):
            if names:
                await self.desk.fast_forward(seconds=self.data.draw(st.sampled_from([0, 9, 25]), label="later"))
            raw = await self.desk.own.says(
                where, words_of_it, sender=own, reply_to=root, attachments=(file,), album=album
            )
            names.append(raw.external_id)
        return names[texts.index(text)]

    async def note_in_a_form(self) -> None:
        """Asked for in words: a note, why a ticket is handed over, and words to a client that are a note after all."""
        person = self.data.draw(st.sampled_from(STAFF), label="by")
        where = self.data.draw(st.sampled_from([None, FORUM]), label="where")
        with suppress(LookupError):  # no card there has the button, or nobody is asked
            text = CANARY
            match self.data.draw(st.sampled_from(["note", "hands over", "reply"]), label="form"):
                case "hands over":
                    await self.desk.chooses(person, "ticket.handover", address=where)
                    await self.desk.chooses(person, "Mira Solano", address=where)
                case "note":
                    await self.desk.chooses(person, "ticket.note", address=where)
                case _:
                    await self.desk.chooses(person, "ticket.reply", address=where)
                    text = self.data.draw(st.sampled_from(NOTES), label="text")
            await self.desk.replies(person, text, **({} if where is None else {"address": where}))


class Reused:
    """One SQLite file for all sequences: as each begins, it is as it was when its desk was put in force."""

    def __init__(self, folder: Path, template: Path) -> None:
        self._folder = folder
        self._template = template
        self._file = Path(shutil.copy(template, folder / "story.db"))
        self._database: Database | None = None

    async def with_desk(self, desk: str) -> Database:
        """The database with this desk in force, and nothing else in it."""
        if self._database is None:
            self._database = await open_database(f"sqlite+aiosqlite:///{self._file}")
        kept = self._folder / f"{list(DESKS | TELEGRAM_DESKS).index(desk)}.db"
        if kept.exists():
            _copy(kept, self._file)
        else:
            _copy(self._template, self._file)
            await put_in_force(self._database, desk)
            _copy(self._file, kept)
        return self._database

    async def close(self) -> None:
        if self._database is not None:
            await self._database.close()


def _copy(one: Path, other: Path) -> None:
    """By way of SQLite, which tells whoever has the other file open."""
    with closing(sqlite3.connect(one)) as there, closing(sqlite3.connect(other)) as here:
        there.backup(here)


@pytest.fixture(scope="module")
def reused(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reused]:
    made = Reused(tmp_path_factory.mktemp("notes"), sqlite_template)
    yield made
    LOOP.run_until_complete(made.close())


async def put_in_force(database: Database, desk: str) -> None:
    await apply_document(database, document((DESKS | TELEGRAM_DESKS)[desk]), at=instant(NOON), by="story")


async def played(opened: Database, desk: str, data: st.DataObject) -> None:
    database = StoryDatabase(opened)
    time = OwnedTime(instant(NOON))
    channels = {channel: StoryChannel(channel, now=time.moment) for channel in ALL_CHANNELS}
    story = Story(new_desk(database, channels, time), time, database, channels)
    await story.desk.prepare(is_alone=True)
    story.works_on = Channel.TELEGRAM if desk in TELEGRAM_DESKS else SLACK
    play = TelegramPlay(story, data) if desk in TELEGRAM_DESKS else Play(story, data)
    first = SLACK if desk in DESKS else Channel.EMAIL
    await story.receives(data.draw(st.sampled_from([Channel.TELEGRAM, first])), sender="lena", text="Hello")
    if desk in TELEGRAM_DESKS:
        await story.fast_forward(minutes=5)
        await story.receives(Channel.TELEGRAM, sender="lena", text="And the export?")
    for _ in range(data.draw(st.integers(1, 10), label="steps")):
        await play.step()
    for fake in channels.values():
        await fake.up()
    await story.fast_forward(minutes=5)
    saw = await play.clients_saw()
    await story.ends()
    assert saw
    assert not [text for text in saw if CANARY in text]


def played_on_sqlite(reused: Reused, desk: str, data: st.DataObject) -> None:
    async def play() -> None:
        await played(await reused.with_desk(desk), desk, data)

    with asyncio.Runner(loop_factory=lambda: LOOP) as runner:  # which ends what a sequence left under way
        runner.run(play())


def played_on_postgresql(kept: Kept, desk: str, data: st.DataObject) -> None:
    async def play() -> None:
        database = await kept.emptied()
        await put_in_force(database, desk)
        await played(database, desk, data)

    with asyncio.Runner(loop_factory=lambda: LOOP) as runner:
        runner.run(play())


@pytest.mark.parametrize("desk", list(DESKS))
@pytest.mark.parametrize("part", range(4))
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_client_ever_sees_a_note(reused: Reused, desk: str, part: int, data: st.DataObject) -> None:
    played_on_sqlite(reused, desk, data)


@pytest.mark.parametrize("desk", list(TELEGRAM_DESKS))
@pytest.mark.parametrize("part", range(3))
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nor_where_our_people_work_on_telegram(reused: Reused, desk: str, part: int, data: st.DataObject) -> None:
    played_on_sqlite(reused, desk, data)


@pytest.mark.parametrize("desk", [*DESKS, *TELEGRAM_DESKS])
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nor_on_postgresql(kept_postgres: Kept, desk: str, data: st.DataObject) -> None:
    played_on_postgresql(kept_postgres, desk, data)
