"""Whatever people do in whatever order, on whichever channel: what is for us alone never stands in front of a client.

Each thing our people write for themselves carries a canary: notes under cards, in shared places and in forms, why they
hand over, whom we wait for, and every change of such words, also one that turns a reply into a note.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.card import Outbound
from adapters.errors import PermanentError, UncertainError
from adapters.fake_screen import words
from adapters.message import Channel
from bot.app.stepping import OwnedTime
from bot.desk.applying import apply_document
from bot.store.engine import open_database
from bot.tickets.command import AskDetails, Command, Escalate, HandOver, NeedsNoAnswer, Reply, Resolve, WaitThirdParty
from routing.people import PersonId
from sla.duration import instant
from tests.builders import document, story_desk
from tests.harness import ALL_CHANNELS, NOON, Story, StoryChannel, StoryDatabase, new_desk

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
ACTS = ("client", "client in a thread", "own card", "shared card", "changes", "form", "command", "time", "trouble")


class Play:
    """One sequence: what was written and where, so that it can be changed later."""

    def __init__(self, desk: Story, data: st.DataObject) -> None:
        self.desk = desk
        self.data = data
        self.slack = desk.channels[SLACK]
        self.written: list[tuple[str, str, str, bool]] = []
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
        return self.desk.identity(person, SLACK).address

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
        self.written.append((where, sender, raw.external_id, text.startswith("!reply ") or text in REPLIES))

    async def change(self) -> None:
        if not self.written:
            return
        where, sender, name, was_reply = self.data.draw(st.sampled_from(self.written), label="which")
        # A reply may be changed into other words for the client, or into a note; a note into anything.
        for_us = SHARED_NOTES if "#" in where else NOTES
        texts = for_us if was_reply else (*for_us, CANARY, f"!reply {CANARY}")
        text = self.data.draw(st.sampled_from([*texts, None]), label="into")
        await (
            self.slack.deletes(where, name, sender=sender)
            if text is None
            else self.slack.edits(where, name, text, sender=sender)
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
            if channel is not Channel.BOARD and message.conversation.place not in {*ours, ALERTS, CARDS}
        ]
        lines = [
            line.text for number in (1, 2) if await self.desk.is_there(number) for line in await self.desk.lines(number)
        ]
        return [*map(words, seen), *lines]


async def played(template: Path, desk: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(template, Path(folder) / "story.db")
        database = StoryDatabase(await open_database(f"sqlite+aiosqlite:///{copy}"))
        try:
            time = OwnedTime(instant(NOON))
            await apply_document(database, document(DESKS[desk]), at=time.at, by="story")
            channels = {channel: StoryChannel(channel, now=time.moment) for channel in ALL_CHANNELS}
            story = Story(new_desk(database, channels, time), time, database, channels)
            await story.desk.prepare(is_alone=True)
            play = Play(story, data)
            await story.receives(data.draw(st.sampled_from([Channel.TELEGRAM, SLACK])), sender="lena", text="Hello")
            for _ in range(data.draw(st.integers(1, 10), label="steps")):
                await play.step()
            for fake in channels.values():
                await fake.up()
            await story.fast_forward(minutes=5)
            saw = await play.clients_saw()
            await story.ends()
        finally:
            await database.close()
    assert saw
    assert not [text for text in saw if CANARY in text]


@pytest.mark.parametrize("desk", list(DESKS))
@pytest.mark.parametrize("part", range(6))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_client_ever_sees_a_note(sqlite_template: Path, desk: str, part: int, data: st.DataObject) -> None:
    asyncio.run(played(sqlite_template, desk, data))
