"""Whose mails are decided in the order they came: those that claim the same sender.

Read from the raw bytes before anything is parsed, so it is a guess, good enough to order by and for nothing else.
"""

import re
from typing import Final

from adapters.email.ids import ADDRESS, conversation

#: Headers stand at the beginning; what hides its sender behind more than that has no lane.
_LOOKED_AT: Final = 64 * 2**10
_FROM: Final = re.compile(rb"^from[ \t]*:([^\n]{0,998})(?:\n[ \t]([^\n]{0,998}))?", re.IGNORECASE | re.MULTILINE)


def lane_of(mail: bytes) -> str:
    """The lane of the sender's conversations; none where no sender is plain to see."""
    head = mail[:_LOOKED_AT].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    found = _FROM.search(head)
    if found is None:
        return ""
    line = (found[1] + b" " + (found[2] or b"")).decode("ascii", "replace")
    _, bracket, rest = line.rpartition("<")
    address = (rest.partition(">")[0] if bracket else line).strip()
    return conversation(address).lane if ADDRESS.fullmatch(address) else ""
