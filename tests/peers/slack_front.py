"""Slack, whole, for one test: a workspace whose people write, press and leave, in front of an app.

    async def test_...(slack: SlackFront) -> None:
        vera = await slack.person("U0VERA", "Vera Kova")
        lena = await slack.person("U0LENA", "Lena", team="T0ACME")
        acme = await slack.channel("C0ACME", members=[vera, lena])
        said = await slack.says(lena, acme, "Payroll failed")
        await said.delivery.settled()

Names and moments are the test's own. `slack.api` is the Web API (faults, calls), `slack.line` how the app is reached.
"""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.peers.slack_api import APP_TOKEN, BOT_TOKEN, WebApi, as_admin, new_trigger
from tests.peers.slack_emulator import BOT_USER, TEAM, Emulator
from tests.peers.slack_line import COMMANDS, EVENTS, PRESSES, Delivery, Line
from tests.peers.slack_payloads import (
    Payload,
    channel_type,
    command_payload,
    event_payload,
    home_press_payload,
    message_event,
    press_payload,
    rich_text,
    shortcut_payload,
    submission_payload,
)

SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
LARGEST = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Said:
    """A message somebody wrote; `delivery` is how the app was told, None where it was kept from it."""

    channel: str
    ts: str
    message: Payload
    delivery: Delivery | None

    @property
    def external_id(self) -> str:
        return f"{self.channel}:{self.ts}"

    @property
    def told(self) -> Delivery:
        """How the app was told, where it was."""
        assert self.delivery is not None
        return self.delivery


