"""How things stand after a scripted day, so that a day with a crash can be compared with one without.

What a crash may change is left out: ids that only order things, and the drawings of cards, of which the latest counts.
"""

from collections import Counter, defaultdict
from typing import Any

from adapters.message import Channel
from tests.chaos.driver import Driver

_QUESTIONS = {
    "tickets": "SELECT t.id, c.key, t.version, t.status, t.assignee, t.rule, t.urgency, t.subject, t.has_reply "
    "FROM ticket t JOIN conversation c ON c.id = t.conversation_id ORDER BY t.id",
    "lines": "SELECT c.key, m.direction, m.kind, m.author, m.reply_kind, m.text, m.at, m.state, m.is_edited, "
    "m.is_deleted FROM message m JOIN conversation c ON c.id = m.conversation_id ORDER BY c.key, m.id",
    "versions": "SELECT v.text, v.version FROM message_version v ORDER BY v.message_id, v.version",
    "clocks": "SELECT ticket_id, metric, started_at, state, due_at, breached_at, satisfied_at FROM clock "
    "ORDER BY ticket_id, metric, started_at",
    "alarms": "SELECT owner, due_at FROM alarm ORDER BY owner",
    "events": "SELECT ticket_id, what, by, why, at FROM event ORDER BY ticket_id, id",
    "notes": "SELECT ticket_id, author, text FROM note ORDER BY id",
    "outbox": "SELECT key, lane, state FROM outbox WHERE what <> 'card' ORDER BY key",
    "inbound": "SELECT key, state FROM inbound ORDER BY key",
    "load": "SELECT person, tickets FROM load WHERE tickets <> 0 ORDER BY person",
    "presses": "SELECT key, answer FROM press ORDER BY key",
}


async def stored(driver: Driver) -> dict[str, list[tuple[Any, ...]]]:
    """What the database says."""
    return {name: [tuple(row) for row in await driver.rows(query)] for name, query in _QUESTIONS.items()}


def seen(driver: Driver) -> Counter[tuple[Channel, str, str]]:
    """What people have in front of them: each message as often as it came, each card as it reads now."""
    found: Counter[tuple[Channel, str, str]] = Counter()
    for channel, side in driver.far_end.sides.items():
        latest: dict[str, tuple[str, str]] = {}
        for one in side.shown:
            if one.key.startswith("card:"):
                latest[one.external_id] = (one.address, one.text)
            else:
                found[channel, one.address, one.text.partition("\n(sent again")[0]] += 1
        found.update((channel, *card) for card in latest.values())
    return found


def repeats(driver: Driver) -> dict[Channel, int]:
    """How many sends came twice, by channel."""
    counted: dict[Channel, int] = defaultdict(int)
    for channel, side in driver.far_end.sides.items():
        shown = Counter(one.key for one in side.shown if not one.is_edit)
        counted[channel] += sum(count - 1 for count in shown.values())
    return counted
