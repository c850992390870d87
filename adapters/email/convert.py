"""Mails in our words: pure, and the only place where a letter gets a meaning for the desk.

    a calendar's answer        who comes to a call, where whoever is invited is proven to say so
    a person's mail            a message; of a thread that began with it, or the thread that it answers in
    a report on our mail       word of its delivery
    a machine's mail, a list   parked with the reason

A payload is a mail as it came until the child has read it, and the letter with its kept files after that. What is not
proven to be the sender's is in doubt: such a mail is a stranger's, in a thread of its own, whoever it claims to be.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from adapters.email import ids
from adapters.email.calendars import words_beside_answer
from adapters.email.classify import ANSWERS_TO_INVITATIONS, Ourselves, notices_from_report, reason_to_park, tokens_in
from adapters.email.headers import mailboxes, message_ids
from adapters.email.letter import Enclosed, Letter, fields_from_letter, letter_from_fields
from adapters.email.originals import original_from_letter
from adapters.email.quoting import is_passed_on, words_alone
from adapters.email.threading import Inward, thread_from_root, thread_of_doubt
from adapters.email.trust import Sender, name_of, sender_of
from adapters.errors import MalformedError, UnfinishedError, UnsupportedError
from adapters.ics import Attendance
from adapters.message import Attachment, Channel, Identity, Inbound, InboundAttendance, InboundMessage, Untrusted
from adapters.port import Raw
from adapters.text import clean, one_line

_LANGUAGE: Final = re.compile(r"[a-z]{2}\b", re.IGNORECASE)
_MOST_BESIDE: Final = 50
_DIGEST_LENGTH: Final = 8
_UNREADABLE: Final = "this mail could not be read: it is kept, and our admins look at it"


def inbound_from_raw(raw: Raw, ourselves: Ourselves) -> Sequence[Inbound]:
    """Read one payload. Raises UnfinishedError until the child has read it, UnsupportedError, MalformedError."""
    fields = _fields(raw.payload)
    unreadable = str(fields.get("unreadable", ""))
    if unreadable and "letter" not in fields:
        raise MalformedError(unreadable)
    letter, at = letter_from_fields(fields.get("letter")), _moment(fields)
    is_cut = bool(fields.get("is_cut"))
    if letter.report is not None:
        return notices_from_report(letter.report, letter, ourselves, at)
    sender = _sender(letter, ourselves)
    coming: tuple[InboundAttendance, ...] = ()
    if letter.attendance is not None and sender.is_proven and letter.attendance.attendee in {sender.address, ""}:
        coming = (_attendance(raw, letter, at, sender, letter.attendance),)
    answered = _answered(letter, sender, ourselves)
    if reason := reason_to_park(letter, ourselves, sender=sender.address, is_answer=answered is not None):
        if coming:
            return coming
        raise UnsupportedError(reason)
    if letter.calendar in ANSWERS_TO_INVITATIONS:
        letter = replace(letter, said=words_beside_answer(letter))
    message = replace(_message(raw, letter, at, sender, answered, ourselves), is_cut=is_cut)
    if unreadable:
        raise MalformedError(unreadable, instead=message)
    return (*coming, message)


def payload_from_letter(letter: Letter, at: datetime, note: str = "", *, unreadable: str = "") -> bytes:
    """What the journal keeps of a mail that was read, or of whose headers alone could be."""
    notes = (*letter.notes, *(one for one in (note, unreadable and _UNREADABLE) if one))
    fields: dict[str, object] = {"at": at.isoformat(), "letter": fields_from_letter(replace(letter, notes=notes))}
    fields |= {"is_cut": True} if note else {}
    return json.dumps(fields | ({"unreadable": unreadable} if unreadable else {})).encode()


def payload_from_failure(reason: str) -> bytes:
    """What the journal keeps of a mail that cannot be read; the mail itself stays beside it."""
    return json.dumps({"unreadable": reason}).encode()


def _fields(payload: bytes) -> Mapping[str, Any]:
    if not payload.startswith(b"{"):
        raise UnfinishedError("a mail that is not read yet")
    try:
        fields = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise MalformedError("a mail that was read is not kept as one") from error
    if not isinstance(fields, dict):
        raise MalformedError("a mail that was read is not kept as one")
    return fields


def _moment(fields: Mapping[str, Any]) -> datetime:
    try:
        at = datetime.fromisoformat(fields["at"])
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedError("a mail came at no moment") from error
    if at.utcoffset() is None:
        raise MalformedError("a mail came at a moment without a zone")
    return at


def _sender(letter: Letter, ourselves: Ourselves) -> Sender:
    """Whoever wrote it. Forms and groups write in our own name for somebody whom they only name for answers."""
    sender = sender_of(letter, ourselves.authserv_ids)
    if ids.plain_and_token(sender.address)[0] in ourselves.addresses:
        for one in mailboxes(letter.first("reply-to"), 5):
            if ids.plain_and_token(one.address)[0] not in ourselves.addresses:
                doubt = "it was sent in our own name for somebody else"
                return Sender(one.address.lower(), name_of(one), doubt, is_refuted=sender.is_refuted)
    return sender


@dataclass(frozen=True, slots=True)
class _Answered:
    """What of ours a mail answers. Whoever was written to has the token of the thread: `has_token` is a proof.

    Whoever was in copy has it too, so it is none against what our mail server found out.

    `inward` is what one of our own people was sent, and the answer to it goes on to a client: there a token is not
    enough, since mails are passed on and boxes are shared.
    """

    thread: str
    mail: str
    has_token: bool
    inward: Inward | None = None


def _answered(letter: Letter, sender: Sender, ourselves: Ourselves) -> _Answered | None:
    """First the token it was sent to, then the mails of ours that it names, the last one first.

    Each counts only for the address that it was made for, and the sender's is the only one that is tried. What one of
    our own people was sent is known whoever answers it, and nobody's answer to it opens a ticket.
    """
    signer, domain = ourselves.signer, ids.domain_of(ourselves.addresses[0])
    named = [*message_ids(letter.first("in-reply-to")), *reversed(message_ids(letter.first("references")))]
    ours = [one for name in named if (one := signer.sent(name.partition("@")[0], [sender.address], "sent"))]
    tokens = tokens_in(letter, ourselves.addresses)
    for token in tokens:
        thread = signer.thread_of_reply(token, sender.address)
        if thread is not None:
            mail = next((f"{one.name}@{domain}" for one in ours if one.thread == thread), "")
            return _Answered(thread, mail, has_token=True)
    for token in (*tokens, *(name.partition("@")[0] for name in named)):
        if (inward := signer.inward(token, sender.address)) is not None:
            return _Answered("", f"{inward.name}@{domain}", has_token=False, inward=inward)
        if ours and token == ours[0].name:
            break
    return _Answered(ours[0].thread, f"{ours[0].name}@{domain}", has_token=False) if ours else None


def _message(
    raw: Raw,
    letter: Letter,
    at: datetime,
    sender: Sender,
    answered: _Answered | None,
    ourselves: Ourselves,
) -> InboundMessage:
    is_proven = sender.is_proven or (answered is not None and answered.has_token and not sender.is_refuted)
    root = _root(letter, raw)
    if answered is not None and answered.inward is not None:
        return _inward(raw, letter, at, sender, answered, answered.inward)
    thread = thread_of_doubt(root)
    if is_proven:
        thread = answered.thread if answered else thread_from_root(root)
    return InboundMessage(
        conversation=ids.conversation(sender.address, thread),
        external_id=_external_id(letter, raw),
        sender=ids.person(sender.address, is_proven=is_proven),
        sender_name=one_line(sender.name, 120),
        text=_text(letter, sender, ourselves),
        at=at,
        attachments=tuple(_attachment(one) for one in letter.files),
        reply_to=(answered.mail or None) if answered and is_proven else None,
        language=_language(letter),
        doubt="" if is_proven else sender.doubt,
        beneath=clean(letter.beneath),
        beside=_beside(letter, sender, ourselves),
        subject=one_line(letter.first("subject"), 300),
        original=original_from_letter(letter, sender, root) if is_proven else None,
        reply_claimed=None if answered or not is_proven else _claimed(letter, ourselves),
    )


def _attendance(raw: Raw, letter: Letter, at: datetime, sender: Sender, coming: Attendance) -> InboundAttendance:
    """A calendar answers for whoever is invited. What they say besides is a message of its own."""
    return InboundAttendance(
        conversation=ids.conversation(sender.address, thread_from_root(_root(letter, raw))),
        external_id=_external_id(letter, raw),
        sender=ids.person(sender.address),
        uid=coming.uid,
        sequence=coming.sequence,
        answer=coming.answer,
        at=at,
        proposed_at=coming.proposed_at,
    )


def _claimed(letter: Letter, ourselves: Ourselves) -> str | None:
    """The mail of ours that it names and that was written to somebody else."""
    ending = f"@{ids.domain_of(ourselves.addresses[0])}"
    named = message_ids(letter.first("in-reply-to"))
    return next((one for one in named if one.endswith(ending)), None)


def _inward(
    raw: Raw, letter: Letter, at: datetime, sender: Sender, answered: _Answered, inward: Inward
) -> InboundMessage:
    """An answer to what one of our own people was sent. Whoever else gives it speaks in a conversation of their own."""
    is_theirs = inward.is_theirs and sender.is_proven
    where = ids.conversation(sender.address, "" if is_theirs else thread_of_doubt(_root(letter, raw)))
    return InboundMessage(
        conversation=where,
        external_id=_external_id(letter, raw),
        sender=ids.person(sender.address, is_proven=sender.is_proven),
        sender_name=one_line(sender.name, 120),
        text=clean(words_alone(letter.said)),
        at=at,
        attachments=tuple(_attachment(one) for one in letter.files),
        reply_to=answered.mail if is_theirs else inward.mark,
        doubt="" if is_theirs else sender.doubt or "it answers what somebody else was sent",
        beneath=clean(letter.beneath),
        is_inward=True,
    )


def _root(letter: Letter, raw: Raw) -> str:
    """The Message-ID of the mail that began the thread; a mail that answers nothing begins one."""
    for name in ("references", "in-reply-to", "message-id"):
        if found := message_ids(letter.first(name)):
            return found[0]
    return f"sha256:{raw.external_id}"


def _external_id(letter: Letter, raw: Raw) -> str:
    """Two mails that share a Message-ID and differ are two; one that was fetched twice, or came twice, is one."""
    own = message_ids(letter.first("message-id"))
    return f"{own[0]} {letter.digest[:_DIGEST_LENGTH]}" if own else f"sha256:{raw.external_id}"


def _text(letter: Letter, sender: Sender, ourselves: Ourselves) -> Untrusted:
    """What is said, below the subject where that says something new, and what there is to know about it."""
    subject, said = str(one_line(letter.first("subject"), 300)), str(clean(letter.said))
    # An answer repeats the subject; a new mail that calls itself one may name a ticket there and nowhere else.
    is_reply = bool(letter.first("in-reply-to") or letter.first("references")) and not is_passed_on(subject)
    pieces = [] if is_reply or not subject or said.startswith(subject) else [subject]
    pieces += [said] if said.strip() else []
    pieces += [f"[{one_line(note, 300)}]" for note in (*letter.notes, *_elsewhere(letter, sender, ourselves))]
    if not pieces and not letter.files:
        pieces = [subject or "[an empty mail]"]
    return Untrusted("\n\n".join(pieces))


def _elsewhere(letter: Letter, sender: Sender, ourselves: Ourselves) -> Sequence[str]:
    """Where the sender wants answers instead: told, never followed, or anybody could have ours sent anywhere."""
    found = {one.address.lower() for one in mailboxes(letter.first("reply-to"), 5)}
    found -= {sender.address, *ourselves.addresses}
    return (f"asks for answers at {', '.join(sorted(found))}; they go to {sender.address}",) if found else ()


def _attachment(one: Enclosed) -> Attachment:
    return Attachment(one_line(one.name), one.type, one.size, one.digest, one.note)


def _language(letter: Letter) -> str | None:
    found = _LANGUAGE.match(letter.first("content-language"))
    return found[0].lower() if found else None


def _beside(letter: Letter, sender: Sender, ourselves: Ourselves) -> tuple[Identity, ...]:
    """Whom else the mail went to; ourselves left out."""
    found: dict[str, Identity] = {}
    for name in ("to", "cc"):
        for value in letter.headers.get(name, ()):
            for one in mailboxes(value):
                plain = ids.plain_and_token(one.address)[0]
                if plain not in ourselves.addresses and one.address.lower() != sender.address:
                    found.setdefault(one.address.lower(), Identity(Channel.EMAIL, one.address.lower()))
    return tuple(found.values())[:_MOST_BESIDE]
