"""A run from start to end: apply the desk, listen, work, and stop in order.

start   settings ──> database, lock, schema ──> desk directory ──> channels, loops, pages ──> ready
SIGHUP  the desk directory is read again; a mistake leaves the old one in force and is said
SIGTERM channels are left first, then the loops end, then what was begun is finished; a second one ends at once
"""

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import Any, Final

import structlog

from adapters.port import Adapter
from bot import crashpoint, metrics
from bot import log as logs
from bot.app.figures import keep_figures
from bot.app.house import House, built
from bot.app.ports import PortInUseError, free_port
from bot.app.systemd import Notifier
from bot.desk.applying import apply_document
from bot.deskfile.document import Document
from bot.deskfile.load import Loaded, load
from bot.setting_shapes import Listen
from bot.settings import Settings, notify_socket
from bot.store.errors import DatabaseError, StoreError, StoreUnavailableError
from bot.web.server import listening, metrics_alone
from sla.duration import moment

log = structlog.get_logger()

EXIT_FAILED: Final = 1
EXIT_CONFIGURATION: Final = 2
DRAIN_WITHIN: Final = timedelta(seconds=9)
#: Rarer than Python does by itself: a batch makes thousands of objects, and nearly all are gone right after it.
COLLECT_AFTER: Final = (10_000, 10, 10)
#: A channel that fails is started again after so long, at first and at most.
RESTART_AFTER: Final = (1.0, 60.0)

#: Called once everything listens, with the address.
Started = Callable[[House, str], Awaitable[None]]


async def serve(settings: Settings, *, desk: Loaded | None) -> int:
    """Run the bot until a signal ends it; the exit code. `desk` is put in force; None keeps the one that is."""
    logs.configure(settings.log, secrets=settings.secrets())
    if settings.crashpoint:
        crashpoint.arm(settings.crashpoint)
    if desk is not None and _told(desk) is None:
        return EXIT_CONFIGURATION  # nothing was made or changed
    try:
        port = free_port(settings.http.host, settings.http.port)
        settings = settings.model_copy(update={"http": Listen(settings.http.host, port)})
        if (apart := settings.metrics) is not None:
            port = free_port(apart.host, apart.port)
            settings = settings.model_copy(update={"metrics": Listen(apart.host, port)})
        async with built(settings) as house:
            if desk is not None and desk.document is not None:
                await _apply(house, desk.document)
            return await run(house)
    except (DatabaseError, PortInUseError) as error:
        log.error("the bot cannot start", reason=str(error))  # noqa: TRY400 - the sentence says it all
        return EXIT_CONFIGURATION
    except StoreUnavailableError as error:
        # The database is away, which passes: whoever keeps us running starts us again.
        log.error("the bot cannot start now", reason=str(error))  # noqa: TRY400 - the sentence says it all
        return EXIT_FAILED


async def put_in_force(house: House) -> bool:
    """Read the desk directory and apply it; with any mistake nothing changes, and each is logged with its mend."""
    document = _told(load(house.settings.desk, today=moment(house.time.now()).date()))
    if document is None:
        return False
    await _apply(house, document)
    return True


async def _apply(house: House, document: Document) -> None:
    applied = await apply_document(house.database, document, at=house.time.now(), by="run")
    for change in applied.changes:
        log.info("the desk changed", revision=applied.number, change=str(change))


def _told(desk: Loaded) -> Document | None:
    """The desk as a document; with any mistake None, and each is logged with its place and its mend."""
    for problem in desk.problems:
        say = log.error if problem.is_error else log.warning
        say("the desk directory needs a look", where=f"{problem.file}:{problem.line}", what=problem.message)
    metrics.RELOAD_SUCCESS.set(int(desk.document is not None))
    return desk.document


async def run(house: House, *, started: Started | None = None) -> int:
    """Listen and work until SIGTERM or SIGINT. The desk must be in force."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    notifier = Notifier(notify_socket())
    await house.desk.prepare(is_alone=house.database.is_sqlite)
    await house.checking
    if not house.desk.revisions.number:
        log.error("there is no desk yet: run maitred apply, or leave out --no-apply")
        return EXIT_CONFIGURATION

    def asked_to_stop() -> None:
        if stop.is_set():
            os._exit(EXIT_FAILED)  # a second signal: everything on disk is safe at any moment
        stop.set()

    reload = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop)
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    async with AsyncExitStack() as stack:
        host, port = house.settings.http.host, house.settings.http.port
        address = await stack.enter_async_context(listening(house.application(), host, port))
        if (apart := house.settings.metrics) is not None:
            await stack.enter_async_context(listening(metrics_alone(metrics.REGISTRY), apart.host, apart.port))
        outside = [_supervised(adapter, house) for adapter in house.adapters.values()]
        inside = [
            house.desk.run(),
            house.auditor.run(),
            house.feeds.run(),
            keep_figures(house.desk),
            notifier.stay_alive(),
            _reloads(house, reload),
        ]
        channels = [asyncio.create_task(work) for work in outside]
        loops = [asyncio.create_task(work) for work in inside]
        gc.freeze()  # what a start leaves stays for good: looking through all of it held everything up for 70 ms
        gc.set_threshold(*COLLECT_AFTER)
        try:
            log.info("ready", http=address, revision=house.desk.revisions.number)
            notifier.say("READY=1")
            if started is not None:
                await started(house, address)
            ended = await _first(stop.wait(), *loops)
        finally:
            notifier.say("STOPPING=1")
            log.info("stopping")
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_WITHIN.total_seconds()):
                    await _cancelled(loops)
                    await house.desk.drain()  # while the channels still work: what is being sent comes to its end
                    await _cancelled(channels)
                    await house.desk.drain()
    log.info("stopped")
    return 0 if ended else EXIT_FAILED


async def _first(stopping: Coroutine[Any, Any, object], *loops: asyncio.Task[None]) -> bool:
    """Wait for the signal; False when a loop ended by itself, which none should."""
    asked = asyncio.ensure_future(stopping)
    done, _ = await asyncio.wait([asked, *loops], return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    for task in done - {asked}:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a loop of the desk failed", loop=task.get_name(), exc_info=error)
    return asked in done


async def _supervised(adapter: Adapter, house: House) -> None:
    """Keep a channel running: what fails is logged and started again, later each time, and harms no other channel."""
    pause, longest = RESTART_AFTER
    while True:
        try:
            await adapter.run(house.desk.journal, house.desk.press)
        except Exception:
            log.exception("a channel failed and is started again", channel=adapter.channel.value, after=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, longest)


async def _reloads(house: House, asked: asyncio.Event) -> None:
    while True:
        await asked.wait()
        asked.clear()
        try:
            is_read = await put_in_force(house)
            await house.desk.refresh()
        except StoreError as error:
            log.warning("the desk directory could not be stored", reason=str(error))
            is_read = False
        if is_read:
            log.info("the desk directory was read again", revision=house.desk.revisions.number)
        else:
            log.error("the old desk stays in force", revision=house.desk.revisions.number)


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
