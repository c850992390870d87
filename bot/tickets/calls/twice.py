"""Calls of one contact that lie over each other, because two contacts turned out to be one person. Pure."""

from collections.abc import Sequence

from bot.tickets.calls.call import Call


def overlapping(ahead: Sequence[Call]) -> list[Call]:
    """Of any two calls of a contact at one time, the one that was agreed later: that one is asked about."""
    found: list[Call] = []
    for call in sorted(ahead, key=lambda one: (one.agreed_at, one.key)):
        same = (one for one in ahead if one.contact == call.contact and one.key != call.key and one not in found)
        earlier = [one for one in same if (one.agreed_at, one.key) < (call.agreed_at, call.key)]
        if any(one.begins_at < call.ends_at and call.begins_at < one.ends_at for one in earlier):
            found.append(call)
    return found
