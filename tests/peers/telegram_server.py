"""Telegram, whole, for one test: people and groups in front of a bot, over the Bot API on loopback.

    async def test_...(telegram: TelegramServer) -> None:
        lena = telegram.person("Lena", language="pt")
        acme = telegram.group("Acme", lena)
        said = lena.says("Payroll failed", acme)
        await telegram.taken()
        assert telegram.shown(acme)[-1].text == "…"

It is strict: what the real server refuses is refused here, in its words. Calls are recorded, can be made to go wrong,
and are judged, as every update is, by the models of another library (see telegram_judge).
"""

import asyncio
import itertools
import math
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.peers.telegram_arguments import Arguments, Upload
from tests.peers.telegram_judge import Judge
from tests.peers.telegram_line import Hooked, Line
from tests.peers.telegram_markup import Payload, RefusalError
from tests.peers.telegram_methods import Methods
from tests.peers.telegram_people import Group, People
from tests.peers.telegram_person import Person
from tests.peers.telegram_profile import LARGEST_DOWNLOAD
from tests.peers.telegram_shown import Shown, shown_in
from tests.peers.telegram_world import BOT_ID, BOT_NAME, TOKEN, Place, World

LARGEST = 64 * 2**20
#: Telegram's limits, each with a little mercy for a clock that is not its own.
PER_CHAT_S, GROUP_A_MINUTE, IN_ALL_A_SECOND, MERCY = 1.0, 20, 30, 0.97


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to go wrong with a call: a status with its words, a 429, a cut before or after the work, or silence."""

    status: int = 0
    description: str = ""
    retry_after: int = 0
    cut: str = ""
    hangs: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Planned:
    method: str
    fault: Fault
    times: int
    chat: int | None


@dataclass(frozen=True, slots=True)
class Call:
    """One call the bot made; status 0 where it was cut before anything was done, or had hung up when it was refused."""

    method: str
    arguments: Mapping[str, Any]
    files: Mapping[str, bytes]
    status: int
    result: Any
    at: float


class _CutError(Exception):
    """The connection is to break now."""


class TelegramServer:
    """One bot and everybody around it. Whoever starts it stops it."""

    token, bot_id, bot_username = TOKEN, BOT_ID, BOT_NAME

    def __init__(self) -> None:
        #: Epoch seconds; a test may put its own clock here.
        self.now: Callable[[], float] = time.time
        self.line = Line(now=self._moment, changed=self._changed)
        self.world = World(self.line, now=self._moment)
        self.methods = Methods(self.world)
        self.people = People(self.world, self.methods)
        self.judge = Judge()
        self._ids = itertools.count(1001)
        self.calls: list[Call] = []
        self.is_flood_limited = False
        self.is_revoked = False
        self.url = ""
        self._passed_s = 0.0
        self._planned: list[_Planned] = []
        self._written: dict[int, deque[float]] = defaultdict(deque)
        self._written_in_all: deque[float] = deque()
        self._stopped_until: dict[int, float] = {}
        self._judged = 0
        self._runner: web.AppRunner | None = None
        self._hanging = asyncio.Event()

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=LARGEST)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        self._hanging.set()
        await self.line.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # ---- people and places

    @property
    def me(self) -> Payload:
        return self.world.me

    def person(
        self,
        name: str,
        last_name: str = "",
        *,
        id: int | None = None,  # noqa: A002 - Telegram's word
        username: str = "",
        language: str = "en",
    ) -> Person:
        """Somebody who has not written to the bot yet."""
        number = next(self._ids) if id is None else id
        user: Payload = {"id": number, "is_bot": False, "first_name": name, "language_code": language}
        user |= ({"last_name": last_name} if last_name else {}) | ({"username": username} if username else {})
        self.world.people[number] = user
        return Person(self.people, number, name)

    def group(self, title: str, *people: Person, **traits: Any) -> Group:  # noqa: ANN401 - id, is_forum, is_basic, has_bot
        return self.people.group(title, *people, **traits)

    def shown(self, place: Group | Person | int, topic: int | None = None) -> list[Shown]:
        """What a chat reads now, oldest first; of a forum only one topic where it is named."""
        return shown_in(self.world, self._place(place), topic)

    def topics(self, place: Group | int) -> dict[int, str]:
        """The topics of a forum, by thread."""
        return dict(self._place(place).topics)

    def passes(self, *, hours: float = 0, seconds: float = 0) -> None:
        """Time goes by, here alone."""
        self._passed_s += hours * 3600 + seconds
        self._changed()

    # ---- updates

    @property
    def pending(self) -> list[int]:
        """The ids of the updates that nobody has confirmed."""
        return self.line.pending

    @property
    def hooked(self) -> list[Hooked]:
        return self.line.hooked

    async def taken(self) -> None:
        """Wait until every update is confirmed."""
        await self.until(lambda: not self.pending)

    def offers(self, update: Payload) -> int:
        """An update of a test's own making, which no judge sees."""
        self.judge.pass_over(update)
        return self.line.offer(update)

    def repeats(self, update_id: int) -> None:
        """Offer an update again, whatever was confirmed."""
        self.line.repeat(update_id)

    def skips(self, count: int) -> None:
        """Leave a hole in the ids of updates."""
        self.line.skip(count)

    def point_at(self, address: str) -> None:
        """Where webhooks go, whatever host of the internet they name."""
        self.line.address = address.rstrip("/")

    async def until(self, is_so: Callable[[], bool], *, within_s: float = 10) -> None:
        """Wait for something that comes with a call of the bot or an update."""
        await self.people.until(is_so, within_s=within_s)

    # ---- calls

    def asked(self, method: str, chat: Group | Person | int | None = None) -> list[Call]:
        """The calls of one method, in one chat where it is named."""
        number = None if chat is None else str(chat if isinstance(chat, int) else chat.id)
        return [
            call
            for call in self.calls
            if call.method == method and number in {None, str(call.arguments.get("chat_id", ""))}
        ]

    async def asked_for(self, method: str, count: int = 1) -> list[Call]:
        """Wait until a method was called so many times in all."""
        await self.until(lambda: len(self.asked(method)) >= count)
        return self.asked(method)

    def fail(self, method: str, fault: Fault, *, times: int = 1, chat: Group | Person | int | None = None) -> None:
        """Let the next so many calls go wrong; `*` is any method but getUpdates, `file` a download."""
        number = chat.id if isinstance(chat, Group | Person) else chat
        self._planned.append(_Planned(method, fault, times, number))

    def mend(self) -> None:
        """Forget what was planned to go wrong."""
        self._planned.clear()

    @property
    def findings(self) -> list[str]:
        """What the judge has found wrong so far."""
        for update in self.line.emitted[self._judged :]:
            self.judge.update(update)
        self._judged = len(self.line.emitted)
        return self.judge.findings

    def allows(self, words: str) -> None:
        """A bad request is the point of the test: findings with these words in them are none."""
        self.judge.allowed.append(words)

    # ---- one call

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            values, files = await _arguments(request)
        except (ConnectionError, web.PayloadAccessError):
            return web.Response()  # whoever asked is gone before the question was out
        status, result = 0, None
        try:
            answer = await self._answered(method, values, files, request.match_info["token"])
            status, result = 200, answer.get("result")
        except RefusalError as refusal:
            # Whoever has hung up is told nothing: to Telegram a question ends with its connection.
            status = 0 if _has_hung_up(request) else refusal.code
            answer = {"ok": False, "error_code": refusal.code, "description": refusal.description}
            answer |= {"parameters": dict(refusal.parameters)} if refusal.parameters else {}
        except _CutError:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        finally:
            uploads = {name: upload.content for name, upload in files.items()}
            self.calls.append(Call(method, values, uploads, status, result, self._moment()))
            self._changed()
        if "is_cut" in answer:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if "raw" in answer:
            return web.Response(status=answer["raw"], text="<html>upstream is unwell</html>", content_type="text/html")
        return web.json_response(answer, status=answer.get("error_code", 200))

    async def _answered(self, method: str, values: Payload, files: Mapping[str, Upload], token: str) -> Payload:
        if token != TOKEN or self.is_revoked:
            raise RefusalError("Unauthorized", code=401)
        fault = self._fault(method, str(values.get("chat_id", "")))
        if fault.cut == "before":
            raise _CutError
        if fault.hangs:
            await self._hanging.wait()
            raise _CutError
        if fault.retry_after:
            raise RefusalError(
                f"Too Many Requests: retry after {fault.retry_after}",
                code=429,
                parameters={"retry_after": fault.retry_after},
            )
        if fault.status:
            if fault.status >= 500 and not fault.description:
                return {"raw": fault.status}
            refusal = RefusalError(fault.description, code=fault.status, parameters=fault.parameters)
            refusal.description = fault.description
            raise refusal
        known = self.methods.known.get(method)
        if known is None:
            raise RefusalError("Not Found", code=404)
        asked = Arguments(method, values, files)
        self.judge.request(method, asked.values, files)
        self._check_flood(asked)
        result = await known(asked)
        answer: Payload = {"ok": True, "result": result}
        if isinstance(result, tuple):
            answer = {"ok": True, "result": result[0], "description": result[1]}
        self.judge.result(method, answer["result"])
        if fault.cut == "after":
            answer["is_cut"] = True
        return answer

    async def _download(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        found = next((one for one in self.world.files.values() if one.path == path), None)
        fault = self._fault("file", "")
        status = 200
        if request.match_info["token"] != TOKEN or self.is_revoked:
            status = 401
        elif found is None or len(found.content) > LARGEST_DOWNLOAD:
            status = 404
        elif fault.status or fault.retry_after:
            status = fault.status or 429
        self.calls.append(Call("file", {"path": path}, {}, status, None, self._moment()))
        self._changed()
        if status != 200 or found is None:
            return web.json_response({"ok": False, "error_code": status, "description": "Not Found"}, status=status)
        answer = web.StreamResponse(headers={"Content-Length": str(len(found.content))})
        answer.content_type = "application/octet-stream"
        await answer.prepare(request)
        if fault.cut == "after":
            await answer.write(found.content[: len(found.content) // 2])
        if fault.cut or fault.hangs:
            if fault.hangs:
                await self._hanging.wait()
            assert request.transport is not None
            request.transport.abort()
            return answer
        await answer.write(found.content)
        return answer

    def _fault(self, method: str, chat: str) -> Fault:
        for planned in self._planned:
            is_meant = planned.method == method or (planned.method == "*" and method not in {"getUpdates", "file"})
            if is_meant and planned.times and (planned.chat is None or str(planned.chat) == chat):
                planned.times -= 1
                return planned.fault
        return Fault()

    def _check_flood(self, asked: Arguments) -> None:
        if not self.is_flood_limited or not asked.method.startswith("send") or asked.method == "sendChatAction":
            return
        now, chat = self._moment(), asked.number("chat_id") or 0
        count = len(asked["media"] or []) if asked.method == "sendMediaGroup" else 1
        ours = self._written[chat]
        waits = [self._stopped_until.get(chat, 0) - now]
        if ours:
            waits.append(ours[-1] + PER_CHAT_S * MERCY - now)
        if chat < 0:
            within = [at for at in ours if now - at < 60 * MERCY]
            if len(within) + count > GROUP_A_MINUTE and within:
                waits.append(within[0] + 60 - now)
        second = [at for at in self._written_in_all if now - at < MERCY]
        if len(second) >= IN_ALL_A_SECOND:
            waits.append(second[0] + 1 - now)
        if (longest := max(waits)) > 0:
            seconds = math.ceil(longest)
            self._stopped_until[chat] = max(self._stopped_until.get(chat, 0), now + longest)
            raise RefusalError(
                f"Too Many Requests: retry after {seconds}", code=429, parameters={"retry_after": seconds}
            )
        ours.extend([now] * count)
        self._written_in_all.extend([now] * count)

    def _place(self, place: Group | Person | int) -> Place:
        return self.world.places[place if isinstance(place, int) else place.id]

    def _moment(self) -> float:
        return self.now() + self._passed_s

    def _changed(self) -> None:
        self.people.changed()


def _has_hung_up(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _arguments(request: web.Request) -> tuple[Payload, dict[str, Upload]]:
    """What was asked, in whichever of the Bot API's ways it was passed."""
    values: Payload = dict(request.query)
    files: dict[str, Upload] = {}
    if request.content_type == "application/json":
        values |= await request.json()
    elif request.content_type == "multipart/form-data":
        # Into memory, where a body that breaks off leaves no file open.
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            content, name = bytes(await part.read()), part.name or ""
            if part.filename is None:
                values[name] = content.decode()
            else:
                files[name] = Upload(part.filename, content)
    elif request.can_read_body:
        values |= dict(await request.post())
    return values, files
