"""What the channel in memory says: JSON as a real channel would send it, written by the fake and read by its `convert`.

Reading is pure and trusts nothing, as in every adapter: a kind we know and do not serve is UnsupportedError, anything
that cannot be read is MalformedError, and fields nobody asked for are passed over, because channels add them at will.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args

from adapters.errors import MalformedError, UnsupportedError
from adapters.message import (
    Answered,
    Attachment,
    Conversation,
    DeliveryNotice,
    Identity,
    Inbound,
    InboundAttendance,
    InboundDeletion,
    InboundEdit,
    InboundGap,
    InboundMessage,
    InboundPlace,
    InboundReaction,
    PlaceChange,
    Vouched,
)
from adapters.port import Raw
from adapters.text import clean, one_line

Fields = Mapping[str, Any]

_STATES = frozenset({"delivered", "seen", "failed", "unwanted"})
_ANSWERS: Mapping[str, Answered] = {answer: answer for answer in get_args(Answered)}
_CHANGES: Mapping[str, PlaceChange] = {change: change for change in get_args(PlaceChange)}


def payload_from_inbound(inbound: Inbound) -> bytes:
    """Put into the channel's own words what is about to happen on it."""
    if isinstance(inbound, InboundGap):
        between = {"since": inbound.since.isoformat(), "until": inbound.until.isoformat()}
        return json.dumps({"kind": "gap", "at_most": inbound.at_most, **between}).encode()
    fields: dict[str, Any] = {"chat": inbound.conversation.address, "at": inbound.at.isoformat()}
    if not isinstance(inbound, InboundPlace):
        fields["id"] = inbound.external_id
    match inbound:
        case InboundMessage():
            fields |= _fields_from_message(inbound)
        case InboundEdit():
            fields |= {"kind": "edit", "from": inbound.sender.address, "text": inbound.text}
            fields |= {"files": [_fields_from_attachment(one) for one in inbound.attachments]}
        case InboundAttendance():
            fields |= {"kind": "attendance", "from": inbound.sender.address, "uid": inbound.uid}
            proposed_at = inbound.proposed_at.isoformat() if inbound.proposed_at else ""
            fields |= {"sequence": inbound.sequence, "answer": inbound.answer, "proposed_at": proposed_at}
        case InboundDeletion():
            fields |= {"kind": "deletion", "from": inbound.sender.address}
        case InboundReaction():
            fields |= {"kind": "reaction", "from": inbound.sender.address, "sign": inbound.sign}
        case DeliveryNotice():
            whose = inbound.to.address if inbound.to else None
            fields |= {"kind": "notice", "state": inbound.state, "reason": inbound.reason, "to": whose}
            fields |= {"is_address": inbound.is_address}
        case InboundPlace():
            by, to = inbound.by and inbound.by.address, inbound.to and inbound.to.address
            fields |= {"kind": "place", "change": inbound.change, "from": by, "title": inbound.title, "to": to}
    return json.dumps(fields).encode()  # ASCII, so that even half an emoji survives the way


def _fields_from_message(inbound: InboundMessage) -> dict[str, Any]:
    fields: dict[str, Any] = {"kind": "message", "from": inbound.sender.address, "name": inbound.sender_name}
    fields |= {"text": inbound.text, "reply_to": inbound.reply_to}
    fields |= {"language": inbound.language, "zone": inbound.zone, "album": inbound.album}
    fields |= {"is_inward": inbound.is_inward, "doubt": inbound.doubt}
    fields |= {"beneath": inbound.beneath, "beside": [one.address for one in inbound.beside]}
    fields |= {"subject": inbound.subject, "is_cut": inbound.is_cut, "reply_claimed": inbound.reply_claimed}
    fields |= {"quoted": inbound.quoted}
    fields["files"] = [_fields_from_attachment(attachment) for attachment in inbound.attachments]
    if inbound.vouched:
        vouched = inbound.vouched
        fields["vouched"] = {"client": vouched.client, "name": vouched.name, "email": vouched.email}
    return fields


def inbound_from_raw(raw: Raw) -> Inbound:
    """Read one payload. Raises MalformedError or UnsupportedError."""
    try:
        fields = json.loads(raw.payload)
    except (ValueError, RecursionError) as error:
        raise MalformedError("the payload is not JSON") from error
    if not isinstance(fields, dict):
        raise MalformedError("the payload is not a JSON object")
    kind = _text(fields, "kind")
    read = _READERS.get(kind)
    if read is None:
        raise UnsupportedError(f"a payload of the kind {kind[:40]!r} is not served")
    return read(raw, fields)


def _message(raw: Raw, fields: Fields) -> InboundMessage:
    sender = _sender(raw, fields)
    return InboundMessage(
        _conversation(raw, fields),
        _text(fields, "id"),
        sender,
        one_line(_text(fields, "name", sender.address)),
        clean(_text(fields, "text")),
        _moment(fields),
        attachments=_attachments(fields),
        reply_to=_optional(fields, "reply_to"),
        vouched=_vouched(fields.get("vouched")),
        language=_optional(fields, "language"),
        zone=_optional(fields, "zone"),
        album=_optional(fields, "album"),
        doubt=_text(fields, "doubt", ""),
        is_inward=fields.get("is_inward") is True,
        beneath=clean(_text(fields, "beneath", "")),
        beside=_beside(raw, fields),
        subject=one_line(_text(fields, "subject", "")),
        is_cut=fields.get("is_cut") is True,
        reply_claimed=_optional(fields, "reply_claimed"),
        quoted=clean(_text(fields, "quoted", "")),
    )


