"""From what the desk says to a mail: finished bytes, the addresses on its envelope, and the name it is known by. Pure.

    From         Vera at the desk <support@desk.test>
    Reply-To     support+TOKEN@desk.test          who answers to it is in the thread, whatever the subject says
    Message-ID   <TOKEN@desk.test>                made of the outbox's key: the same on each attempt, as is the Date
    envelope     support+TOKEN@desk.test          a mail that is returned names the one it was

Everything goes through the library's own header and address types, which refuse line ends; nothing is put together by
hand. What a machine sent says so, in every header that mail programs look at, so that no machine answers it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Final

from adapters.email import drawing, ids
from adapters.email.threading import Signer, message_id_from_external
from adapters.ics import ics_from_invites
from adapters.message import Attachment, Invite
from adapters.text import clean, one_line

#: A local part may not be longer (RFC 5321 4.5.3.1.1).
_LONGEST_LOCAL: Final = 64
_LONGEST_SUBJECT: Final = 200
_LONGEST_NAME: Final = 80
_INVITATION: Final = "invite.ics"
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,126}")
_NO_NAME: Final = str.maketrans(dict.fromkeys('<>,:;@"\\[]=?', " "))
_ANSWER: Final = re.compile(r"(?:re|aw|antw|sv|rv|відп)\s*:", re.IGNORECASE)


class _Policy(EmailPolicy):
    """Line ends as on the wire, seven bits, and names of mails left whole: the library breaks long ones by encoding."""

    def fold(self, name: str, value: str) -> str:
        if name.lower() in {"message-id", "in-reply-to", "references"}:
            return f"{name}: " + f"{self.linesep} ".join(str(value).split()) + self.linesep
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in {"message-id", "in-reply-to", "references"}:
            return self.fold(name, value).encode("ascii", "replace")
        return bytes(super().fold_binary(name, value))


_POLICY: Final = _Policy(linesep="\r\n", cte_type="7bit", raise_on_defect=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who we are in a mail. Without `has_plus` our mail server knows no `support+anything@…`."""

    address: str
    name: str
    signer: Signer
    has_plus: bool = True


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says. `answers` is the desk's name of the mail it answers, `subject` that of the thread.

    `marker` stands above everything, where answers are to be written above it. A mail that is `automatic` says so. One
    that `is_inward` is for one of our own people.
    """

    key: str
    address: str
    text: str
    html: str
    subject: str
    at: datetime
    author: str | None = None
    answers: str | None = None
    is_reply: bool = False
    automatic: bool = False
    marker: str = ""
    attachments: tuple[Attachment, ...] = ()
    is_inward: bool = False
    copies: tuple[str, ...] = ()
    invite: Invite | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is ready to go, and what it is known by afterwards: its Message-ID without the brackets."""

    name: str
    envelope_from: str
    to: str
    content: bytes
    copies: tuple[str, ...] = ()


def letter_from_words(words: Words, sender: Sender, files: Mapping[str, bytes]) -> Letter:
    """Compose. `files` are the bytes of the attachments by digest. Raises ValueError for an address that is none."""
    to, thread = ids.address_and_thread(words.address)
    if to == ids.NOBODY or not _can_be_sent_to(to):
        raise ValueError("the address is none that mail can be sent to")
    signer = sender.signer
    token = signer.inward_token(to, words.key) if words.is_inward else signer.reply_token(to, thread)
    name = name_of_letter(words.address, words.key, sender, is_inward=words.is_inward)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _mailbox(_author(words, sender), sender.address)
    mail["To"] = Address(addr_spec=ids.on_the_wire(to))
    copies = tuple(one for one in words.copies if one != to and _can_be_sent_to(one))
    if copies:
        mail["Cc"] = tuple(Address(addr_spec=ids.on_the_wire(one)) for one in copies)
    mail["Subject"] = _subject(words)
    mail["Date"] = words.at
    mail["Message-ID"] = f"<{name}>"
    if (answered := message_id_from_external(words.answers or "")) is not None:
        mail["In-Reply-To"] = answered
        mail["References"] = answered
    if (reply_to := _plus(sender, token)) != sender.address:
        mail["Reply-To"] = _mailbox(sender.name, reply_to)
    if words.automatic:
        mail["Auto-Submitted"] = "auto-replied" if words.answers else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["Precedence"] = "bulk"
        mail["X-Loop"] = ids.loop_mark(sender.address)
    _write(mail, words)
    invitation = _invite(mail, words, sender)
    _attach(mail, words.attachments, files)
    if invitation:
        mail.add_attachment(invitation, maintype="application", subtype="ics", filename=_INVITATION)
    bounce = signer.bounce_token(to, thread, words.key, is_inward=words.is_inward)
    return Letter(name, _plus(sender, bounce), to, mail.as_bytes(), copies)


