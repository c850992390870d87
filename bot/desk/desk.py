"""The desk: intake, commands, ticker and sender around one database, as one thing that an app runs and a test drives.

adapters ──journal──> Intake ──> decisions ──> Sender ──> adapters
             people ──> Commands ──┘   └── alarms ──> Ticker ──┘
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import structlog

from adapters.errors import DeskAwayError, TurnLostError
from adapters.message import Channel
from adapters.port import Adapter, Answer, Cursor, KeepFile, Limits, Press, Raw
from bot.desk.applying import arm_shifts
from bot.desk.calls.call_desk import CallDesk
from bot.desk.calls.door import Calls
from bot.desk.calls.window import CallWindow
from bot.desk.calls.words import Calling
from bot.desk.care.high_load import HighLoad
from bot.desk.care.new_openings import tell_new_openings
from bot.desk.care.plan_changes import follow_plans
from bot.desk.care.recounting import recount
from bot.desk.care.unreached import Unreached
from bot.desk.changes import Changes
from bot.desk.commands import Commands
from bot.desk.directory import Directory
from bot.desk.fetching import Fetching
from bot.desk.hearing import Hearing
from bot.desk.intake import Intake
from bot.desk.people import unmanned
from bot.desk.people.closed_meanwhile import ClosedMeanwhile
from bot.desk.people.gone import hand_on
from bot.desk.people.leaving import Leaving
from bot.desk.people.offboarding import Offboarding
from bot.desk.sending.outages import Outages
from bot.desk.sending.sender import Sender
from bot.desk.sending.unread import Following
from bot.desk.talk.desk_words import DeskWords
from bot.desk.talk.pressing import Pressing
from bot.desk.talk.questions import Questions
from bot.desk.ticker import Ticker
from bot.now import Timekeeper
from bot.store.channels import buttons, fetched, forms, place_pace, presses
from bot.store.delivery import auto_answers, parts
from bot.store.driver.committer import Committer
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.errors import LeaseLostError, StoreUnavailableError
from bot.store.people import tokens
from bot.store.people.contacts import recount_load
from bot.store.revisions import Revisions
from routing.people import LineId, PersonId
from sla.duration import later

log = structlog.get_logger()

TIDY_EVERY_SECONDS: Final = 3_600.0
#: No channel repeats a press after this long.
ANSWERS_KEPT_FOR: Final = timedelta(days=30)
#: So long after it was last sent a message may still be pressed under or reworded.
MESSAGES_CHANGED_FOR: Final = timedelta(days=180)


class Desk:
    """Everything between the channels and the database. Run `prepare` before anything else."""

    def __init__(
        self,
        database: Database,
        adapters: Mapping[Channel, Adapter],
        time: Timekeeper,
        *,
        keep: KeepFile | None = None,
        page: str = "",
    ) -> None:
        """`adapters` may still be filled until `prepare`: a channel that reads the desk is built after it.

        `keep` keeps the bytes of files that payloads only name. `page` is where our pages are seen from outside.
        """
        self.database = database
        self.time = time
        self.now = time.now
        self._armed: tuple[int, str | None] = (0, None)
        self._counted = 0
        self.adapters = adapters
        self.revisions = Revisions()
        self.changes = Changes()
        self.committer = Committer(database)
        self.directory = Directory(
            self.revisions,
            lambda: {one: adapter.limits for one, adapter in adapters.items() if adapter.health().is_up},
            served=adapters,
        )
        self.high_load = HighLoad(self.revisions, self.directory)
        self.leaving = Leaving(database, self.revisions, self.directory, self.now, said=self.refresh)
        questions = Questions(database, self.revisions, self.now)
        doors = Calls(self.revisions, self.directory, page)
        calling = Calling(doors, self.revisions, self.now)
        words = DeskWords(questions, self.leaving, calling)
        hearing = Hearing(adapters, self.revisions, self.directory, self.now, words=words, page=page)
        parts = (database, self.committer, self.revisions, self.directory, time)
        self.sender = Sender(*parts, adapters=adapters, sent=self.changes)
        self.ticker = Ticker(
            *parts,
            fired=self.changes,
            outgoing=self.sender.nudge,
            following=Following(self.revisions, adapters),
            served=adapters,
            page=page,
        )
        woken = (self.sender.nudge, self.ticker.nudge)
        watched = (database, adapters, self.revisions, self.directory, self.now)
        self.outages = Outages(*watched, told=self.sender.nudge.ring)
        self.unreached = Unreached(database, *parts[2:4], self.now, told=self.sender.nudge.ring)
        self.intake = Intake(database, self.committer, hearing, self.now, decided=self.changes, woken=woken[1:])
        self.fetching = Fetching(
            database,
            adapters,
            keep,
            again=self.intake.completed,
            bury=self.intake.bury,
            committer=self.committer,
        )
        self.intake.wanted = self.fetching.want
        self.commands = Commands(
            self.committer,
            self.revisions,
            self.directory,
            self.now,
            done=self.changes,
            woken=woken,
            served=adapters,
            page=page,
        )
        self.closed_meanwhile = ClosedMeanwhile(
            database,
            self.revisions,
            Offboarding(self.revisions, self.directory),
            adapters,
            self.now,
            told=self.sender.nudge.ring,
        )
        self.calls = CallDesk(*parts[:4], self.now, page=page, done=self.changes, woken=woken)
        self._pressing = Pressing(
            self.commands,
            *parts[1:4],
            self.now,
            window=CallWindow(self.committer, self.revisions, self.calls, self.now, page=page),
            calls=doors,
            questions=questions,
            leaving=self.leaving,
            calling=calling,
            limits=lambda channel: adapters[channel].limits if channel in adapters else Limits(),
            served=adapters,
            is_sure=self.closed_meanwhile.is_sure,
            page=page,
        )

    async def prepare(self, *, is_alone: bool) -> None:
        """Read the newest revision and mend what the last process left. `is_alone` holds the database's own lock."""
        await self.refresh()
        await self.database.write(recount_load)
        await self.sender.recover(is_alone=is_alone)

    async def refresh(self) -> bool:
        """Look for a newer revision and for who is away, as another process may know more; True for a newer revision.

        Shifts may begin at other moments by it, so what waits for one is armed anew; again, if that could not be kept.
        """
        before = self.revisions.seen
        is_newer = await self.database.read(self.revisions.refresh)
        if is_newer:
            log.info("a revision of the desk is in force", revision=self.revisions.number)
        if before != self.revisions.seen:
            self.changes.tell()
        if self._armed != (seen := self.revisions.seen):
            await arm_shifts(self.database, self.revisions.current, at=self.now())
            if self._armed[0] != self.revisions.number:
                await self._look_at_ladders()
                await self.database.write(lambda conn: hand_on(conn, self.revisions, self.directory, at=self.now()))
            self._armed = seen
            self.ticker.nudge.ring()
        return is_newer

    async def _look_at_ladders(self) -> None:
        revision, at = self.revisions.current, self.now()
        count = len(list(unmanned.unmanned(revision)))
        if count:
            log.warning("steps of ladders tell nobody", revision=revision.number, steps=count)
            await self.database.write(lambda conn: unmanned.tell(conn, revision, self.directory, at=at))

    async def recount(self) -> None:
        """Let open tickets count with the hours and plans in force, once a revision. With many it takes seconds."""
        if self._counted != (number := self.revisions.number):
            await follow_plans(self.database, self.revisions, self.directory, at=self.now())
            await recount(self.database, self.revisions, self.directory, at=self.now())
            await tell_new_openings(self.database, self.revisions, self.directory, at=self.now())
            self._counted = number
            self.ticker.nudge.ring()

    async def declare_load(self, by: PersonId, lines: Collection[LineId], *, is_high: bool) -> int:
        """A lead says how high the load of lines is; how many tickets have a promise that moved."""
        at = self.now()

        def declared(conn: Connection) -> int:
            return self.high_load.declare(conn, lines, is_now=is_high, by=by, at=at, why=f"{by} declared it")

        moved = await self.database.write(declared)
        log.info("the load of lines was declared", lines=sorted(lines), is_high=is_high, by=by, moved=moved)
        self.changes.tell()
        self.ticker.nudge.ring()
        return moved

    async def journal(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        """The `Journal` of every adapter."""
        with _in_words_of_the_border():
            await self.intake.journal(raws, cursor)

    async def press(self, press: Press) -> Answer:
        """The `Ask` of every adapter."""
        with _in_words_of_the_border():
            return await self._pressing.answer(press)

    async def run(self) -> None:
        """Run the three loops and watch for new revisions, until cancelled.

        Hours that changed while nobody ran count first: what they put off is then neither told nor reminded of.
        """
        await self._try_to_look()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.intake.run(), name="intake")
            group.create_task(self.ticker.run(), name="ticker")
            group.create_task(self.sender.run(), name="sender")
            group.create_task(self._watch(), name="revisions")
            group.create_task(self.outages.run(), name="outages")
            group.create_task(self.closed_meanwhile.run(), name="closed accounts")
            group.create_task(self.unreached.run(), name="out of reach")
            group.create_task(self._tidy(), name="tidying")

    async def drain(self) -> None:
        """Finish what was begun: what is committed stays for the next start, sends under way come to their end."""
        await self.fetching.close()
        await self.committer.close()  # what is being decided is taken by the sender with it
        await self.sender.drain()
        await self.committer.close()

    async def tidy(self) -> int:
        """Remove what nobody will ask for again; how many rows.

        Links and sessions that are over, answers to old presses, what is known of messages of long ago.
        """
        now = self.now()
        before, long_before = later(now, -ANSWERS_KEPT_FOR), later(now, -MESSAGES_CHANGED_FOR)

        def forget(conn: Connection) -> int:
            gone = tokens.forget_expired(conn, now=now) + presses.forget(conn, before=before)
            gone += forms.forget(conn, before=before) + auto_answers.forget(conn, now=now)
            gone += fetched.forget(conn, before=long_before) + place_pace.forget(conn, before=now)
            return gone + buttons.forget(conn, before=long_before) + parts.forget(conn, before=long_before)

        return await self.database.write(forget)

    async def _tidy(self) -> None:
        while True:
            try:
                await self.tidy()
            except StoreUnavailableError as error:
                log.warning("the desk cannot be tidied now", reason=str(error))
            await asyncio.sleep(TIDY_EVERY_SECONDS)

    async def _watch(self) -> None:
        while True:
            await self._try_to_look()
            await asyncio.sleep(1)

    async def _try_to_look(self) -> None:
        try:
            await self.refresh()
            await self.recount()
        except StoreUnavailableError as error:
            log.warning("a newer desk cannot be looked for", reason=str(error))


@contextmanager
def _in_words_of_the_border() -> Iterator[None]:
    """What the store raises, as an adapter knows it."""
    try:
        yield
    except StoreUnavailableError as error:
        raise DeskAwayError(str(error)) from error
    except LeaseLostError as error:
        raise TurnLostError(str(error)) from error