def _beside(raw: Raw, fields: Fields) -> tuple[Identity, ...]:
    found = fields.get("beside", [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise MalformedError("beside is not a list of addresses")
    return tuple(Identity(raw.channel, one) for one in found)


def _attachments(fields: Fields) -> tuple[Attachment, ...]:
    files = fields.get("files", [])
    if not isinstance(files, list):
        raise MalformedError("files is not a list")
    return tuple(_attachment(file) for file in files)


def _edit(raw: Raw, fields: Fields) -> InboundEdit:
    text, sender = clean(_text(fields, "text")), _sender(raw, fields)
    where, at = _conversation(raw, fields), _moment(fields)
    return InboundEdit(where, _text(fields, "id"), sender, text, at, _attachments(fields))


def _deletion(raw: Raw, fields: Fields) -> InboundDeletion:
    return InboundDeletion(_conversation(raw, fields), _text(fields, "id"), _sender(raw, fields), _moment(fields))


def _attendance(raw: Raw, fields: Fields) -> InboundAttendance:
    sequence, answer = fields.get("sequence"), _ANSWERS.get(_text(fields, "answer"))
    if type(sequence) is not int or answer is None:
        raise MalformedError("no answer to an invitation")
    where, name = _conversation(raw, fields), _text(fields, "id")
    sender, uid = _sender(raw, fields), _text(fields, "uid")
    proposed_at = datetime.fromisoformat(at) if (at := _text(fields, "proposed_at", "")) else None
    return InboundAttendance(where, name, sender, uid, sequence, answer, _moment(fields), proposed_at)


def _reaction(raw: Raw, fields: Fields) -> InboundReaction:
    sign = one_line(_text(fields, "sign"), 40)
    return InboundReaction(_conversation(raw, fields), _text(fields, "id"), _sender(raw, fields), sign, _moment(fields))


def _notice(raw: Raw, fields: Fields) -> DeliveryNotice:
    state = _text(fields, "state")
    if state not in _STATES:
        raise MalformedError("a notice says none of delivered, seen, failed, unwanted")
    reason = one_line(_text(fields, "reason", ""))
    to = _optional(fields, "to")
    whose = Identity(raw.channel, to) if to else None
    where, is_address = _conversation(raw, fields), bool(fields.get("is_address", True))
    return DeliveryNotice(where, _text(fields, "id"), state, _moment(fields), reason, whose, is_address)


def _place(raw: Raw, fields: Fields) -> InboundPlace:
    change = _text(fields, "change")
    if change not in _CHANGES:
        raise MalformedError(f"a place does none of {', '.join(_CHANGES)}")
    by, to = _optional(fields, "from"), _optional(fields, "to")
    return InboundPlace(
        _conversation(raw, fields),
        _CHANGES[change],
        _moment(fields),
        by=Identity(raw.channel, by) if by is not None else None,
        title=one_line(_text(fields, "title", "")),
        to=Conversation(raw.channel, raw.account, to) if to is not None else None,
    )


def _gap(raw: Raw, fields: Fields) -> InboundGap:
    at_most = fields.get("at_most")
    if type(at_most) is not int or at_most < 0:
        raise MalformedError("a gap's size is not a number of updates")
    return InboundGap(raw.channel, raw.account, at_most, _moment(fields, "since"), _moment(fields, "until"))


_READERS: Mapping[str, Callable[[Raw, Fields], Inbound]] = {
    "message": _message,
    "edit": _edit,
    "deletion": _deletion,
    "reaction": _reaction,
    "notice": _notice,
    "place": _place,
    "attendance": _attendance,
    "gap": _gap,
}


def _conversation(raw: Raw, fields: Fields) -> Conversation:
    return Conversation(raw.channel, raw.account, _text(fields, "chat"))


def _sender(raw: Raw, fields: Fields) -> Identity:
    return Identity(raw.channel, _text(fields, "from"))


def _moment(fields: Fields, name: str = "at") -> datetime:
    try:
        at = datetime.fromisoformat(_text(fields, name))
    except ValueError as error:
        raise MalformedError(f"{name} is not a moment") from error
    if at.utcoffset() is None:
        raise MalformedError(f"{name} names no offset")
    return at


def _vouched(fields: object) -> Vouched | None:
    if fields is None:
        return None
    if not isinstance(fields, dict):
        raise MalformedError("vouched is not an object")
    return Vouched(_optional(fields, "client"), _optional(fields, "name"), _optional(fields, "email"))


def _attachment(fields: object) -> Attachment:
    if not isinstance(fields, dict):
        raise MalformedError("a file is not an object")
    size = fields.get("size")
    if type(size) is not int or size < 0:  # True is an int too, but no size
        raise MalformedError("a file's size is not a number of bytes")
    name = one_line(_text(fields, "name"))
    return Attachment(name, _text(fields, "type"), size, _optional(fields, "digest"), _text(fields, "note", ""))


def _fields_from_attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "name": attachment.name,
        "type": attachment.type,
        "size": attachment.size,
        "digest": attachment.digest,
        "note": attachment.note,
    }


def _text(fields: Fields, name: str, default: str | None = None) -> str:
    found = fields.get(name, default)
    if not isinstance(found, str):
        raise MalformedError(f"{name} is not a text")
    return found


def _optional(fields: Fields, name: str) -> str | None:
    return None if fields.get(name) is None else _text(fields, name)
