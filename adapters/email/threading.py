"""Where a mail belongs: signed names that only we can make, and the roots of threads. Pure; the subject counts nowhere.

    support+TOKEN@desk.test     Reply-To of what we send: whoever can answer to it was written to in this thread
    support+TOKEN@desk.test     Reply-To of what our own people are sent: it names that very mail, and says so to all
    bounces+TOKEN@desk.test     its envelope sender: a mail server that returns the mail says which one it was
    TOKEN@desk.test             its Message-ID: an answer that names it belongs to its thread, or to that very mail

Each holds the thread and a signature over the address of the conversation, the mails' key with it, so that it counts
for that address alone. A token is spelled in base32, since some programs change the case of addresses.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Purpose = Literal["reply", "bounce", "sent", "inward", "inward bounce"]

#: Hexadecimal digits of a thread's name, and bytes of the parts of a token.
THREAD_LENGTH: Final = 16
_THREAD: Final = THREAD_LENGTH // 2
_KEY: Final = 8
_REPLY_TAG: Final = 16
_SENT_TAG: Final = 10


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail of ours that a token names: for which address, in which thread, and the left side of its Message-ID."""

    address: str
    thread: str
    name: str


@dataclass(frozen=True, slots=True)
class Inward:
    """A mail to one of our own people that a token names: by the left side of its Message-ID, where it was `theirs`.

    `mark` is the same whoever sends the token back.
    """

    name: str
    mark: str
    is_theirs: bool


class Signer:
    """Makes and checks tokens; `key` never leaves it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Signer()"

    def reply_token(self, address: str, thread: str) -> str:
        """What stands after the plus of our address in Reply-To; `thread` is empty for a conversation without one."""
        return _spelled(_bytes_of(thread) + self._tag("reply", address, _bytes_of(thread), _REPLY_TAG))

    def inward_token(self, address: str, key: str) -> str:
        """The same in a mail to one of our own people, and before the @ of its Message-ID.

        Whoever sends it back, it is known to be one; only from them it counts.
        """
        return self._inward_token(address, _digest(key))

    def inward(self, token: str, address: str) -> Inward | None:
        """The mail to one of our own people that a token names; None if it names none of these."""
        read = _read(token)
        if len(read) != _THREAD + _KEY + _SENT_TAG:
            return None
        named, known, tag = read[:_KEY], read[_KEY : 2 * _KEY], read[2 * _KEY :]
        if not hmac.compare_digest(known, self._tag("inward", "", named, _KEY)):
            return None
        is_theirs = hmac.compare_digest(tag, self._tag("inward", address, named, _SENT_TAG))
        return Inward(self._inward_token(address, named), named.hex(), is_theirs)

    def bounce_token(self, address: str, thread: str, key: str, *, is_inward: bool = False) -> str:
        """What stands after the plus of the envelope sender; `key` is the outbox's name of the mail."""
        return self._sent("inward bounce" if is_inward else "bounce", address, _bytes_of(thread) + _digest(key))

    def message_id(self, address: str, thread: str, key: str) -> str:
        """What stands before the @ of our Message-ID: the same on each attempt."""
        return self._sent("sent", address, _bytes_of(thread) + _digest(key))

    def thread_of_reply(self, token: str, address: str) -> str | None:
        """The thread in which this address was given the token; None if it was not."""
        read = _read(token)
        if len(read) != _THREAD + _REPLY_TAG:
            return None
        thread, tag = read[:_THREAD], read[_THREAD:]
        if not hmac.compare_digest(tag, self._tag("reply", address, thread, _REPLY_TAG)):
            return None
        return _named(thread)

    def returned(self, token: str, addresses: Iterable[str]) -> Sent | None:
        """The mail of ours that came back to this envelope sender, or under this Message-ID, to one of these."""
        addresses = list(addresses)
        if found := self.sent(token, addresses, "bounce") or self.sent(token, addresses, "sent"):
            return found
        if found := self.sent(token, addresses, "inward bounce"):
            named = _read(token)[_THREAD : _THREAD + _KEY]
            return Sent(found.address, "", self._inward_token(found.address, named))
        inward = [(one, self.inward(token, one)) for one in addresses]
        return next((Sent(one.lower(), "", mail.name) for one, mail in inward if mail and mail.is_theirs), None)

    def sent(self, token: str, addresses: Iterable[str], purpose: Purpose) -> Sent | None:
        """The mail of ours that a Message-ID (`sent`) or an envelope sender (`bounce`) names, to one of these."""
        read = _read(token)
        if len(read) != _THREAD + _KEY + _SENT_TAG:
            return None
        named, tag = read[: _THREAD + _KEY], read[_THREAD + _KEY :]
        for address in addresses:
            if hmac.compare_digest(tag, self._tag(purpose, address, named, _SENT_TAG)):
                return Sent(address.lower(), _named(named[:_THREAD]), self._sent("sent", address, named))
        return None

    def _inward_token(self, address: str, named: bytes) -> str:
        return _spelled(named + self._tag("inward", "", named, _KEY) + self._tag("inward", address, named, _SENT_TAG))

    def _sent(self, purpose: Purpose, address: str, named: bytes) -> str:
        return _spelled(named + self._tag(purpose, address, named, _SENT_TAG))

    def _tag(self, purpose: Purpose, address: str, named: bytes, size: int) -> bytes:
        told = b"\0".join((b"maitred mail", purpose.encode(), named, address.lower().encode("utf-8", "replace")))
        return hmac.digest(self._key, told, "sha256")[:size]


def thread_from_root(message_id: str) -> str:
    """The name of the thread that a mail began."""
    return hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest()[:THREAD_LENGTH]


def thread_of_doubt(message_id: str) -> str:
    """The same for mail whose sender is not proven: never a thread that somebody proven writes in."""
    return thread_from_root(f"in doubt {message_id}")


def message_id_from_external(external_id: str) -> str | None:
    """The Message-ID, with its brackets, of a mail that we know by this name; None if it had none."""
    name = external_id.partition(" ")[0]
    if "@" not in name or name.startswith("sha256:") or not name.isascii() or not name.isprintable():
        return None
    return f"<{name}>"


def _bytes_of(thread: str) -> bytes:
    """Raises ValueError for what is no thread's name."""
    if not thread:
        return bytes(_THREAD)
    if len(thread) != THREAD_LENGTH:
        raise ValueError(f"{thread!r} names no thread of mails")
    return bytes.fromhex(thread)


def _named(thread: bytes) -> str:
    return thread.hex() if any(thread) else ""


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()[:_KEY]


def _spelled(token: bytes) -> str:
    return base64.b32encode(token).decode().rstrip("=").lower()


def _read(token: str) -> bytes:
    """The bytes of a token; none for what is no token."""
    if not token.isascii() or len(token) > 64:  # noqa: PLR2004 - no local part is longer
        return b""
    try:
        read = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except binascii.Error:
        return b""
    # The last letter has bits to spare: only one spelling of a token is the token.
    return read if _spelled(read) == token.lower() else b""
