"""How things of the in-app channel are named, and the words its widget needs.

A person the host application vouches for is addressed by the subject of their token. A visitor nobody vouches for is
addressed by a digest of a random token that only their browser holds, so that the desk's database cannot be used to
take a visitor's place. The two spaces never meet: a subject that looks like a visitor's address is refused.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.message import Channel, Conversation, Identity, Vouched

#: How far the host application's clock may be off.
SKEW = timedelta(minutes=5)

VISITOR_PREFIX = "anon-"

#: 256 random bits in base64url without padding: what the server mints, and the only shape it takes back.
VISITOR_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

#: A client message id: a UUID made by the widget once per message, and sent again unchanged after any trouble.
CLIENT_ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

DIGEST = re.compile(r"[0-9a-f]{64}")

#: Keys the catalogue of texts must have in every language; the widget says nothing else. `{name}` and `{count}` stay.
WIDGET_TEXTS = (
    "widget_attach",
    "widget_back",
    "widget_cancel",
    "widget_chat",
    "widget_close",
    "widget_deleted",
    "widget_download",
    "widget_drop",
    "widget_edit",
    "widget_edited",
    "widget_editing",
    "widget_expired",
    "widget_file_too_large",
    "widget_hello",
    "widget_log",
    "widget_message",
    "widget_newest",
    "widget_not_sent",
    "widget_offline",
    "widget_open",
    "widget_open_unread",
    "widget_placeholder",
    "widget_refused",
    "widget_remove_file",
    "widget_retry",
    "widget_seen",
    "widget_send",
    "widget_sending",
    "widget_sent",
    "widget_too_long",
    "widget_too_many_files",
    "widget_upload_failed",
    "widget_uploading",
    "widget_wait",
    "widget_you",
)


@dataclass(frozen=True, slots=True)
class Party:
    """The person at the other end, and until when the proof holds; None for a visitor, whose token has no end."""

    identity: Identity
    vouched: Vouched | None = None
    expires_at: datetime | None = None

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and now > self.expires_at + SKEW


def visitor_address(token: str) -> str:
    """The address of whoever holds this visitor token."""
    return VISITOR_PREFIX + hashlib.sha256(token.encode()).hexdigest()[:32]


def is_visitor(address: str) -> bool:
    return address.startswith(VISITOR_PREFIX)


def conversation_of(account: str, address: str) -> Conversation:
    """The one conversation a person has in the widget: the same on every device and every page."""
    return Conversation(Channel.INAPP, account, address)


def journal_id(address: str, name: str) -> str:
    """What the journal knows a payload by: `name` is unique within the conversation, and the same on a repeat."""
    return f"{address}/{name}"
