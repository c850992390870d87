"""After everything came to rest: what was said and pressed, against what is stored and what went out.

Every promise is one small question; what breaks it is listed in words, so that a failed run can be read.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from adapters.message import Channel
from tests.chaos.crowd import Crowd
from tests.chaos.driver import Driver
from tests.chaos.far_end import Side
from tests.chaos.wire import ACCOUNT

_OPEN = "status IN ('new', 'open', 'waiting_client', 'waiting_third_party')"


async def faults(driver: Driver, crowd: Crowd) -> list[str]:
    """Everything that is not as promised; empty when all is well."""
    checks = (_payloads, _lines, _tickets, _replies, _said, _cards, _order, _repeats, _alarms, _load, _file)
    return [fault for check in checks for fault in await check(driver, crowd)]


async def _payloads(driver: Driver, crowd: Crowd) -> list[str]:
    stored = {str(key): str(state) for key, state in await driver.rows("SELECT key, state FROM inbound")}
    offered = {f"{channel}:{ACCOUNT}:{name}" for channel, side in driver.far_end.sides.items() for name in side.offered}
    lost = [f"payload lost: {key}" for key in sorted(offered - stored.keys())]
    strange = [f"payload from nowhere: {key}" for key in sorted(stored.keys() - offered)]
    stuck = [f"payload {state}: {key}" for key, state in stored.items() if state != "done"]
    return lost + strange + stuck


async def _lines(driver: Driver, crowd: Crowd) -> list[str]:
    """Each line once, in the order it was said, reading as it was last worded."""
    found: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    query = (
        "SELECT conversation.key, message.external_id, message.text, message.is_deleted FROM message "
        "JOIN conversation ON conversation.id = message.conversation_id WHERE direction = 'in' ORDER BY message.id"
    )
    for place, name, text, is_deleted in await driver.rows(query):
        found[place].append((name, None if is_deleted else text))
    said = {f"{channel}:{ACCOUNT}:{address}": list(lines.items()) for (channel, address), lines in crowd.lines.items()}
    return [
        f"{place}: said {said.get(place)}, stored {found.get(place)}"
        for place in sorted(said.keys() | found.keys())
        if said.get(place) != found.get(place)
    ]


async def _tickets(driver: Driver, crowd: Crowd) -> list[str]:
    """Resolved tickets are reopened here, so nobody ever has more than one."""
    query = "SELECT conversation.key FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id"
    counted = Counter(str(place) for (place,) in await driver.rows(query))
    wanted = Counter(f"{channel}:{ACCOUNT}:{address}" for channel, address in crowd.lines)
    opened = await driver.rows("SELECT ticket_id, count(*) FROM event WHERE what = 'opened' GROUP BY 1")
    twice = [f"T-{number} was opened {count} times" for number, count in opened if count != 1]
    return [f"{place}: {counted[place]} tickets" for place in (counted | wanted) if counted[place] != 1] + twice


async def _replies(driver: Driver, crowd: Crowd) -> list[str]:
    """What one of ours said is said once if the answer was yes, never if it was no; asked twice, answered the same."""
    rows = await driver.rows("SELECT text FROM message WHERE direction = 'out' AND kind = 'reply'")
    stored = Counter(str(text) for (text,) in rows)
    answers = driver.far_end.sides[Channel.SLACK].answers
    wrong = [f"{key} was answered differently: {given}" for key, given in answers.items() if len(set(given)) != 1]
    for key, text in crowd.replies.items():
        is_refused = answers[key][0][1]
        if stored[text] != (0 if is_refused else 1):
            wrong.append(f"{key} ({'refused' if is_refused else 'done'}) is stored {stored[text]} times")
    return wrong


async def _said(driver: Driver, crowd: Crowd) -> list[str]:
    """Every line of ours reached its place; nothing was said that is not stored."""
    query = (
        "SELECT message.id, message.text, message.state, conversation.key FROM message "
        "JOIN conversation ON conversation.id = message.conversation_id WHERE direction = 'out'"
    )
    stored = {f"say:{number}": (place, text, state) for number, text, state, place in await driver.rows(query)}
    shown: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for channel, side in driver.far_end.sides.items():
        for one in side.shown:
            if one.key.startswith("say:"):
                shown[one.key].append((f"{channel}:{ACCOUNT}:{one.address}", one.text))
    lost = [f"{key} was never shown ({stored[key]})" for key in sorted(stored.keys() - shown.keys())]
    strange = [f"{key} was shown and is not stored" for key in sorted(shown.keys() - stored.keys())]
    wrong = [
        f"{key} reads {seen} and is stored as {stored[key]}"
        for key, all_seen in shown.items()
        for seen in all_seen
        if key in stored and (seen[0] != stored[key][0] or not seen[1].startswith(stored[key][1]))
    ]
    unsent = [f"{key} is {state} in the end" for key, (_, _, state) in stored.items() if state != "sent"]
    return lost + strange + wrong + unsent


async def _cards(driver: Driver, crowd: Crowd) -> list[str]:
    """Whoever answers for an open ticket has seen its card; every ping and alert went out, or is no longer true."""
    seen = {
        (one.address, ticket) for side in driver.far_end.sides.values() for one in side.shown for ticket in one.tickets
    }
    people = {"vera": "T1/U1", "oleg": "T1/U2", "mira": "T1/U3", "tara": "T1/U4", "dana": "T1/U5", "ines": "T1/U6"}
    tickets = await driver.rows(f"SELECT id, assignee FROM ticket WHERE {_OPEN}")  # noqa: S608 - ours
    unseen = [
        f"T-{number} is with {person}, who never saw it"
        for number, person in tickets
        if person is None or (people[person], f"T-{number}") not in seen
    ]
    query = "SELECT key, state, error FROM outbox WHERE what = 'ping'"
    sent = {one.key for side in driver.far_end.sides.values() for one in side.shown}
    lost = [
        f"{key} is {state} ({error})"
        for key, state, error in await driver.rows(query)
        if (state != "sent" or key not in sent) and not (state == "dropped" and "may have" not in error)
    ]
    return unseen + lost


async def _order(driver: Driver, crowd: Crowd) -> list[str]:
    wrong = []
    for channel, side in driver.far_end.sides.items():
        for address, numbers in _first_showings(side):
            if numbers != sorted(numbers):
                wrong.append(f"{channel} {address} was told out of order: {numbers}")
    return wrong


async def _repeats(driver: Driver, crowd: Crowd) -> list[str]:
    """A kill may repeat the one send in flight, and none where the channel recognises it."""
    wrong = []
    log = driver.orders.log.read_text() if driver.orders.log.exists() else ""
    for channel, side in driver.far_end.sides.items():
        shown = Counter(one.key for one in side.shown if not one.is_edit)
        repeated = {key: count - 1 for key, count in shown.items() if count > 1}
        if sum(repeated.values()) > (0 if side.recognises_repeats else driver.kills):
            wrong.append(f"{channel}: {driver.kills} kills repeated {repeated}; the log ends: {log[-2000:]}")
    return wrong


async def _alarms(driver: Driver, crowd: Crowd) -> list[str]:
    query = (
        f"SELECT ticket.id FROM ticket JOIN clock ON clock.ticket_id = ticket.id WHERE {_OPEN} "  # noqa: S608 - ours
        "AND clock.state = 'running' AND NOT EXISTS "
        "(SELECT 1 FROM alarm WHERE alarm.owner = 'promises:' || CAST(ticket.id AS TEXT))"
    )
    return [f"T-{number} has a running clock and no alarm" for (number,) in await driver.rows(query)]


async def _load(driver: Driver, crowd: Crowd) -> list[str]:
    kept = await driver.rows("SELECT person, tickets FROM load WHERE tickets <> 0 ORDER BY person")
    query = f"SELECT assignee, count(*) FROM ticket WHERE {_OPEN} AND assignee IS NOT NULL GROUP BY assignee ORDER BY 1"  # noqa: S608 - ours
    counted = await driver.rows(query)
    return [] if kept == counted else [f"the load is kept as {kept} and is {counted}"]


async def _file(driver: Driver, crowd: Crowd) -> list[str]:
    if not driver.orders.database_url.startswith("sqlite"):
        return []
    ((integrity,),) = await driver.rows("PRAGMA integrity_check")
    dangling = await driver.rows("PRAGMA foreign_key_check")
    return ([] if integrity == "ok" else [str(integrity)]) + [str(row) for row in dangling]


def _first_showings(side: Side) -> Iterator[tuple[str, list[int]]]:
    """For each address, the numbers of our lines in the order in which they were first seen."""
    places: dict[str, dict[int, None]] = defaultdict(dict)
    for one in side.shown:
        if one.key.startswith("say:"):
            places[one.address].setdefault(int(one.key.removeprefix("say:")), None)
    return ((address, list(numbers)) for address, numbers in places.items())
