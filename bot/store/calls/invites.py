"""Invitations in the rows that carry them: a calendar is told what was decided, however late the row leaves."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from adapters.message import Invite


def kept_invite(invite: Invite | None) -> dict[str, Any]:
    """What of an invitation stands in a payload; nothing for none."""
    if invite is None:
        return {}
    written = {name: one.isoformat() if isinstance(one, datetime) else one for name, one in asdict(invite).items()}
    return {"invite": written}


def invite_of(kept: Mapping[str, Any]) -> Invite | None:
    """Undo `kept_invite`."""
    written = kept.get("invite")
    if written is None:
        return None
    moments = {name: datetime.fromisoformat(written[name]) for name in ("starts_at", "ends_at")}
    people = {name: tuple(written[name]) for name in ("organizer", "attendee")}
    return Invite(**{**written, **moments, **people})
