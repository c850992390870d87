"""What stands in a folder and how large it is, also where the server cannot say so of every mail.

One broken mail makes some servers refuse the whole question, and others answer without a word about it. So a refused
question is asked again in halves, and whatever is left out is looked for: it may have been deleted in between.
"""

from collections.abc import Sequence

from adapters.email.answers import Listed
from adapters.email.imap import Connection, SaidNoError


async def listed(connection: Connection, uids: Sequence[int]) -> dict[int, Listed]:
    """The mails of `uids` that are there, of a size of None where the server tells none."""
    found = {one.uid: one for one in await _told(connection, uids)}
    if left_out := sorted(set(uids) - found.keys()):
        found |= {uid: Listed(uid, None, None) for uid in await connection.still_there(left_out)}
    return found


async def _told(connection: Connection, uids: Sequence[int]) -> list[Listed]:
    try:
        return await connection.listed(uids)
    except SaidNoError:
        middle = len(uids) // 2
        if not middle:
            return []
        return [*await _told(connection, uids[:middle]), *await _told(connection, uids[middle:])]
