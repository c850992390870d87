"""What tables say about each other: every name that is used must exist, and no two may claim the same thing.

Asked of the tree as it was written, also where its shape is wrong, so that all mistakes come to light in one go. Parts
of another type than expected are passed over here: the shape check has named them.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from bot.deskfile.call_rules import check_calls
from bot.deskfile.layers import ADDENDA
from bot.deskfile.places import KeyPath
from bot.deskfile.promise_tables import DEFAULT_URGENCY, URGENCIES
from bot.deskfile.reading import Problem, Reading, dotted
from bot.deskfile.tables import CHANNELS, DEFAULT_LADDER
from routing.people import Role
from sla.duration import parse_duration

#: Where a name stands, and the table it must be found in. A star is any key or position.
REFERENCES: tuple[tuple[str, str], ...] = (
    ("desk.public_plan", "plans"),
    ("policies.*.extends", "policies"),
    ("policies.*.calendar", "calendars"),
    ("policies.*.off_hours_ladder", "ladders"),
    ("policies.*.targets.*.*.calendar", "calendars"),
    ("policies.*.targets.*.channels.*.*.calendar", "calendars"),
    ("clients.*.addendum.calendar", "calendars"),
    ("clients.*.addendum.targets.*.*.calendar", "calendars"),
    ("clients.*.addendum.targets.*.channels.*.*.calendar", "calendars"),
    ("clients.*.hypercare.calendar", "calendars"),
    ("clients.*.hypercare.targets.*.*.calendar", "calendars"),
    ("clients.*.hypercare.targets.*.channels.*.*.calendar", "calendars"),
    ("lines.*.calendar", "calendars"),
    ("lines.*.people.*", "people"),
    ("plans.*.policy", "policies"),
    ("plans.*.line", "lines"),
    ("plans.*.ladder", "ladders"),
    ("plans.*.coverage.*", "calendars"),
    ("plans.*.off_hours_line", "lines"),
    ("people.*.calendar", "calendars"),
    ("people.*.backup", "people"),
    ("clients.*.plan", "plans"),
    ("clients.*.manager", "people"),
    ("clients.*.backup", "people"),
    ("triage.matrix.*.plans.*", "plans"),
    ("csat.plans.*", "plans"),
)
_SINGULAR = {
    "calendars": "calendar",
    "clients": "client",
    "ladders": "ladder",
    "lines": "line",
    "people": "person",
    "plans": "plan",
    "policies": "policy",
}


def check_references(reading: Reading) -> tuple[Problem, ...]:
    """All that is wrong between tables. Of a reading that is not whole, only what no further file could mend."""
    checks = (*SEARCHES, *CHECKS) if reading.is_whole else CHECKS
    return tuple(problem for check in checks for problem in check(reading))


def found(tree: object, pattern: str) -> Iterator[tuple[KeyPath, Any]]:
    """Every value whose path matches, with its path; a star matches any key or position."""
    yield from _found(tree, tuple(pattern.split(".")), ())


def names(reading: Reading, table: str) -> list[str]:
    """The keys of a table of tables, as they were written."""
    entries = reading.tree.get(table)
    return list(entries) if isinstance(entries, Mapping) else []


def _found(tree: object, pattern: tuple[str, ...], path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if not pattern:
        yield path, tree
        return
    first, rest = pattern[0], pattern[1:]
    if first == "*":
        members = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
        for key, value in members:
            yield from _found(value, rest, (*path, key))
    elif isinstance(tree, Mapping) and first in tree:
        yield from _found(tree[first], rest, (*path, first))


def _desk_is_named(reading: Reading) -> Iterator[Problem]:
    if "desk" not in reading.tree:
        yield Problem(reading.name, 0, 'there is no [desk] table: add it with name = "..." and public_plan = "..."')


def _names_exist(reading: Reading) -> Iterator[Problem]:
    for pattern, table in REFERENCES:
        known = names(reading, table)
        for path, name in found(reading.tree, pattern):
            if isinstance(name, str) and name not in known and (name, table) != (DEFAULT_LADDER, "ladders"):
                yield reading.problem(
                    path, f"`{dotted(path)}` names the {_SINGULAR[table]} {name!r}: {_mend(name, known)}"
                )


def _mend(name: str, known: list[str]) -> str:
    if near := get_close_matches(name, known, n=1):
        return f"there is none; did you mean {near[0]!r}?"
    return f"there is none; known are {', '.join(known)}" if known else "there is none yet; write it"


def _steps_tell_somebody(reading: Reading) -> Iterator[Problem]:
    known = [*Role, *names(reading, "people"), *names(reading, "lines")]
    for path, name in found(reading.tree, "ladders.*.steps.*.tell"):
        if isinstance(name, str) and name not in known:
            yield reading.problem(
                path, f"`{dotted(path)}` tells {name!r}, no role, person or line: {_mend(name, known)}"
            )


def _steps_rise(reading: Reading) -> Iterator[Problem]:
    for path, steps in found(reading.tree, "ladders.*.steps"):
        offsets = [_offset(step) for step in steps] if isinstance(steps, list) else []
        for index in range(1, len(offsets)):
            earlier, later = offsets[index - 1], offsets[index]
            if earlier is not None and later is not None and later <= earlier:
                yield reading.problem(
                    (*path, index, "after"),
                    f"step {index + 1} of [{dotted(path[:2])}] comes after {steps[index]['after']}, no later than the "
                    f"step before it ({steps[index - 1]['after']}): each step is later; tell several at once as a line",
                )


def _offset(step: object) -> timedelta | None:
    written = step.get("after") if isinstance(step, Mapping) else None
    try:
        return parse_duration(written) if isinstance(written, str) else None
    except ValueError:
        return None


def _names_are_told_apart(reading: Reading) -> Iterator[Problem]:
    """A step of a ladder tells a role, a person or a line by one word."""
    people, roles = names(reading, "people"), {role.value for role in Role}
    for table, others, what in (("people", roles, "role"), ("lines", roles, "role"), ("lines", set(people), "person")):
        for name in names(reading, table):
            if name in others:
                path = (table, name)
                yield reading.problem(
                    path, f"the {_SINGULAR[table]} {name!r} is named like a {what}: choose another key"
                )


def _nobody_backs_up_themselves(reading: Reading) -> Iterator[Problem]:
    for path, name in found(reading.tree, "people.*.backup"):
        if name == path[1]:
            yield reading.problem(path, f"{name!r} cannot be their own backup: name somebody else")


def _lines_have_people(reading: Reading) -> Iterator[Problem]:
    for path, people in found(reading.tree, "lines.*.people"):
        if people == []:
            yield reading.problem(path, f"nobody works on [{dotted(path[:2])}]: name at least one person")


def _policies_end(reading: Reading) -> Iterator[Problem]:
    for key in names(reading, "policies"):
        chain = [key]
        while (following := _extended(reading, chain[-1])) and following not in chain:
            chain.append(following)
        if following == key and key == min(chain):
            circle = " -> ".join([*chain, key])
            yield reading.problem(
                ("policies", key, "extends"), f"policies extend each other in a circle ({circle}): break it"
            )


def _extended(reading: Reading, policy: str) -> str | None:
    return next((name for _, name in found(reading.tree, f"policies.{policy}.extends") if isinstance(name, str)), None)


def _inherited(reading: Reading, policy: str, key: str) -> Any:  # noqa: ANN401 - whatever was written
    """The nearest value of a key of a policy or of those it extends; None if none names it."""
    seen: set[str] = set()
    at: str | None = policy
    while at is not None and at not in seen:
        seen.add(at)
        for _, value in found(reading.tree, f"policies.{at}.{key}"):
            return value
        at = _extended(reading, at)
    return None


def _urgencies(reading: Reading, policy: str) -> list[str]:
    written = _inherited(reading, policy, "urgencies")
    return [name for name in written if isinstance(name, str)] if isinstance(written, list) else list(URGENCIES)


def _urgencies_exist(reading: Reading) -> Iterator[Problem]:
    for policy in names(reading, "policies"):
        known = _urgencies(reading, policy)
        used = [(path, path[3]) for path, _ in found(reading.tree, f"policies.{policy}.targets.*")]
        used += [(path, name) for path, name in found(reading.tree, f"policies.{policy}.immediate.*")]
        used += [(path, name) for path, name in found(reading.tree, f"policies.{policy}.default_urgency")]
        for path, name in used:
            if isinstance(name, str) and name not in known:
                yield reading.problem(path, f"unknown urgency {name!r} in `{dotted(path)}`: {_mend(name, known)}")
        default = _inherited(reading, policy, "default_urgency") or DEFAULT_URGENCY
        if known and default not in known and not any(found(reading.tree, f"policies.{policy}.default_urgency")):
            yield reading.problem(
                ("policies", policy), f'[policies.{policy}] has its own urgencies: add default_urgency = "{known[-1]}"'
            )
    for owner, policy in _addenda(reading):
        for path, _ in found(reading.tree, f"{owner}.targets.*"):
            if (name := str(path[-1])) not in (known := _urgencies(reading, policy)):
                yield reading.problem(path, f"unknown urgency {name!r} in `{dotted(path)}`: {_mend(name, known)}")
    everywhere = [name for policy in names(reading, "policies") for name in _urgencies(reading, policy)]
    patterns = ("rules.*.urgency", "matrix.*.urgency", "matrix.*.stated.*", "urgent")
    for path, name in (one for pattern in patterns for one in found(reading.tree, f"triage.{pattern}")):
        if isinstance(name, str) and name not in everywhere:
            known = list(dict.fromkeys(everywhere))
            yield reading.problem(
                path, f"no policy knows the urgency {name!r} in `{dotted(path)}`: {_mend(name, known)}"
            )


def _addenda(reading: Reading) -> Iterator[tuple[str, str]]:
    """Where each client's own promises stand, and the policy of the plan they add to."""
    for part in ADDENDA:
        for path, _ in found(reading.tree, f"clients.*.{part}"):
            plan = next((name for _, name in found(reading.tree, f"clients.{path[1]}.plan")), None)
            policy = next((name for _, name in found(reading.tree, f"plans.{plan}.policy")), None)
            yield f"clients.{path[1]}.{part}", str(policy)


