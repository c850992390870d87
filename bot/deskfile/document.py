"""The desk as one plain document: everything resolved and frozen, ready to be stored as a revision.

Holidays are dates, a policy holds all its cells, defaults are written out. Nothing in it depends on which file a table
stood in or in which order keys were written, so the same desk always has the same digest.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from bot.deskfile.days_off import frozen
from bot.deskfile.tables import (
    DEFAULT_LADDER,
    DEFAULT_URGENCY,
    URGENCIES,
    Calendar,
    Cell,
    Cells,
    DeskDirectory,
    Policy,
)
from sla.duration import BusinessDays, parse_within
from sla.week import WEEKDAYS, format_window, parse_week

#: Plain JSON: what `document` makes, the store keeps and `revision_from_document` reads.
Document = Mapping[str, Any]

FORMAT = 1
_METRICS = tuple(Cells.model_fields)
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
        "calendars": {key: calendar_document(calendar, years) for key, calendar in tables.calendars.items()},
        "policies": {key: _policy(key, tables.policies) for key in tables.policies},
        "ladders": _ladders(plain),
        "lines": {key: {**line, "kinds": sorted(set(line["kinds"]))} for key, line in plain["lines"].items()},
        "plans": {key: {"name": key, **plan} for key, plan in plain["plans"].items()},
        "people": {key: {**person, "roles": sorted(set(person["roles"]))} for key, person in plain["people"].items()},
        "clients": plain["clients"],
    }


def calendar_document(calendar: Calendar, years: range) -> dict[str, Any]:
    """One calendar with its holidays as dates. ValueError for a country nobody keeps holidays of."""
    week = parse_week(calendar.week)
    holidays = frozen(calendar.holidays, years) if calendar.holidays else frozenset[date]()
    written: dict[str, Any] = {
        "zone": calendar.zone,
        "week": {
            day: [format_window(window) for window in windows]
            for day, windows in zip(WEEKDAYS, week, strict=True)
            if windows
        },
        "days": calendar.days,
        "holidays": sorted(day.isoformat() for day in holidays),
        "holiday_scope": calendar.holiday_scope,
    }
    return written if calendar.day_length is None else {**written, "day_length": calendar.day_length}


def canonical(desk: Document) -> str:
    """The one text of a document: keys in order, nothing between them."""
    return json.dumps(desk, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(desk: Document) -> str:
    """SHA-256 of the canonical text, in hex: two desks that mean the same have the same."""
    return hashlib.sha256(canonical(desk).encode()).hexdigest()


def _ladders(plain: Mapping[str, Any]) -> dict[str, Any]:
    ladders: dict[str, Any] = dict(plain["ladders"])
    if any(plan["ladder"] == DEFAULT_LADDER for plan in plain["plans"].values()):
        ladders.setdefault(DEFAULT_LADDER, {"steps": _DEFAULT_STEPS})
    return ladders


def _policy(key: str, policies: Mapping[str, Policy]) -> dict[str, Any]:
    chain = [policies[key]]
    while chain[0].extends is not None:
        chain.insert(0, policies[chain[0].extends])
    stated: dict[str, Any] = {}
    for policy in chain:
        own = policy.model_dump(
            mode="json", exclude_none=True, exclude={"targets", "extends", "source", "review", "calendar"}
        )
        stated |= own
    urgencies = stated.get("urgencies", list(URGENCIES))
    written: dict[str, Any] = {
        "source": chain[-1].source or "",
        "satisfied_by": stated.get("satisfied_by", "human_reply"),
        "urgencies": urgencies,
        "default_urgency": stated.get("default_urgency", DEFAULT_URGENCY),
        "immediate": [urgency for urgency in urgencies if urgency in stated.get("immediate", [])],
        "floor": stated.get("floor", "15m"),
        "marks": stated["reminders"]["marks"] if "reminders" in stated else ["50%", "80%", "last_call"],
        "targets": {urgency: cells for urgency in urgencies if (cells := _cells(chain, urgency))},
    }
    if chain[-1].review is not None:
        written["review"] = chain[-1].review.isoformat()
    return written


def _cells(chain: list[Policy], urgency: str) -> dict[str, Any]:
    """An own cell stands in place of an inherited one. Cells of a channel are never inherited."""
    cells: dict[str, Any] = {}
    calendar: str | None = None
    for policy in chain:
        calendar = policy.calendar or calendar
        if urgency in policy.targets:
            cells |= _written_cells(policy.targets[urgency], calendar)
    own = chain[-1].targets.get(urgency)
    if own is not None and own.channels is not None:
        named = {name: getattr(own.channels, name) for name in type(own.channels).model_fields}
        cells["channels"] = {
            channel: _written_cells(channel_cells, calendar)
            for channel, channel_cells in named.items()
            if channel_cells is not None
        }
    return cells


def _written_cells(cells: Cells, calendar: str | None) -> dict[str, Any]:
    return {metric: _cell(cell, calendar) for metric in _METRICS if (cell := getattr(cells, metric)) is not None}


def _cell(cell: Cell, calendar: str | None) -> dict[str, Any]:
    written = cell.model_dump(mode="json", exclude_none=True)
    if cell.unit == "business":
        written.setdefault("calendar", calendar)
    if not isinstance(parse_within(cell.within), BusinessDays):
        del written["mode"]
    return written
