"""The desk as one plain document: everything resolved and frozen, ready to be stored as a revision.

Holidays are dates, a policy holds all its cells, defaults are written out. Nothing in it depends on which file a table
stood in or in which order keys were written, so the same desk always has the same digest.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from bot.deskfile.calendar_tables import Calendar
from bot.deskfile.days_off import frozen
from bot.deskfile.layers import policies_document, policy_of_client
from bot.deskfile.tables import DEFAULT_LADDER, DeskDirectory
from sla.week import WEEKDAYS, format_window, parse_week
from sla.zones import RULES

#: Plain JSON: what `document` makes, the store keeps and `revision_from_document` reads.
Document = Mapping[str, Any]

FORMAT = 1
_DEFAULT_STEPS = [
    {"after": "0m", "tell": "lead"},
    {"after": "30m", "tell": "head"},
    {"after": "2h", "tell": "executive"},
]


def document(tables: DeskDirectory, years: range) -> Document:
    """Resolve a directory whose shape and references are right; holidays are frozen for these years."""
    plain = tables.model_dump(mode="json", exclude_none=True)
    return {
        "format": FORMAT,
        "desk": plain["desk"],
        "rules": plain["rules"],
        "triage": plain["triage"],
        **({"csat": plain["csat"]} if "csat" in plain else {}),
        "load": plain["load"],
        **({"calls": plain["calls"]} if "calls" in plain else {}),
        "zones": {"rules": RULES},
        "calendars": {
            **{key: calendar_document(calendar, years) for key, calendar in tables.calendars.items()},
            **_own_hours(tables, years),
        },
        "policies": policies_document(tables),
        "ladders": _ladders(plain),
        "lines": {key: {**line, "kinds": sorted(set(line["kinds"]))} for key, line in plain["lines"].items()},
        "plans": {key: _plan(key, plan) for key, plan in plain["plans"].items()},
        "people": {key: _person(key, person) for key, person in plain["people"].items()},
        "clients": {key: _client(key, client, tables) for key, client in plain["clients"].items()},
    }


def calendar_document(calendar: Calendar, years: range) -> dict[str, Any]:
    """One calendar with its holidays as dates. ValueError for a country nobody keeps holidays of."""
    holidays = frozen(calendar.holidays, years) if calendar.holidays else frozenset[date]()
    written: dict[str, Any] = {
        "zone": calendar.zone,
        "week": _week(calendar.week),
        "days": calendar.days,
        "holidays": sorted(day.isoformat() for day in holidays),
        "holiday_scope": calendar.holiday_scope,
    }
    if calendar.day_length is not None:
        written["day_length"] = calendar.day_length
    if calendar.changes:
        zone = calendar.zone
        written["changes"] = [
            {"since": one.since.isoformat(), "zone": (zone := one.zone or zone), "week": _week(one.week)}
            for one in calendar.changes
        ]
    return written


def _week(texts: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {
        day: [format_window(window) for window in windows]
        for day, windows in zip(WEEKDAYS, parse_week(texts), strict=True)
        if windows
    }


def canonical(desk: Document) -> str:
    """The one text of a document: keys in order, nothing between them."""
    return json.dumps(desk, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(desk: Document) -> str:
    """SHA-256 of the canonical text, in hex: two desks that mean the same have the same."""
    return hashlib.sha256(canonical(desk).encode()).hexdigest()


def _ladders(plain: Mapping[str, Any]) -> dict[str, Any]:
    ladders: dict[str, Any] = dict(plain["ladders"])
    named = [plan["ladder"] for plan in plain["plans"].values()]
    named += [policy.get("off_hours_ladder") for policy in plain["policies"].values()]
    if DEFAULT_LADDER in named:
        ladders.setdefault(DEFAULT_LADDER, {"steps": _DEFAULT_STEPS})
    return ladders


def _own_hours(tables: DeskDirectory, years: range) -> dict[str, Any]:
    """The calendars of those who have other hours on single dates, by names that nobody can write."""
    found: dict[str, Any] = {}
    for key, person in tables.people.items():
        if person.days:
            calendar = calendar_document(tables.calendars[person.calendar], years)
            found[f"{person.calendar}.{key}"] = {**calendar, "days": {**calendar["days"], **person.days}}
    return found


#: Keys that say nothing while they are empty, and stand in no document then.
_SILENT: Final = ("languages", "skills", "days", "coverage")


def _spoken(written: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in written.items() if value or name not in _SILENT}


def _plan(key: str, written: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": key, **_spoken(written)}


def _person(key: str, written: Mapping[str, Any]) -> dict[str, Any]:
    person = {**_spoken(written), "roles": sorted(set(written["roles"]))}
    return {**person, "calendar": f"{written['calendar']}.{key}"} if written["days"] else person


def _client(key: str, written: Mapping[str, Any], tables: DeskDirectory) -> dict[str, Any]:
    """A client, with the name of the policy that holds its addenda in their place."""
    client = {name: value for name, value in _spoken(written).items() if name not in {"addendum", "hypercare"}}
    policy = policy_of_client(key, tables)
    return client if policy is None else {**client, "policy": policy}
