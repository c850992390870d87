"""What a mail server's refusal is about: one mail, one address, or us. Pure.

    4xx                                         TemporaryError
    5xx, as an address is named                 AddressError: nobody is there
    5xx about this mail, a policy, or room      PermanentError: it says nothing about the address
    any other 5xx                               PermanentError

What is about us stays wrong for the next mail too, whoever it is for (RFC 3463, 3.8). What a server writes back later
about a mail that it had taken means the same.
"""

import re
from typing import Final

from adapters.email import ids
from adapters.email.room import OURS_HAS_NO_ROOM, is_full
from adapters.errors import AddressError, PermanentError, TemporaryError
from adapters.message import Untaken

#: What a refusal means for what is to be done.
Refusal = TemporaryError | PermanentError

_PERMANENT: Final = range(500, 600)
_STATUS: Final = re.compile(r"(?<![0-9.])([245])\.([0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
#: Not about whoever reads there (RFC 3463): our own address, a full mail box, a mail that is too large, how it went
#: from server to server, the server itself, what stands in the mail, a policy.
_NOT_THE_ADDRESS: Final = re.compile(r"1\.[78]|2\.[23]|4\.(?:[3567]|14)|[367]\.[0-9]+")
#: "Relaying denied", "Client host blocked", "Authentication required", "Daily sending limit exceeded".
_ABOUT_US: Final = re.compile(
    r"\brelay|client host|\b(?:block|black|deny) ?list|spamhaus|\b(?:dns|r)bl\b|reputation|authenticat"
    r"|sending (?:limit|quota)",
    re.IGNORECASE,
)
_MEND: Final = "this is about our own server: mend SMTP_USER, or ask whoever runs it"


def error_from_refusal(code: int, words: str, *, names_an_address: bool) -> Refusal:
    """What to raise; `names_an_address`: it answers to one of those the mail is for, and not to the mail itself."""
    about_us = bool(_ABOUT_US.search(words))
    told = f"the mail server said: {words}" + (f" ({_MEND})" if about_us else "")
    if code not in _PERMANENT:
        return TemporaryError(told)
    if names_an_address and is_about_the_address(words):
        return AddressError(told)
    return PermanentError(told)


def is_about_the_address(words: str) -> bool:
    """Does a refusal say that nothing arrives at the address, whoever sends what? One without a status does.

    Servers repeat what another one said behind a status of their own that says less.
    """
    if _ABOUT_US.search(words) or is_full(words):
        return False
    return all(kind == "5" and not _NOT_THE_ADDRESS.fullmatch(detail) for kind, detail in _STATUS.findall(words))


def untaken_from_refusal(address: str, error: Refusal) -> Untaken:
    """A copy that was refused while the mail itself was taken."""
    if isinstance(error, TemporaryError):
        return Untaken(ids.person(address), str(error), "deferred")
    return Untaken(ids.person(address), str(error), "gone" if isinstance(error, AddressError) else "refused")


def is_about_us(error: Exception) -> bool:
    """Whether the next mail would fare no better, whoever it is for."""
    return any(words in str(error) for words in (OURS_HAS_NO_ROOM, _MEND))
