"""Slack's Web API as an app sees it: the emulator behind, and in front what it lacks.

Added here: slack_sdk's ways of passing arguments, tokens that are really checked, granted scopes in a header, faults on
demand, ids and moments of a test's choosing, history that obeys `oldest`, `latest` and `limit`, metadata only where it
is asked for, people of other workspaces and their files, triggers that expire when a test says so, limits of Block Kit.
"""

import json
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from tests.peers.slack_emulator import ADMIN_TOKEN, BOT_USER, TEAM, Emulator, manifest_scopes
from tests.peers.slack_payloads import Payload, bot_fields, withheld_file

BOT_TOKEN, APP_TOKEN = "xoxb-1-desk", "xapp-1-A000000001-desk"
LONGEST_TEXT, MOST_BLOCKS = 40_000, 50
PAGE = 1_000

Override = Callable[[Payload], Awaitable[Payload]]


class CutError(Exception):
    """The connection is to break now."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to go wrong with a call: Slack's error word, an HTTP status, a 429, or a cut before or after the work."""

    error: str = ""
    status: int = 0
    retry_after: int = 0
    cut: str = ""


@dataclass(slots=True)
class _Planned:
    method: str
    fault: Fault
    times: int
    channel: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """One call the app made."""

    method: str
    arguments: Mapping[str, Any]
    is_ok: bool


class Aliases:
    """Names of a test's choosing for what the emulator named itself; put in place on the way in and on the way out."""

    def __init__(self) -> None:
        self._inside: dict[str, str] = {}
        self._outside: dict[str, str] = {}

    def add(self, outside: str, inside: str) -> None:
        assert len(outside) > 5, f"{outside} may stand in somebody's words: choose a longer name"
        self._inside[outside] = inside
        self._outside[inside] = outside

    def inward(self, text: str) -> str:
        return _replaced(text, self._inside)

    def outward(self, text: str) -> str:
        return _replaced(text, self._outside)

    def inside(self, name: str) -> str:
        return self._inside.get(name, name)


def _replaced(text: str, names: Mapping[str, str]) -> str:
    if not names:
        return text
    return re.sub("|".join(map(re.escape, names)), lambda found: names[found.group()], text)