class SlackFront:
    """One workspace and one app. Whoever starts it stops it."""

    bot_token, app_token, signing_secret = BOT_TOKEN, APP_TOKEN, SIGNING_SECRET
    team, bot_user = TEAM, BOT_USER

    def __init__(self, emulator: Emulator) -> None:
        self.line = Line(SIGNING_SECRET)
        self.api = WebApi(emulator, socket_url=self._socket_url, own_address=lambda: self.address)
        self.api.worked = self._app_did
        #: What the app answered later, through the address that came with a press.
        self.late_answers: list[Payload] = []
        #: Whether the app is told of its own messages, as Slack does.
        self.is_echoing = True
        self.address = ""
        self._tokens: dict[str, str] = {}
        self._runner: web.AppRunner | None = None
        self._moments = 0
        #: Messages as they read after their last change.
        self._reworded: dict[str, Payload] = {}

    @property
    def api_url(self) -> str:
        """What SLACK_API_URL is set to."""
        return f"{self.address}/api"

    async def start(self) -> None:
        app = web.Application(client_max_size=LARGEST)
        app.router.add_route("*", "/api/{method}", self.api.serve)
        app.router.add_get("/link", self.line.listen)
        app.router.add_post("/response/{name}", self._late_answer)
        app.router.add_route("*", "/{path:.*}", self.api.pass_on)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self.line.close()
        await self.api.close()
        assert self._runner is not None
        await self._runner.cleanup()

    # ---- people and places

    async def person(self, name: str, real_name: str = "", *, team: str = TEAM, **traits: object) -> str:
        """Somebody, under an id of the test's choosing; of another workspace where `team` is another."""
        token = self.api.emulator.spare()
        inside = (await self.api.inside("auth.test", {}, token=token))["user_id"]
        self.api.aliases.add(name, inside)
        self._tokens[name] = token
        real_name = real_name or name
        self.api.people[name] = {"team_id": team, "real_name": real_name, "name": real_name.lower(), **traits}
        return name

    async def channel(self, name: str, *, members: Sequence[str] = (), is_private: bool = False) -> str:
        """A channel that the app is in, under an id of the test's choosing."""
        written = f"c-{uuid.uuid4().hex[:12]}"
        made = await self._as_admin("conversations.create", name=written, is_private=is_private)
        self.api.aliases.add(name, made["channel"]["id"])
        self.api.channels[name] = {"is_member": True}
        await self._as_admin("conversations.invite", channel=name, users=",".join([BOT_USER, *members]))
        return name

    async def dm(self, user: str) -> str:
        """The direct conversation between the app and somebody."""
        opened = await self.api.inside("conversations.open", {"users": user})
        channel = str(opened["channel"]["id"])
        self.api.channels.setdefault(channel, {"is_member": True})
        return channel

    async def archives(self, channel: str) -> Delivery:
        """The channel is closed for good."""
        await self._as_admin("conversations.archive", channel=channel)
        return await self.tells({"type": "channel_archive", "channel": channel, "user": "U000000001"})

    async def removes_app(self, channel: str) -> None:
        """The app is no longer a member of a channel."""
        self.api.channels[channel]["is_member"] = False

    # ---- what people say

    async def says(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread: str | None = None,
        is_broadcast: bool = False,
        at: datetime | None = None,
        is_told: bool = True,
        is_markup: bool = False,
    ) -> Said:
        """Somebody writes. `at` is Slack's moment; `is_told=False` keeps it from the app, as an outage does.

        Slack escapes what people type; `is_markup` is for what its own client makes of mentions and links.
        """
        written = text if is_markup else _escaped(text)
        asked: Payload = {"channel": channel, "text": written, "blocks": rich_text(text)}
        asked["client_msg_id"] = str(uuid.uuid4())
        if thread:
            asked |= {"thread_ts": thread, "reply_broadcast": is_broadcast}
        posted = await self._as(user, "chat.postMessage", asked)
        ts = self._moment(posted["ts"], at)
        message = {**posted["message"], "ts": ts}
        if thread:
            self._in_thread(channel, thread, ts, user, is_broadcast=is_broadcast)
            message["parent_user_id"] = BOT_USER
        if is_broadcast:
            message |= {"subtype": "thread_broadcast", "root": {"type": "message", "ts": thread}}
        return await self._said(channel, message, is_told=is_told)

    async def shares(
        self,
        user: str,
        channel: str,
        name: str,
        content: bytes,
        *,
        text: str = "",
        thread: str | None = None,
        is_told: bool = True,
    ) -> Said:
        """Somebody shares a file, with a word or without."""
        files = [{"id": await self._uploaded(user, name, content), "title": name}]
        done = {"files": files, "channel_id": channel, "initial_comment": _escaped(text)}
        done |= {"thread_ts": thread} if thread else {}
        await self._as(user, "files.completeUploadExternal", done)
        if thread:
            self.api.latest_reply[channel, thread] = "0"
        newest = max(await self.shown(channel), key=lambda one: float(one["ts"]))
        if thread:
            self._in_thread(channel, thread, newest["ts"], user, is_broadcast=False)
        return await self._said(channel, newest, is_told=is_told)

    async def shares_together(
        self, user: str, channel: str, names: Sequence[str], content: bytes, *, text: str = ""
    ) -> Said:
        """Somebody shares several files in one message, each with the same bytes."""
        files = [{"id": await self._uploaded(user, name, content), "title": name} for name in names]
        done = {"files": files, "channel_id": channel, "initial_comment": _escaped(text)}
        await self._as(user, "files.completeUploadExternal", done)
        newest = max(await self.shown(channel), key=lambda one: float(one["ts"]))
        return await self._said(channel, newest, is_told=True)

    async def edits(self, said: Said, text: str, *, is_told: bool = True) -> Delivery | None:
        """The author changes the wording."""
        user = said.message["user"]
        asked = {"channel": said.channel, "ts": said.ts, "text": _escaped(text), "blocks": rich_text(text)}
        changed = await self._as(user, "chat.update", asked)
        event = self._change("message_changed", said)
        event["message"] = self._reworded[said.external_id] = self.api.shaped(changed["message"])
        return await self.tells(event) if is_told else None

    async def deletes(self, said: Said) -> Delivery:
        """The author takes it back."""
        await self._as(said.message["user"], "chat.delete", {"channel": said.channel, "ts": said.ts})
        return await self.tells({**self._change("message_deleted", said), "deleted_ts": said.ts})

    async def reacts(self, user: str, channel: str, ts: str, sign: str) -> Delivery:
        """Somebody puts a sign under a message."""
        await self._as(user, "reactions.add", {"channel": channel, "timestamp": ts, "name": sign})
        item = {"type": "message", "channel": channel, "ts": ts}
        return await self.tells({"type": "reaction_added", "user": user, "reaction": sign, "item": item})

    async def tells(self, event: Mapping[str, Any]) -> Delivery:
        """Tell the app of any event."""
        return await self.line.deliver(EVENTS, event_payload({"event_ts": self._new_ts(), **event}))

    # ---- what people see and press

    async def shown(self, channel: str) -> list[Payload]:
        """What stands in a channel, oldest first, threads in their place."""
        found = []
        asked = {"channel": channel, "limit": 1_000, "include_all_metadata": True}
        answer = await self.api.history(asked)
        for root in reversed(answer["messages"]):
            found.append(root)
            if root.get("latest_reply"):
                thread = await self.api.replies({**asked, "ts": root["ts"]})
                found += thread["messages"][1:]
        return found

    async def press(self, user: str, channel: str, label: str, *, trigger: str = "") -> Delivery:
        """Press the button (or choose the line of an overflow menu) that reads so on the newest message with one."""
        for message in reversed(await self.shown(channel)):
            if found := _element(message.get("blocks", []), label):
                element, block_id = found
                return await self.line.deliver(
                    PRESSES,
                    press_payload(
                        **self._who(user, trigger),
                        channel=channel,
                        message=message,
                        element=element,
                        block_id=block_id,
                        response_url=self._response_url(),
                    ),
                )
        raise AssertionError(f"nothing in {channel} reads {label}")

    async def press_home(self, user: str, label: str) -> Delivery:
        """Press a button on a person's own page."""
        view = self.api.homes[user]
        found = _element(view["blocks"], label)
        assert found is not None, f"nothing on the page of {user} reads {label}"
        payload = home_press_payload(**self._who(user), view=view, element=found[0], block_id=found[1])
        return await self.line.deliver(PRESSES, payload)

    async def submits(self, user: str, view: Payload, values: Mapping[str, str]) -> Delivery:
        """Send a form off; `values` by the action id of its inputs."""
        state: dict[str, Payload] = {}
        for block in view["blocks"]:
            if block["type"] == "input" and (value := values.get(block["element"]["action_id"])) is not None:
                element = block["element"]
                state[block["block_id"]] = {element["action_id"]: _filled(element, value)}
        payload = submission_payload(**self._who(user), view=view, values=state)
        return await self.line.deliver(PRESSES, payload)

    async def command(self, user: str, channel: str, text: str, *, command: str = "/desk") -> Delivery:
        """Use the slash command."""
        payload = command_payload(
            **self._who(user), channel=channel, command=command, text=text, response_url=self._response_url()
        )
        return await self.line.deliver(COMMANDS, dict(payload))

    async def shortcut(self, user: str, said: Said, callback_id: str = "message.ticket") -> Delivery:
        """Choose a message shortcut."""
        payload = shortcut_payload(
            **self._who(user),
            channel=said.channel,
            message=said.message,
            callback_id=callback_id,
            response_url=self._response_url(),
        )
        return await self.line.deliver(PRESSES, payload)

    async def opens_home(self, user: str) -> Delivery:
        """Somebody looks at the app's own page."""
        event = {"type": "app_home_opened", "user": user, "channel": await self.dm(user), "tab": "home"}
        return await self.tells(event)

    def view_of(self, user: str) -> Payload:
        """The form that was opened last for somebody."""
        return [view for view in self.api.opened_views if view["opened_for"] == user][-1]

    # ----

    def event_of(self, said: Said) -> Payload:
        """What the app is told about a message."""
        return event_payload(message_event(self.api.withheld(said.message), said.channel), at=float(said.ts))

    async def _uploaded(self, user: str, name: str, content: bytes) -> str:
        """A file that is shared nowhere yet."""
        place = await self._as(user, "files.getUploadURLExternal", {"filename": name, "length": len(content)})
        path = place["upload_url"].removeprefix(self.address)
        await self.api.upload(path, content, token=self._tokens[user])
        return str(place["file_id"])

    async def _said(self, channel: str, message: Payload, *, is_told: bool) -> Said:
        said = Said(channel, message["ts"], self.api.shaped(message), None)
        if not is_told:
            return said
        return replace(said, delivery=await self.line.deliver(EVENTS, self.event_of(said)))

    async def _app_did(self, method: str, arguments: Payload, answer: Payload) -> None:
        """Slack tells an app of its own messages too."""
        if method == "conversations.open":
            self.api.channels.setdefault(answer["channel"]["id"], {"is_member": True})
        if method not in {"chat.postMessage", "chat.update"}:
            return
        channel, message = answer["channel"], answer["message"]
        if thread := arguments.get("thread_ts"):
            self._in_thread(channel, str(thread), message["ts"], message["user"], is_broadcast=False)
        if not self.is_echoing:
            return
        event = message_event(message, channel)
        if method == "chat.update":
            event = {**self._change("message_changed", Said(channel, message["ts"], message, None)), "message": message}
        with suppress(ConnectionError):
            await self.line.deliver(EVENTS, event_payload(event))

    def _change(self, subtype: str, said: Said) -> Payload:
        return {
            "type": "message",
            "subtype": subtype,
            "hidden": True,
            "channel": said.channel,
            "channel_type": channel_type(said.channel),
            "ts": self._new_ts(),
            "previous_message": self._reworded.get(said.external_id, said.message),
        }

    def _in_thread(self, channel: str, root: str, ts: str, user: str, *, is_broadcast: bool) -> None:
        self.api.latest_reply[channel, root] = ts
        users = self.api.reply_users.setdefault((channel, root), [])
        if user not in users:
            users.append(user)
        if is_broadcast:
            self.api.broadcasts.setdefault((channel, root), set()).add(ts)

    def _moment(self, inside: str, at: datetime | None) -> str:
        """The name of a message in Slack, which is also its moment: the emulator's, or the one the test wants."""
        if at is None:
            return inside
        self._moments += 1
        outside = f"{int(at.timestamp())}.{self._moments:06d}"
        self.api.aliases.add(outside, inside)
        return outside

    def _new_ts(self) -> str:
        self._moments += 1
        return f"1999999999.{self._moments:06d}"

    def _who(self, user: str, trigger: str = "") -> dict[str, str]:
        if not trigger:
            trigger = new_trigger()
            self.api.triggers[trigger] = user
        return {"user": user, "team": self.api.people[user]["team_id"], "trigger": trigger}

    def _socket_url(self) -> str:
        return f"ws{self.address.removeprefix('http')}/link?ticket={self.line.ticket()}&app_id=A000000001"

    def _response_url(self) -> str:
        return f"{self.address}/response/{uuid.uuid4().hex}"

    async def _late_answer(self, request: web.Request) -> web.Response:
        self.late_answers.append(await request.json())
        return web.Response(text="ok")

    async def _as(self, user: str, method: str, arguments: Payload) -> Payload:
        answer = await self.api.inside(method, arguments, token=self._tokens[user])
        assert answer["ok"], f"{user} cannot {method}: {answer}"
        return answer

    async def _as_admin(self, method: str, **arguments: object) -> Payload:
        answer = await self.api.inside(method, arguments, token=as_admin())
        assert answer["ok"], f"{method}: {answer}"
        return answer


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _element(blocks: Sequence[Payload], label: str) -> tuple[Payload, str] | None:
    """The button that reads so, or the overflow menu with the line chosen."""
    for block in blocks:
        for element in [*block.get("elements", []), *([block["accessory"]] if "accessory" in block else [])]:
            if element.get("type") == "button" and element["text"]["text"] == label:
                return element, block.get("block_id", "")
            for option in element.get("options", []):
                if option["text"]["text"] == label:
                    return {**element, "selected_option": option}, block.get("block_id", "")
    return None


def _filled(element: Payload, value: str) -> Payload:
    kind = element["type"]
    if kind == "static_select":
        (option,) = [one for one in element["options"] if one["value"] == value]
        return {"type": kind, "selected_option": option}
    if kind == "datetimepicker":
        return {"type": kind, "selected_date_time": int(value)}
    return {"type": kind, "value": value}
