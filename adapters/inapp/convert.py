"""What the in-app channel journals and how it is read back: pure, and the only place where a payload gets a meaning.

A payload is the widget's frame beside what the server itself made sure of: whose socket it was, which files were really
uploaded there, and the moment it came. Nothing in the frame can override these.
"""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from adapters.errors import MalformedError, UnsupportedError
from adapters.inapp import ids
from adapters.inapp.frames import Edit, Pressed, Say, well_formed
from adapters.message import (
    Attachment,
    Channel,
    DeliveryNotice,
    Identity,
    InboundEdit,
    InboundLine,
    InboundMessage,
    Vouched,
)
from adapters.port import Press, Raw
from adapters.text import clean, one_line


def raw_from_said(
    say: Say,
    party: ids.Party,
    *,
    account: str,
    at: datetime,
    attachments: tuple[Attachment, ...] = (),
    language: str | None = None,
    zone: str | None = None,
) -> Raw:
    """`attachments` are the ones the server verified; what the frame says of files is not kept."""
    kept = {
        "id": say.id,
        "text": say.text,
        "attachments": [asdict(attachment) for attachment in attachments],
        "vouched": asdict(party.vouched) if party.vouched else None,
        "language": language,
        "zone": zone,
    }
    return _raw("say", say.id, kept, party, account=account, at=at)


def raw_from_edit(edit: Edit, party: ids.Party, *, account: str, at: datetime) -> Raw:
    return _raw("edit", edit.id, {"of": edit.of, "text": edit.text}, party, account=account, at=at)


def raw_from_seen(message_id: str, party: ids.Party, *, account: str, at: datetime) -> Raw:
    """`message_id` is our name for the newest reply the person has before them: one payload, however many pages."""
    return _raw("seen", f"seen/{message_id}", {"of": message_id}, party, account=account, at=at)


def press_from_pressed(
    pressed: Pressed, party: ids.Party, *, account: str, at: datetime, language: str | None, zone: str | None
) -> Press:
    """Whose socket it is presses, and in their own conversation, whatever the frame says."""
    address = party.identity.address
    return Press(
        key=ids.journal_id(address, pressed.id),
        by=party.identity,
        action=pressed.action,
        value=clean(pressed.value),
        at=at,
        fields={name: clean(entered) for name, entered in pressed.fields.items()},
        conversation=ids.conversation_of(account, address),
        vouched=party.vouched,
        language=language,
        zone=zone,
    )


def _raw(kind: str, name: str, kept: dict[str, Any], party: ids.Party, *, account: str, at: datetime) -> Raw:
    address = party.identity.address
    payload = {"type": kind, "address": address, "at": at.isoformat(), **kept}
    return Raw(
        Channel.INAPP,
        account,
        ids.journal_id(address, name),
        json.dumps(payload, separators=(",", ":")).encode(),  # escaped to ASCII: a lone surrogate survives the way
        at,
        lane=ids.conversation_of(account, address).key,
    )


class _Kind(BaseModel):
    type: str


class _Payload(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    address: Annotated[str, Field(min_length=1)]
    at: AwareDatetime


class _Attachment(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    type: str
    size: int
    digest: str | None
    note: str


class _Vouched(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    client: str | None
    name: str | None
    email: str | None


class _Said(_Payload):
    type: Literal["say"]
    id: str
    text: str
    attachments: tuple[_Attachment, ...]
    vouched: _Vouched | None
    language: str | None
    zone: str | None


class _Edited(_Payload):
    type: Literal["edit"]
    of: str
    text: str


class _Seen(_Payload):
    type: Literal["seen"]
    of: str


def inbound_from_raw(raw: Raw) -> InboundLine:
    """Raises UnsupportedError for a kind this version does not know, MalformedError for anything it cannot read."""
    try:
        payload = well_formed(raw.payload)
        kind = _Kind.model_validate_json(payload).type
        match kind:
            case "say":
                return _message(raw, _Said.model_validate_json(payload))
            case "edit":
                return _edit(raw, _Edited.model_validate_json(payload))
            case "seen":
                return _notice(raw, _Seen.model_validate_json(payload))
    except ValidationError as error:
        raise MalformedError(f"the payload has {error.error_count()} wrong fields") from None
    except ValueError as error:
        raise MalformedError("the payload is not JSON") from error
    raise UnsupportedError("a kind of payload this version does not know")


def _message(raw: Raw, said: _Said) -> InboundMessage:
    vouched = Vouched(**said.vouched.model_dump()) if said.vouched else None
    return InboundMessage(
        conversation=ids.conversation_of(raw.account, said.address),
        external_id=said.id,
        sender=Identity(Channel.INAPP, said.address),
        sender_name=one_line((vouched and vouched.name) or ""),
        text=clean(said.text),
        at=said.at,
        attachments=tuple(
            Attachment(one_line(each.name), each.type, each.size, each.digest, each.note) for each in said.attachments
        ),
        vouched=vouched,
        language=said.language,
        zone=said.zone,
    )


def _edit(raw: Raw, edited: _Edited) -> InboundEdit:
    return InboundEdit(
        conversation=ids.conversation_of(raw.account, edited.address),
        external_id=edited.of,
        sender=Identity(Channel.INAPP, edited.address),
        text=clean(edited.text),
        at=edited.at,
    )


def _notice(raw: Raw, seen: _Seen) -> DeliveryNotice:
    return DeliveryNotice(ids.conversation_of(raw.account, seen.address), seen.of, "seen", seen.at)
