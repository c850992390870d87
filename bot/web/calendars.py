"""Calls as calendar files: a contact's call behind its own link or that of their page, a person's calls behind theirs.

All are secrets in an address that a program asks without a sign-in, so an answer says nothing that the page behind it
would not. A file keeps the name and the number of its call: read again, it changes the entry and makes no second one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from aiohttp import web

from adapters.ics import ics_from_invites
from adapters.message import Invite
from bot.desk.calls import feeds
from bot.web.booking import UNLISTED
from bot.web.desk import Desk
from sla.duration import moment

#: Nobody answers such a file: it is told, not asked. Invitations that are answered go by mail.
_TOLD: Final = "PUBLISH"


class Calendars:
    """Serves the files."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def routes(self) -> list[web.RouteDef]:
        """Where they are."""
        return [web.get("/call/{token}.ics", self._file)]

    async def _file(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        asker, call = await self._desk.calls.asker_of(token), await self._desk.calls.of_file(token)
        if asker is not None:
            call = await self._desk.calls.newest(asker, call=request.query.get("call", ""))
            if call is None:
                raise web.HTTPNotFound
        if call is not None:
            # What to write to us in the conversation is of no use in a calendar.
            invite = replace(await self._desk.calls.invite_of(call), description="")
            return await self._answer([invite], "call.ics")
        now = self._desk.now()
        found = await self._desk.database.read(lambda conn: feeds.invites(conn, self._desk.revisions, token, now=now))
        if found is None:
            raise web.HTTPNotFound
        return await self._answer(found, "calls.ics")

    async def _answer(self, invites: Sequence[Invite], name: str) -> web.Response:
        made_at = moment(self._desk.now())
        # Written beside the loop: the library takes its time over the rules of zones, and longer when it is loaded.
        content = await asyncio.to_thread(ics_from_invites, invites, made_at=made_at, method=_TOLD)
        return web.Response(
            body=content,
            content_type="text/calendar",
            charset="utf-8",
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f'attachment; filename="{name}"',
                **UNLISTED,
            },
        )
