"""How Telegram reaches a bot: updates that wait until they are confirmed, fetched by polling or pushed to a webhook.

An update waits for 24 hours and no longer. A higher offset confirms everything below it. One poller at a time: a second
ends the first with a 409, and a webhook ends both. A webhook is tried again until it says 2xx.
"""

import asyncio
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.peers.telegram_markup import Payload, RefusalError

DAY_S, WEEK_S = 86_400, 7 * 86_400
ALL_KINDS = frozenset({
    "message", "edited_message", "channel_post", "edited_channel_post", "inline_query", "chosen_inline_result",
    "callback_query", "poll", "poll_answer", "my_chat_member", "chat_member", "chat_join_request", "message_reaction",
    "message_reaction_count",
})  # fmt: skip
#: What is sent only to a bot that asks for it by name.
ASKED_BY_NAME = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
RETRY_FIRST_S, RETRY_LONGEST_S, HOOK_PATIENCE_S = 0.05, 1.0, 10.0


@dataclass(frozen=True, slots=True)
class Hooked:
    """One attempt at the webhook; status 0 where nobody answered."""

    update_id: int
    status: int


@dataclass(slots=True)
class _Waiting:
    update: Payload
    at: float
    is_under_way: bool = False
    attempts: int = 0
    not_before: float = 0.0