def _can_be_sent_to(address: str) -> bool:
    try:
        Address(addr_spec=ids.on_the_wire(address))
    except (ValueError, MessageError):
        return False
    return ids.ADDRESS.fullmatch(address) is not None


def name_of_letter(address: str, key: str, sender: Sender, *, is_inward: bool) -> str:
    """The Message-ID, without its brackets, that whatever the outbox calls so has on each attempt."""
    to, thread = ids.address_and_thread(address)
    signer = sender.signer
    own = signer.inward_token(to, key) if is_inward else signer.message_id(to, thread, key)
    return f"{own}@{ids.domain_of(sender.address)}"


def _write(mail: EmailMessage, words: Words) -> None:
    """Words for those who read plain text, then the same drawn; a mail program shows the last it can."""
    lost = [f"{one_line(one.name)} ({one_line(one.note or one.type)})" for one in words.attachments if not one.digest]
    above = f"##- {one_line(words.marker)} -##\n\n" if words.marker else ""
    text = above + "\n".join(part for part in (clean(words.text), *lost) if part.strip())
    mail.set_content(text.rstrip() + "\n", charset="utf-8")
    mail.add_alternative(drawing.page(clean(words.html), lost, words.marker), subtype="html", charset="utf-8")


def _invite(mail: EmailMessage, words: Words, sender: Sender) -> bytes:
    """An invitation as one more way to show the mail, which is where calendar programs look; gives its bytes."""
    if words.invite is None:
        return b""
    written = ics_from_invites([words.invite], made_at=words.at, address=sender.address)
    mail.add_alternative(
        written.decode(),
        subtype="calendar",
        charset="utf-8",
        params={"method": words.invite.method, "name": _INVITATION},
    )
    return written


def _attach(mail: EmailMessage, attachments: Sequence[Attachment], files: Mapping[str, bytes]) -> None:
    for one in attachments:
        if one.digest is None:
            continue
        kind = one.type.lower() if _TYPE.fullmatch(one.type.lower()) else "application/octet-stream"
        main, _, sub = kind.partition("/")
        if main in {"message", "multipart"}:  # which may not be encoded, and would be taken for a part of this mail
            main, sub = "application", "octet-stream"
        name = _plain(one.name.replace("/", "_").replace("\\", "_"), 120) or "file"
        mail.add_attachment(files[one.digest], maintype=main, subtype=sub, filename=name)


def _author(words: Words, sender: Sender) -> str:
    if words.author and not words.automatic:
        return f"{words.author} ({sender.name})" if sender.name else words.author
    return sender.name


def _mailbox(name: str, address: str) -> Address:
    """The library forgets the quotes around a name that it has to fold, so nothing that needs any is left in one."""
    return Address(display_name=" ".join(_plain(name, _LONGEST_NAME).translate(_NO_NAME).split()), addr_spec=address)


def _plain(text: str, limit: int) -> str:
    """Words fit for a header. The library would decode what looks encoded, and what comes out may hold a line end."""
    return str(one_line(text, limit)).replace("=?", "= ?")


def _subject(words: Words) -> str:
    subject = _plain(words.subject, _LONGEST_SUBJECT) or "…"
    return f"Re: {subject}" if words.is_reply and not _ANSWER.match(subject) else subject


def _plus(sender: Sender, token: str) -> str:
    """Our address with a token, or without where there is no room or no use for one."""
    address = ids.with_token(sender.address, token)
    return address if sender.has_plus and len(address.partition("@")[0]) <= _LONGEST_LOCAL else sender.address
