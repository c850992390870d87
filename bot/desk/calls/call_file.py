"""A call as a file for its client's calendar, where no invitation goes by mail: an address of its own, below the words.

The file says how the call stands when it is read, under the name and the number that calendars know it by: read again
after a change, it changes the entry. The address opens nothing else, because a group may read the words it stands in.
"""

from datetime import timedelta
from typing import Final

from bot.store.calls import calls
from bot.store.driver.connection import Connection
from bot.store.people import tokens
from bot.tickets.calls.call import Call, CallState
from bot.tickets.calls.invite import mailbox
from bot.tickets.calls.telling import Told
from bot.tickets.facts import Facts
from bot.tickets.outcome import contact_texts
from sla.duration import Instant, later

#: What the address is made for, how long after the call it is good, and far more often than anybody reads it.
FILE: Final = "call_file"
GOOD_AFTER: Final = timedelta(days=30)
_USES: Final = 1_000_000
_HAPPENS: Final = frozenset({CallState.CONFIRMED, CallState.RESCHEDULED})


def file_said(conn: Connection, there: Facts, call: Call, told: Told, page: str) -> str:
    """The line that tells a client where the file is; empty where their calendar is told by mail, or of nothing new."""
    if not (page and told.client and told.is_invite) or call.state not in _HAPPENS or mailbox(there.talk.conversation):
        return ""
    ends_at = later(call.ends_at, GOOD_AFTER)
    token = tokens.make_link(conn, purpose=FILE, subject=call.key, now=there.now, expires_at=ends_at, uses=_USES)
    return contact_texts(there)("call_file", link=f"{page.rstrip('/')}/call/{token}.ics")


def call_of_file(conn: Connection, token: str, *, now: Instant) -> Call | None:
    """The call behind such an address; None once it is over, or for none of ours."""
    key = tokens.subject_of(conn, token, purpose=FILE, now=now)
    return next(iter(calls.numbered(conn, [key])), None) if key is not None else None