def _business_targets_have_calendars(reading: Reading) -> Iterator[Problem]:
    owners = [(f"policies.{policy}", policy) for policy in names(reading, "policies")]
    for owner, policy in (*owners, *_addenda(reading)):
        own = next((name for _, name in found(reading.tree, f"{owner}.calendar")), None)
        usual = own or _inherited(reading, policy, "calendar")
        for pattern in (f"{owner}.targets.*.*", f"{owner}.targets.*.channels.*.*"):
            for path, cell in found(reading.tree, pattern):
                if path[-1] != "channels" and isinstance(cell, Mapping):
                    yield from _business_target(reading, path, cell, usual, owner)


def _business_target(
    reading: Reading, path: KeyPath, cell: Mapping[str, Any], usual: object, owner: str
) -> Iterator[Problem]:
    if cell.get("unit", "business") != "business":
        return
    calendar = cell.get("calendar") or usual
    if calendar is None:
        yield reading.problem(
            path,
            f"`{dotted(path)}` counts open hours and names no calendar: add `calendar` here or in "
            f'[{owner}], or write unit = "wall"',
        )
    elif cell.get("mode") == "hours" and _has_no_day_length(reading, str(calendar)):
        yield reading.problem(
            (*path, "mode"),
            f'`{dotted(path)}` counts days as hours: add day_length = "8h" to [calendars.{calendar}]',
        )


