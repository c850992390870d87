"""Whose words a mail passes on: read from the headers that a mail program draws above what it forwards. Pure.

Anybody can write such headers, so they say something only where the desk believes whoever passed the mail on. Where no
one address can be read from them there is no original.
"""

import re
from typing import Final

from adapters.email import ids
from adapters.email.headers import mailboxes
from adapters.email.letter import Letter
from adapters.email.quoting import is_passed_on, passed_on
from adapters.email.threading import thread_from_root, thread_of_doubt
from adapters.email.trust import Sender, name_of
from adapters.message import Original, Untrusted
from adapters.text import clean, one_line

#: Outlook puts the address of a sender in brackets of its own, with or without what a link begins with.
_IN_BRACKETS: Final = re.compile(r"\[(?:mailto:)?([^\s<>\[\]]{3,320})\]")
_LINKED: Final = re.compile(r"<mailto:([^\s<>]{3,320})>", re.IGNORECASE)


def original_from_letter(letter: Letter, sender: Sender, root: str) -> Original | None:
    """The mail that this one passes on; None where it passes on none, or does not say of one address whose it was."""
    found = passed_on(letter.said) if is_passed_on(letter.first("subject")) else None
    if found is None:
        return None
    written = _LINKED.sub(r"<\1>", _IN_BRACKETS.sub(r"<\1>", found.author))
    authors = {one.address.lower(): one for one in mailboxes(written, 5)}
    authors = {address: one for address, one in authors.items() if ids.ADDRESS.fullmatch(address)}
    if len(authors) != 1:
        return None
    ((address, author),) = authors.items()
    if address == sender.address:
        return None
    subject = one_line(found.subject, 300)
    words = clean(found.words)
    text = words if not subject or words.startswith(subject) else Untrusted(f"{subject}\n\n{words}".strip())
    return Original(
        name=one_line(name_of(author), 120),
        sender=ids.person(address),
        conversation=ids.conversation(address, thread_from_root(root)),
        unproven=ids.person(address, is_proven=False),
        unproven_conversation=ids.conversation(address, thread_of_doubt(root)),
        text=text,
        above=clean(found.above),
        subject=subject,
    )