class Line:
    """Everything between Telegram and one bot. `changed` is called when something happens."""

    def __init__(self, *, now: Callable[[], float], changed: Callable[[], None]) -> None:
        self.hooked: list[Hooked] = []
        self.webhook: Payload = {}
        #: Where webhooks go instead of the host they name, which is the internet's.
        self.address = ""
        #: Every update ever made, and how often one of its id was made.
        self.emitted: list[Payload] = []
        self.confirmed: list[int] = []
        self._kinds = ALL_KINDS - ASKED_BY_NAME
        self._waiting: list[_Waiting] = []
        self._next_id = 700_000_001
        self._last_at: float | None = None
        self._dice = random.Random(5)
        self._now, self._changed = now, changed
        self._arrived = asyncio.Event()
        self._poll: asyncio.Future[str] | None = None
        self._pusher: asyncio.Task[None] | None = None
        self._pushes: set[asyncio.Task[None]] = set()
        self._http: aiohttp.ClientSession | None = None

    @property
    def pending(self) -> list[int]:
        """The updates nobody has confirmed."""
        self._forget()
        return [one.update["update_id"] for one in self._waiting]

    @property
    def is_polled(self) -> bool:
        """Whether somebody is waiting in getUpdates."""
        return self._poll is not None

    def wants(self, kind: str) -> bool:
        return kind in self._kinds

    def emit(self, kind: str, payload: Mapping[str, Any]) -> int | None:
        """An update of this kind; None where the bot did not ask for the kind."""
        if not self.wants(kind):
            return None
        update: Payload = {"update_id": self._new_id(), kind: json.loads(json.dumps(payload))}
        self.offer(update)
        return int(update["update_id"])

    def offer(self, update: Payload) -> int:
        """An update of a test's own making, or one again; it gets an id where it has none."""
        if "update_id" not in update:
            update = {"update_id": self._new_id(), **update}
        self.emitted.append(update)
        self._waiting.append(_Waiting(update, self._now()))
        self._waiting.sort(key=lambda one: int(one.update["update_id"]))
        self._arrived.set()
        self._changed()
        return int(update["update_id"])

    def repeat(self, update_id: int) -> None:
        """Offer again what was offered before."""
        self.offer(next(one for one in self.emitted if one["update_id"] == update_id))

    def skip(self, count: int) -> None:
        """A hole in the ids, as when updates were dropped."""
        self._next_id += count

    async def updates(self, arguments: Mapping[str, Any]) -> list[Payload]:
        """`getUpdates`."""
        if self.webhook:
            raise RefusalError(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
                code=409,
            )
        self._end_poll("terminated by other getUpdates request; make sure that only one bot instance is running")
        self._choose(arguments.get("allowed_updates"))
        offset, limit = int(arguments.get("offset") or 0), int(arguments.get("limit") or 100)
        until = asyncio.get_running_loop().time() + min(max(float(arguments.get("timeout") or 0), 0), 50)
        self._confirm(offset)
        ended = self._poll = asyncio.get_running_loop().create_future()
        self._changed()
        try:
            while not self.pending:
                self._arrived.clear()
                left = until - asyncio.get_running_loop().time()
                if left <= 0:
                    break
                arrived = asyncio.ensure_future(self._arrived.wait())
                await asyncio.wait({arrived, ended}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                arrived.cancel()
                if ended.done():
                    raise RefusalError(ended.result(), code=409)
        finally:
            if self._poll is ended:
                self._poll = None
        self._forget()
        return [one.update for one in self._waiting[: min(max(limit, 1), 100)]]

    def set_webhook(self, arguments: Mapping[str, Any]) -> str:
        """`setWebhook`; the words the server says beside true."""
        url = str(arguments.get("url") or "")
        if not url:
            return self.delete_webhook(arguments)
        parts, secret = urlsplit(url), str(arguments.get("secret_token") or "")
        if parts.scheme != "https":
            raise RefusalError("bad webhook: An HTTPS URL must be provided for webhook")
        if parts.port not in {None, 80, 88, 443, 8443}:
            raise RefusalError("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        if len(secret) > 256 or not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
            raise RefusalError("secret token contains unallowed characters")
        self._choose(arguments.get("allowed_updates"))
        most = int(arguments.get("max_connections") or 40)
        if not 1 <= most <= 100:
            raise RefusalError("bad webhook: max_connections must be between 1 and 100")
        if arguments.get("drop_pending_updates") in {True, "true", "True", "1"}:
            self._waiting.clear()
        self.webhook = {"url": url, "secret_token": secret, "max_connections": most}
        self._end_poll("terminated by setWebhook request")
        if self._pusher is None:
            self._pusher = asyncio.create_task(self._push())
        self._arrived.set()
        return "Webhook was set"

    def delete_webhook(self, arguments: Mapping[str, Any]) -> str:
        """`deleteWebhook`."""
        was_set, self.webhook = bool(self.webhook), {}
        if arguments.get("drop_pending_updates") in {True, "true", "True", "1"}:
            self._waiting.clear()
        return "Webhook was deleted" if was_set else "Webhook is already deleted"

    def webhook_state(self) -> Payload:
        """`getWebhookInfo`."""
        state: Payload = {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self.pending),
            "allowed_updates": sorted(self._kinds),
        }
        if self.webhook:
            state |= {"max_connections": self.webhook["max_connections"], "ip_address": "127.0.0.1"}
            state |= self.webhook.get("last_error", {})
        return state

    async def close(self) -> None:
        self._end_poll("terminated by other getUpdates request; make sure that only one bot instance is running")
        for task in [self._pusher, *self._pushes]:
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        if self._http is not None:
            await self._http.close()

    # ---- inside

    def _new_id(self) -> int:
        if self._last_at is not None and self._now() - self._last_at >= WEEK_S:
            self._next_id = self._dice.randrange(1, 2**30)
        self._last_at, found = self._now(), self._next_id
        self._next_id += 1
        return found

    def _choose(self, kinds: Sequence[str] | None) -> None:
        if kinds is None:
            return  # what was chosen before stays
        self._kinds = frozenset(kinds) & ALL_KINDS if kinds else ALL_KINDS - ASKED_BY_NAME

    def _forget(self) -> None:
        self._waiting = [one for one in self._waiting if self._now() - one.at < DAY_S]

    def _confirm(self, offset: int) -> None:
        self._forget()
        if offset < 0:
            gone, self._waiting = self._waiting[:offset], self._waiting[offset:]
        else:
            gone = [one for one in self._waiting if one.update["update_id"] < offset]
            self._waiting = [one for one in self._waiting if one.update["update_id"] >= offset]
        self.confirmed += [one.update["update_id"] for one in gone]
        if gone:
            self._changed()

    def _end_poll(self, reason: str) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(reason)
        self._poll = None

    async def _push(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._arrived.clear()
            self._forget()
            busy = {_lane(one.update) for one in self._waiting if one.is_under_way}
            earliest = None
            for one in self._waiting if self.webhook else []:
                lane = _lane(one.update)
                if one.is_under_way or lane in busy or len(self._pushes) >= self.webhook["max_connections"]:
                    continue
                busy.add(lane)
                if one.not_before > loop.time():
                    earliest = min(earliest or one.not_before, one.not_before)
                    continue
                one.is_under_way = True
                push = asyncio.create_task(self._push_one(one, dict(self.webhook)))
                self._pushes.add(push)
                push.add_done_callback(self._pushed)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(earliest):
                    await self._arrived.wait()

    def _pushed(self, push: asyncio.Task[None]) -> None:
        self._pushes.discard(push)
        self._arrived.set()

    async def _push_one(self, one: _Waiting, webhook: Payload) -> None:
        if self._http is None:
            self._http = aiohttp.ClientSession()
        parts = urlsplit(webhook["url"])
        address = f"{self.address or f'https://{parts.netloc}'}{parts.path}" + (
            f"?{parts.query}" if parts.query else ""
        )
        headers = {"Content-Type": "application/json"}
        if webhook["secret_token"]:
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook["secret_token"]
        status, reason = 0, "Connection refused"
        try:
            async with (
                asyncio.timeout(HOOK_PATIENCE_S),
                self._http.post(address, data=json.dumps(one.update), headers=headers, allow_redirects=False) as answer,
            ):
                status, reason = answer.status, f"Wrong response from the webhook: {answer.status} {answer.reason}"
                await answer.read()
        except (aiohttp.ClientError, OSError):
            pass
        finally:
            one.is_under_way = False
        self.hooked.append(Hooked(int(one.update["update_id"]), status))
        if 200 <= status < 300:
            self._waiting = [other for other in self._waiting if other is not one]
            self.confirmed.append(int(one.update["update_id"]))
        else:
            one.attempts += 1
            pause = min(RETRY_FIRST_S * 2**one.attempts, RETRY_LONGEST_S)
            one.not_before = asyncio.get_running_loop().time() + pause
            self.webhook["last_error"] = {"last_error_date": int(self._now()), "last_error_message": reason}
        self._changed()


def _lane(update: Mapping[str, Any]) -> object:
    """What is told in order: one chat, as far as an update names one."""
    for kind, payload in update.items():
        if kind != "update_id" and isinstance(payload, dict):
            message = payload.get("message", payload)
            return message.get("chat", {}).get("id") if isinstance(message, dict) else None
    return None
