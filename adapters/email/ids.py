"""How things of mail are named: addresses, people, threads and mails.

lena@acme.test                    an address: lower case, because nobody means two people by `Lena` and `lena`
lena@acme.test (unverified)       the sender of a mail who is not proven to be that; no desk directory can hold it
lena@acme.test#0f3a…              a thread with her, named after the mail that began it
support+TOKEN@desk.test           an address of ours with a token behind the plus
MESSAGE-ID DIGEST                 a mail of hers: two that share a Message-ID and differ are two
TOKEN@desk.test                   a mail of ours, by its Message-ID
"""

import re
from typing import Final

from adapters.message import Channel, Conversation, Identity

#: Our end of the pipe, for every conversation.
ACCOUNT: Final = "desk"
ADDRESS: Final = re.compile(r"[^\s<>()\[\]:;@\\,\"#]{1,64}@[^\s<>()\[\]:;@\\,\"#]{1,255}")
#: Who wrote a mail that names nobody; no mail ever goes there (RFC 2606).
NOBODY: Final = "nobody@invalid"
_UNPROVEN: Final = " (unverified)"


def person(address: str, *, is_proven: bool = True) -> Identity:
    """Who writes from an address; somebody else than its owner where that is not proven."""
    return Identity(Channel.EMAIL, address.lower() + ("" if is_proven else _UNPROVEN))


def conversation(address: str, thread: str = "") -> Conversation:
    """A thread with somebody, or all that has none."""
    return Conversation(Channel.EMAIL, ACCOUNT, f"{address.lower()}#{thread}" if thread else address.lower())


def address_and_thread(conversation_address: str) -> tuple[str, str]:
    """Undo `conversation`. An address may hold a #, a thread holds none."""
    address, mark, thread = conversation_address.rpartition("#")
    return (address, thread) if mark else (conversation_address, "")


def plain_and_token(address: str) -> tuple[str, str]:
    """An address without what stands behind its plus, lower case; and that."""
    local, _, domain = address.lower().rpartition("@")
    plain, _, token = local.partition("+")
    return f"{plain}@{domain}", token


def with_token(address: str, token: str) -> str:
    """An address of ours with a token behind a plus."""
    local, _, domain = address.partition("@")
    return f"{local}+{token}@{domain}"


def loop_mark(ours: str) -> str:
    """What X-Loop of our automatic mail says. Others who pass mail on to us may put our bare address there."""
    return f"maitred {ours.lower()}"


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def on_the_wire(address: str) -> str:
    """The same with its server's name as servers know it (IDNA). ValueError where none can have that name."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.rstrip('.').encode('idna').decode('ascii')}"