def _layers_end_later(reading: Reading) -> Iterator[Problem]:
    for owner in ("policies.*", *(f"clients.*.{part}" for part in ADDENDA)):
        for path, until in found(reading.tree, f"{owner}.until"):
            since = next((day for _, day in found(reading.tree, ".".join(map(str, (*path[:-1], "since"))))), None)
            if since is not None and str(until) <= str(since):
                yield reading.problem(
                    path,
                    f"`{dotted(path)}` ({until}) is not after `since` ({since}): `until` is the first day on which it "
                    "counts no more",
                )


def _has_no_day_length(reading: Reading, calendar: str) -> bool:
    return calendar in names(reading, "calendars") and not any(found(reading.tree, f"calendars.{calendar}.day_length"))


def _addresses_are_their_own(reading: Reading) -> Iterator[Problem]:
    """An identity is how somebody is recognised, so it belongs to one person or contact alone."""
    patterns = [f"people.*.identities.{channel}" for channel in CHANNELS]
    patterns += [f"clients.*.contacts.*.{channel}" for channel in (*CHANNELS, "phone")]
    yield from _taken_once(reading, patterns, lambda path: str(path[-1]), "identities belong to one person")
    places = [f"clients.*.channels.{channel}.*" for channel in CHANNELS]

    def channel_of(path: KeyPath) -> str:
        return str(path[-2] if path[0] == "clients" else path[-1])

    reason = "a shared place belongs to one client"
    # Alerts and cards may stand in one place of ours, but never where clients read.
    for ours in ("desk.alerts", "desk.cards"):
        own = [f"{ours}.{channel}" for channel in CHANNELS]
        yield from _taken_once(reading, [*places, *own], channel_of, reason, only=ours)
    yield from _taken_once(reading, places, channel_of, reason)


def _taken_once(
    reading: Reading, patterns: list[str], channel_of: Callable[[KeyPath], str], reason: str, *, only: str = ""
) -> Iterator[Problem]:
    """A mistake for each address that is taken already; `only` for those below that path."""
    first: dict[tuple[str, str], KeyPath] = {}
    for pattern in patterns:
        for path, address in found(reading.tree, pattern):
            if not isinstance(address, str | int):
                continue
            channel, plain = channel_of(path), str(address).strip()
            taken = first.setdefault((channel, plain.lower() if channel == "email" else plain), path)
            if taken != path and dotted(path).startswith(only):
                file, line = reading.place(taken)
                yield reading.problem(
                    path,
                    f"`{dotted(path)}`: {channel} {address} is already {dotted(taken[:-1])} ({file}:{line}): {reason}",
                )


def _everybody_is_reached(reading: Reading) -> Iterator[Problem]:
    for pattern in ("people.*.identities", "clients.*.contacts.*"):
        for path, addresses in found(reading.tree, pattern):
            if isinstance(addresses, Mapping) and not addresses.keys() & {*CHANNELS, "phone"}:
                owner = dotted(path[:2] if pattern.startswith("people") else path)
                yield reading.problem(path, f"[{owner}] has no identity: name at least one of {', '.join(CHANNELS)}")


#: Whatever these miss may stand in a file that could not be read.
SEARCHES: tuple[Callable[[Reading], Iterator[Problem]], ...] = (
    _desk_is_named,
    _names_exist,
    _steps_tell_somebody,
    _urgencies_exist,
    _business_targets_have_calendars,
)
CHECKS: tuple[Callable[[Reading], Iterator[Problem]], ...] = (
    _steps_rise,
    _names_are_told_apart,
    _nobody_backs_up_themselves,
    _lines_have_people,
    _policies_end,
    _layers_end_later,
    _addresses_are_their_own,
    _everybody_is_reached,
    check_calls,
)
