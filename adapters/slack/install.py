"""Our app in our workspace: what is meant for any other is kept, refused and never heard.

A signature proves which app it is and no more: an app that was installed in a second workspace tells of that one with
the same secret. A press is told by its app alone, because the workspace it names may be that of whoever pressed.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from adapters.errors import UnsupportedError
from adapters.port import Raw
from adapters.shapes import fields_from_json, text_or
from adapters.slack.convert import our_team

#: The field of a kept payload that says why nobody hears it.
REFUSED: Final = "refused"
_APP: Final = re.compile(r"xapp-\d+-(A[A-Z0-9]+)-", re.ASCII)


class Install:
    """What we know of ourselves: the app by its own token, if it has one, the workspace once Slack has told it."""

    def __init__(self, app_token: str | None) -> None:
        named = _APP.match(app_token or "")
        self.app = named.group(1) if named else ""
        self.team = ""

    def told(self, answer: Mapping[str, Any]) -> str:
        """Take our workspace from what Slack answered to `auth.test`."""
        self.team = text_or(answer, "team_id")
        return self.team

    def refusal_of_event(self, envelope: Mapping[str, Any]) -> str:
        """Why an event is not for us; empty where it is, or where we cannot tell."""
        team = our_team(envelope)
        if self.team and team and team != self.team:
            return f"it is for the workspace {team[:40]}, and ours is {self.team}"
        return self.refusal_of_press(envelope)

    def refusal_of_press(self, payload: Mapping[str, Any]) -> str:
        """The same of a press."""
        app = text_or(payload, "api_app_id")
        if self.app and app and app != self.app:
            return f"it is for the app {app[:40]}, and ours is {self.app}"
        return ""


def marked(payload: bytes, refusal: str) -> bytes:
    """A payload that is kept for people to look at; its own bytes stay as they came."""
    return payload.rstrip()[:-1] + f',"{REFUSED}":{json.dumps(refusal)}}}'.encode()


def hear_only_ours(raw: Raw) -> None:
    """Raises UnsupportedError for what was refused when it came."""
    if f'"{REFUSED}"'.encode() in raw.payload and (refusal := text_or(fields_from_json(raw.payload), REFUSED)):
        raise UnsupportedError(refusal)
