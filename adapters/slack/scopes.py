"""What we may do in Slack, and what we may not: every method that is called, every event that is listened to.

The manifest asks for exactly the scopes that follow from these tables, and a test compares them with the source: a
method that is called and stands here nowhere fails it, and so does one that stands here and is called nowhere.
"""

from collections.abc import Mapping
from typing import Final

_HISTORY: Final = ("channels:history", "groups:history", "im:history", "mpim:history")
_READ: Final = ("channels:read", "groups:read", "im:read", "mpim:read")

#: A method of the Web API, called with the bot's token -> the scopes it needs.
METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "auth.test": (),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": _HISTORY,
    "conversations.open": ("im:write",),
    "conversations.replies": _HISTORY,
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.info": ("files:read",),
    "reactions.add": ("reactions:write",),
    "reactions.get": ("reactions:read",),
    "reactions.remove": ("reactions:write",),
    "users.conversations": _READ,
    "users.info": ("users:read",),
    "views.open": (),
    "views.publish": (),
}

#: Called with the app-level token instead, which Socket Mode needs.
APP_METHODS: Final[Mapping[str, tuple[str, ...]]] = {"apps.connections.open": ("connections:write",)}

#: An event we are told of -> the scopes Slack asks for before it tells us.
EVENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "app_home_opened": (),
    "app_uninstalled": (),
    "channel_archive": ("channels:read",),
    "channel_deleted": ("channels:read",),
    "channel_id_changed": ("channels:read", "groups:read", "mpim:read"),
    "channel_left": ("channels:read",),
    "channel_rename": ("channels:read",),
    "channel_shared": ("channels:read", "groups:read"),
    "channel_unarchive": ("channels:read",),
    "channel_unshared": ("channels:read", "groups:read"),
    "group_archive": ("groups:read",),
    "group_deleted": ("groups:read",),
    "group_left": ("groups:read",),
    "group_rename": ("groups:read",),
    "group_unarchive": ("groups:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "message.mpim": ("mpim:history",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
    "tokens_revoked": (),
    "user_change": ("users:read",),
}

#: What is neither a method nor an event: the command `/desk`, and reading the files beside a message.
FEATURES: Final[Mapping[str, tuple[str, ...]]] = {"slash command": ("commands",), "file download": ("files:read",)}

BOT_SCOPES: Final = tuple(
    sorted({scope for table in (METHODS, EVENTS, FEATURES) for needed in table.values() for scope in needed})
)