class WebApi:
    """The methods, one call at a time. `calls` is what was asked, `scopes` what the bot's token is granted."""

    def __init__(self, emulator: Emulator, *, socket_url: Callable[[], str], own_address: Callable[[], str]) -> None:
        self.emulator = emulator
        self.calls: list[Call] = []
        self.scopes = [*manifest_scopes()]
        self.aliases = Aliases()
        #: Facts about people over what the emulator knows: `team_id`, `real_name`, `is_restricted`, `deleted`, ...
        self.people: dict[str, Payload] = {BOT_USER: {"team_id": TEAM, "is_bot": True}}
        self.channels: dict[str, Payload] = {}
        #: Facts about files over what the emulator knows: `size`, `mode`, `file_access`, ...
        self.files: dict[str, Payload] = {}
        self.latest_reply: dict[tuple[str, str], str] = {}
        #: Who answered in a thread, in the order in which they first did.
        self.reply_users: dict[tuple[str, str], list[str]] = {}
        self.broadcasts: dict[tuple[str, str], set[str]] = {}
        #: Trigger -> whose it is; a trigger that was used or has expired is gone.
        self.triggers: dict[str, str] = {}
        self.ephemerals: list[Payload] = []
        self.opened_views: list[Payload] = []
        self.homes: dict[str, Payload] = {}
        #: Messages of ours, by their moment, which Slack shows without the name of the app, as it does with uploads.
        self.bare: set[str] = set()
        self.is_revoked = False
        #: Called with the method and its answer once a call of the bot has succeeded.
        self.worked: Callable[[str, Payload, Payload], Awaitable[None]] | None = None
        self._planned: list[_Planned] = []
        self._socket_url = socket_url
        self._own_address = own_address
        self._http: aiohttp.ClientSession | None = None
        self._overrides: dict[str, Override] = {
            "conversations.history": self.history,
            "conversations.replies": self.replies,
            "files.info": self._file,
            "users.conversations": self._conversations,
            "users.info": self._person,
            "views.open": self._view_opened,
            "views.push": self._view_opened,
        }

    def fail(self, method: str, fault: Fault, *, times: int = 1, channel: str | None = None) -> None:
        """Let the next so many calls of a method (in a channel) go wrong."""
        self._planned.append(_Planned(method, fault, times, channel))

    def mend(self) -> None:
        """Forget what was planned to go wrong."""
        self._planned.clear()

    def asked(self, method: str) -> list[Call]:
        """The calls of one method."""
        return [call for call in self.calls if call.method == method]

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """`/api/METHOD`."""
        method = request.match_info["method"]
        arguments = await _arguments(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        token = token or str(arguments.pop("token", ""))
        fault = self._fault(method, str(arguments.get("channel", "")))
        try:
            if fault.cut == "before":
                raise CutError
            if fault.retry_after:
                refusal = {"ok": False, "error": "ratelimited"}
                self.calls.append(Call(method, arguments, is_ok=False))
                return web.json_response(refusal, status=429, headers={"Retry-After": str(fault.retry_after)})
            if fault.status:
                self.calls.append(Call(method, arguments, is_ok=False))
                return web.Response(status=fault.status, text="upstream is unwell")
            answer = _refusal(fault.error) if fault.error else await self._answered(method, arguments, token)
            self.calls.append(Call(method, arguments, is_ok=bool(answer["ok"])))
            if answer["ok"] and token == BOT_TOKEN and self.worked is not None:
                await self.worked(method, arguments, answer)
            if fault.cut == "after":
                raise CutError
        except CutError:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        headers = {"X-OAuth-Scopes": ",".join(self.scopes)} if token == BOT_TOKEN else {}
        return web.json_response(answer, headers=headers)

    async def inside(self, method: str, arguments: Mapping[str, Any], *, token: str | None = None) -> Payload:
        """Call the emulator itself, as the bot or whoever the token is; names are changed both ways."""
        body = self.aliases.inward(urlencode({name: _text(value) for name, value in arguments.items()}))
        headers = {
            "Authorization": f"Bearer {token or self.emulator.bot_token()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with self._session().post(f"{self.emulator.address}/api/{method}", data=body, headers=headers) as answer:
            text = self.aliases.outward(await answer.text())
        port = self.emulator.address.rpartition(":")[2]
        found: Payload = json.loads(text.replace(f"http://localhost:{port}", self._own_address()))
        return found

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Bytes of files, up and down."""
        headers = {"Content-Type": request.headers.get("Content-Type", "application/octet-stream")}
        if "Authorization" in request.headers:
            token = request.headers["Authorization"].removeprefix("Bearer ")
            if token != BOT_TOKEN or self.is_revoked:
                return web.Response(status=302, headers={"Location": "/sign-in"})  # as Slack does with a bad token
            headers["Authorization"] = f"Bearer {self.emulator.bot_token()}"
        url = f"{self.emulator.address}{self.aliases.inward(request.raw_path)}"
        content = BytesIO(await request.read()) if request.can_read_body else None
        async with self._session().request(
            request.method, url, data=content, headers=headers, allow_redirects=False
        ) as answer:
            kind = answer.headers.get("Content-Type", "")
            return web.Response(body=await answer.read(), status=answer.status, headers={"Content-Type": kind})

    async def upload(self, path: str, content: bytes, *, token: str) -> None:
        """Bring the bytes of a file, as whoever the token inside is."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
        async with self._session().post(
            f"{self.emulator.address}{path}", data=BytesIO(content), headers=headers
        ) as answer:
            answer.raise_for_status()

    def shaped(self, message: Payload) -> Payload:
        """A message of the emulator with what Slack says beside it."""
        shaped = {**message}
        if shaped["user"] == BOT_USER:
            shaped |= bot_fields() if shaped["ts"] not in self.bare else {"team": TEAM}
        elif shaped["user"] in self.people:
            team = self.people[shaped["user"]]["team_id"]
            shaped |= {"team": team, "user_team": team, "source_team": team}
        return shaped

    def withheld(self, message: Payload) -> Payload:
        """A message as the app reads it: of a file from another workspace it learns the id, and has to ask for more."""
        if self.people.get(str(message.get("user")), {}).get("team_id", TEAM) == TEAM or not message.get("files"):
            return message
        return {**message, "files": [withheld_file(file["id"]) for file in message["files"]]}

    # ---- one call

    async def _answered(self, method: str, arguments: Payload, token: str) -> Payload:
        if refusal := self._token_refused(method, token):
            return _refusal(refusal)
        if method == "apps.connections.open":
            return {"ok": True, "url": self._socket_url()}
        if method in {"chat.postMessage", "chat.update", "chat.postEphemeral"} and (error := _too_much(arguments)):
            return _refusal(error)
        if _is_of_members(method) and not self._is_member(str(arguments.get("channel", ""))):
            return _refusal("not_in_channel")
        override = self._overrides.get(method)
        answer = await (override(arguments) if override is not None else self.inside(method, arguments))
        if not answer.get("ok"):
            return answer
        if method == "chat.postEphemeral":
            self.ephemerals.append({**arguments})
        if method == "views.publish":
            self.homes[str(arguments["user_id"])] = answer["view"]
        if isinstance(answer.get("message"), dict):
            answer["message"] = self.shaped(answer["message"])
        if isinstance(answer.get("messages"), list):
            answer["messages"] = [self.withheld(one) for one in answer["messages"]]
        return answer

    def _fault(self, method: str, channel: str) -> Fault:
        for planned in self._planned:
            if planned.method == method and planned.times and planned.channel in {None, channel}:
                planned.times -= 1
                return planned.fault
        return Fault()

    def _is_member(self, channel: str) -> bool:
        return bool(self.channels.get(channel, {}).get("is_member", True))

    def _token_refused(self, method: str, token: str) -> str:
        if not token:
            return "not_authed"
        if token not in {BOT_TOKEN, APP_TOKEN}:
            return "invalid_auth"
        if (method == "apps.connections.open") != (token == APP_TOKEN):
            return "not_allowed_token_type"
        return "token_revoked" if self.is_revoked and token == BOT_TOKEN else ""

    async def history(self, arguments: Payload) -> Payload:
        channel = str(arguments.get("channel", ""))
        answer = await self.inside("conversations.history", {"channel": channel, "limit": PAGE})
        if not answer["ok"]:
            return answer
        found = list(answer["messages"])
        while cursor := answer["response_metadata"]["next_cursor"]:
            asked = {"channel": channel, "limit": PAGE, "cursor": self.aliases.inside(cursor)}
            answer = await self.inside("conversations.history", asked)
            found += answer["messages"]
        for root, broadcast in self.broadcasts.items():
            if root[0] == channel:
                replies = await self.inside("conversations.replies", {"channel": channel, "ts": root[1]})
                found += [
                    {**reply, "subtype": "thread_broadcast"}
                    for reply in replies["messages"]
                    if reply["ts"] in broadcast
                ]
        for message in found:
            if latest := self.latest_reply.get((channel, message["ts"])):
                users = self.reply_users.get((channel, message["ts"]), [])
                message |= {"thread_ts": message["ts"], "latest_reply": latest}
                message |= {"reply_users": users[:5], "reply_users_count": len(users)}
        found.sort(key=_moment, reverse=True)
        return self._page([message for message in found if _is_between(message, arguments)], arguments)

    async def replies(self, arguments: Payload) -> Payload:
        answer = await self.inside("conversations.replies", arguments)
        if not answer["ok"]:
            return answer
        root = str(arguments["ts"])
        if not answer["messages"]:
            return _refusal("thread_not_found")
        found = [one for one in answer["messages"] if one["ts"] == root or _is_between(one, arguments)]
        return self._page(found, arguments)

    def _page(self, messages: Sequence[Payload], arguments: Payload) -> Payload:
        start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
        page = [self.shaped(message) for message in messages[start : start + limit]]
        if str(arguments.get("include_all_metadata", "")).lower() not in {"1", "true"}:
            for message in page:
                message.pop("metadata", None)
        following = str(start + limit) if start + limit < len(messages) else ""
        return {
            "ok": True,
            "messages": page,
            "has_more": bool(following),
            "response_metadata": {"next_cursor": following},
        }

    async def _conversations(self, arguments: Payload) -> Payload:
        asked = {"types": arguments.get("types", "public_channel"), "limit": PAGE}
        answer = await self.inside("conversations.list", asked)
        if not answer["ok"]:
            return answer
        found = [one for one in answer["channels"] if one["id"] in self.channels and self._is_member(one["id"])]
        if str(arguments.get("exclude_archived", "")).lower() in {"1", "true"}:
            found = [one for one in found if not one.get("is_archived")]
        start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
        following = str(start + limit) if start + limit < len(found) else ""
        page = [{**one, **self.channels[one["id"]]} for one in found[start : start + limit]]
        return {"ok": True, "channels": page, "response_metadata": {"next_cursor": following}}

    async def _person(self, arguments: Payload) -> Payload:
        answer = await self.inside("users.info", arguments)
        if answer["ok"]:
            answer["user"] |= self.people.get(str(arguments["user"]), {})
        return answer

    async def _file(self, arguments: Payload) -> Payload:
        answer = await self.inside("files.info", arguments)
        if answer["ok"]:
            answer["file"] |= {"file_access": "visible", **self.files.get(str(arguments["file"]), {})}
        return answer

    async def _view_opened(self, arguments: Payload) -> Payload:
        user = self.triggers.pop(str(arguments.get("trigger_id", "")), None)
        if user is None:
            return _refusal("expired_trigger_id")
        inner = await self.inside("views.generateTriggerId", {"user_id": user})
        answer = await self.inside("views.open", {**arguments, "trigger_id": inner["trigger_id"]})
        if answer["ok"]:
            self.opened_views.append({**answer["view"], "opened_for": user})
        return answer

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession()
        return self._http


def new_trigger() -> str:
    return f"{uuid.uuid4().int % 10**12}.{uuid.uuid4().int % 10**8}.{uuid.uuid4().hex}"


def as_admin() -> str:
    """The token inside that may do everything."""
    return ADMIN_TOKEN


async def _arguments(request: web.Request) -> Payload:
    """What was asked, in whichever of Slack's ways it was passed."""
    found: Payload = dict(request.query)
    if request.content_type == "application/json":
        found |= await request.json()
    elif request.can_read_body:
        found |= dict(await request.post())
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_of_members(method: str) -> bool:
    return method.startswith(("chat.", "reactions.")) or method in {"conversations.history", "conversations.replies"}


def _refusal(error: str) -> Payload:
    return {"ok": False, "error": error}


def _moment(message: Payload) -> float:
    return float(message["ts"])


def _is_between(message: Payload, arguments: Payload) -> bool:
    at, is_inclusive = _moment(message), str(arguments.get("inclusive", "")).lower() in {"1", "true"}
    oldest, latest = float(arguments.get("oldest") or 0), float(arguments.get("latest") or 1e12)
    return oldest <= at <= latest if is_inclusive else oldest < at < latest


def _too_much(arguments: Payload) -> str:
    """What Slack refuses that the emulator would take, judged by slack_sdk's own models."""
    if len(str(arguments.get("text", ""))) > LONGEST_TEXT:
        return "msg_too_long"
    blocks = arguments.get("blocks")
    blocks = json.loads(blocks) if isinstance(blocks, str) and blocks else blocks
    if not blocks:
        return ""
    if len(blocks) > MOST_BLOCKS:
        return "invalid_blocks"
    try:
        for block in Block.parse_all(blocks):
            block.validate_json()
    except SlackObjectFormationError:
        return "invalid_blocks"
    return ""
