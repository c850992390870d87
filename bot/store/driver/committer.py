"""The one writer: whatever is waiting goes to disk in one transaction.

Nobody lingers for company. While one batch is being written the next one gathers, so load makes batches bigger instead
of queues longer. What is urgent goes to the front, into a batch that is short: it waits for the one that is being
written, and not for all that came before it. Items that want the same change are handed to it together; if it fails,
each of them is tried alone, and the bad one alone gets its exception, or what is done
otherwise. Nobody hears of success before the commit.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from bot.store.driver import plain
from bot.store.driver.database import Database
from bot.store.driver.trouble import is_collision, is_duplicate, is_given_up, translated
from bot.store.errors import DatabaseError, StaleError, StoreError, StoreUnavailableError

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Writes a set of items in the order they came and gives one result for each. May be called again after a failure.
Change = Callable[[Connection, Sequence[Item]], Sequence[Result]]

LIMIT = 64
#: A batch that somebody waits for urgently takes no more than so many of those who do not.
COMPANY = 8
ROOM = 1_024
#: Turns of the loop between two batches: whoever was answered goes on, and what comes of it shares the next batch.
TURNS = 2
TRIES = 3


@dataclass(slots=True, eq=False)
class _Waiting:
    change: Change[Any, Any]
    item: Any
    answer: asyncio.Future[Any]
    is_attended: bool = False
    otherwise: Change[Any, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


@dataclass(frozen=True, slots=True)
class _Attendant:
    change: Change[Any, Any]
    wanted: Callable[[], Any]
    written: Callable[["asyncio.Future[Any]"], None]


class Committer:
    """Commits items of many callers together. One per process and database."""

    def __init__(self, database: Database, *, limit: int = LIMIT, room: int = ROOM) -> None:
        self._database = database
        self._limit = limit
        self._room = asyncio.Semaphore(room)
        self._queue: deque[_Waiting] = deque()
        self._urgent: deque[_Waiting] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._urgent_drain: asyncio.Task[None] | None = None
        self._attendant: _Attendant | None = None

    @property
    def waiting(self) -> int:
        """How many items are not being written yet."""
        return len(self._queue) + len(self._urgent)

    def attend(
        self,
        change: Change[Item, Result],
        wanted: Callable[[], Item | None],
        written: Callable[["asyncio.Future[Result]"], None],
    ) -> None:
        """Let this change be the last of each transaction that holds an attended item, instead of one after it.

        `wanted` gives its item as the batch is put together, None for nothing. `written` is given its end, before the
        next batch is put together.
        """
        self._attendant = _Attendant(change, wanted, written)

    async def commit(
        self,
        change: Change[Item, Result],
        item: Item,
        *,
        is_attended: bool = False,
        otherwise: Change[Item, Result] | None = None,
    ) -> Result:
        """Write one item and return its result once it is on disk; waits while too many others do.

        Where `change` fails for this item, `otherwise` is tried in its place. Raises what it raises for this item, or
        StoreUnavailableError when nothing could be written. A caller who is cancelled while waiting may find the item
        written or not: it is for its key to tell.
        """
        async with self._room:
            answer: Result = await self.begin(change, item, is_attended=is_attended, otherwise=otherwise)
            return answer

    def begin(
        self,
        change: Change[Item, Result],
        item: Item,
        *,
        is_attended: bool = False,
        is_urgent: bool = False,
        otherwise: Change[Item, Result] | None = None,
    ) -> "asyncio.Future[Result]":
        """The same without waiting for anything, for a loop that is moderate by itself; urgent items go first."""
        waiting = _Waiting(change, item, asyncio.get_running_loop().create_future(), is_attended, otherwise)
        (self._urgent if is_urgent else self._queue).append(waiting)
        # An empty context: the batch belongs to everybody, not to the caller who happened to start it.
        if is_urgent and not self._database.is_sqlite:
            if self._urgent_drain is None or self._urgent_drain.done():
                self._urgent_drain = asyncio.create_task(self._write_urgent(), name="committer", context=Context())
        elif self._drain is None or self._drain.done():
            self._drain = asyncio.create_task(self._write_all(), name="committer", context=Context())
        return waiting.answer

    async def commit_all(
        self, change: Change[Item, Result], items: Sequence[Item], *, is_attended: bool = False, is_urgent: bool = False
    ) -> list[Result | BaseException]:
        """The same as `begin` for a batch, with one wait for all of it: a result or an exception for each item."""
        begun = [self.begin(change, item, is_attended=is_attended, is_urgent=is_urgent) for item in items]
        return await asyncio.gather(*begun, return_exceptions=True)

    async def close(self) -> None:
        """Wait until everything that is waiting has been written or refused."""
        for drain in (self._drain, self._urgent_drain):
            if drain is not None and not drain.done():
                await asyncio.wait([drain])

    async def _write_urgent(self) -> None:
        while self._urgent:
            if batch := _taken(self._urgent, self._limit):
                await self._write(batch)

    async def _write_all(self) -> None:
        while self._queue or (self._urgent and self._database.is_sqlite):
            batch = _taken(self._urgent, self._limit) if self._database.is_sqlite else []
            batch += _taken(self._queue, COMPANY if batch else self._limit)
            if batch:
                await self._write_attended(batch)
            for _ in range(TURNS):
                await asyncio.sleep(0)

    async def _write_attended(self, batch: Sequence[_Waiting]) -> None:
        attendant = self._attendant if any(waiting.is_attended for waiting in batch) else None
        item = attendant.wanted() if attendant is not None else None
        if attendant is None or item is None:
            await self._write(batch)
            return
        last = _Waiting(attendant.change, item, asyncio.get_running_loop().create_future())
        try:
            await self._write([*batch, last])
        finally:
            attendant.written(last.answer)  # before the next batch is put together

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        outcomes: Sequence[object] = [_Failed(StoreUnavailableError("the bot is stopping"))] * len(batch)
        try:
            outcomes = await self._outcomes(batch)
        finally:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if waiting.answer.done():
                    continue
                if isinstance(outcome, _Failed):
                    waiting.answer.set_exception(outcome.error)
                else:
                    waiting.answer.set_result(outcome)

    async def _outcomes(self, batch: Sequence[_Waiting]) -> Sequence[object]:
        groups = _by_change(batch)
        work = partial(_apply, groups)
        for attempt in range(1, TRIES + 1):
            try:
                written = await self._database.write(work)
            except Exception as error:  # noqa: BLE001 - every caller is told; none of them may wait for ever
                is_of_one = len(batch) > 1 or batch[0].otherwise is not None
                if attempt < TRIES and is_of_one and not isinstance(error, StoreUnavailableError | DatabaseError):
                    work = partial(_apply_apart, groups)  # one of the items is to blame
                    continue
                if attempt < TRIES and _deserves_another_try(error):
                    continue
                return [_Failed(_copy(error)) for _ in batch]
            return [written[waiting] for waiting in batch]
        raise AssertionError("unreachable: the last attempt returns")


def _taken(queue: deque[_Waiting], most: int) -> list[_Waiting]:
    """The next of a queue; a caller who was cancelled meanwhile wants nothing."""
    taken: list[_Waiting] = []
    while queue and len(taken) < most:
        if not (waiting := queue.popleft()).answer.done():
            taken.append(waiting)
    return taken


def _by_change(batch: Sequence[_Waiting]) -> Sequence[Sequence[_Waiting]]:
    groups: dict[Change[Any, Any], list[_Waiting]] = {}
    for waiting in batch:
        groups.setdefault(waiting.change, []).append(waiting)
    return list(groups.values())


def _apply(groups: Sequence[Sequence[_Waiting]], conn: Connection) -> dict[_Waiting, object]:
    """All of it or nothing: nearly always all of it, and a savepoint for each group is two statements more."""
    outcomes: dict[_Waiting, object] = {}
    for group in groups:
        results = group[0].change(conn, [waiting.item for waiting in group])
        outcomes.update(zip(group, results, strict=True))
    return outcomes


def _apply_apart(groups: Sequence[Sequence[_Waiting]], conn: Connection) -> dict[_Waiting, object]:
    """Whatever of it can be written: a group that fails is undone, and each of its items is tried alone."""
    outcomes: dict[_Waiting, object] = {}
    for group in groups:
        try:
            with savepoint(conn):
                results = group[0].change(conn, [waiting.item for waiting in group])
                outcomes.update(zip(group, results, strict=True))
        except Exception as error:
            if is_of_the_database(conn, error):
                raise
            outcomes.update({waiting: _redone(waiting, conn) for waiting in group})
    return outcomes


def _redone(waiting: _Waiting, conn: Connection) -> object:
    outcome = _done(waiting.change, waiting.item, conn)
    if isinstance(outcome, _Failed) and waiting.otherwise is not None:
        return _done(waiting.otherwise, waiting.item, conn)
    return outcome


def _done(change: Change[Item, Result], item: Item, conn: Connection) -> Result | _Failed:
    for attempt in range(1, TRIES + 1):
        try:
            with savepoint(conn):
                (result,) = change(conn, [item])
                return result
        except Exception as error:
            if is_of_the_database(conn, error):
                raise
            # Another replica inserted the same key between our look and our insert: the next look finds it.
            # Or it changed what we had read: the next look reads what stands there now.
            if not (is_duplicate(error) or isinstance(error, StaleError)) or attempt == TRIES:
                return _Failed(error)
    raise AssertionError("unreachable: the last attempt returns")


@contextmanager
def savepoint(conn: Connection) -> Iterator[None]:
    """Whatever fails within is undone, and the transaction goes on, unless the database itself is in trouble."""
    plain.change(conn, "SAVEPOINT item")
    try:
        yield
    except Exception as error:
        if not is_of_the_database(conn, error):  # otherwise there is no savepoint to go back to
            plain.change(conn, "ROLLBACK TO SAVEPOINT item")
            plain.change(conn, "RELEASE SAVEPOINT item")
            conn.__dict__.get(plain.LASTS, {}).clear()
        raise
    plain.change(conn, "RELEASE SAVEPOINT item")


def is_of_the_database(conn: Connection, error: Exception) -> bool:
    """Whether the database fails, and not the item: nothing more can be done in this transaction."""
    return translated(error) is not None or is_given_up(conn)


def _deserves_another_try(error: Exception) -> bool:
    is_lost_race = is_duplicate(error) or isinstance(error, StaleError)
    return is_lost_race or (error.__cause__ is not None and is_collision(error.__cause__))


def _copy(error: Exception) -> Exception:
    """One exception per caller: a shared one would gather the tracebacks of all of them."""
    if not isinstance(error, StoreError):
        return error
    copy = type(error)(*error.args)
    copy.__cause__ = error.__cause__
    return copy
