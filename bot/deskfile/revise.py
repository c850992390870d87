"""From a stored document to the values that decisions look at.

This runs at every start and for every old revision a ticket opened under, so compiled calendars are kept: most
revisions change people and clients and leave working hours alone.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from bot.deskfile.document import Document, canonical
from bot.deskfile.tables import CHANNELS
from bot.tickets.revision import Revision, Rules
from routing.ladder import Ladder, Step
from routing.people import Client, ClientId, Contact, Line, LineId, Person, PersonId, Plan, PlanId, Role
from routing.triage import KeywordRule
from sla.calendar import Calendar, CalendarSpec, compile_calendar
from sla.duration import instant, parse_duration, parse_within
from sla.policy import Cells, Marks, Metric, Policy, SatisfiedBy, Target, Unit
from sla.week import parse_week, parse_windows

#: Compiled at once; a calendar grows by itself when it is asked about moments outside.
_SINCE = instant(datetime(2024, 1, 1, tzinfo=UTC))
_UNTIL = instant(datetime(2036, 1, 1, tzinfo=UTC))


def revision_from_document(desk: Document, number: int) -> Revision:
    """The revision as decisions see it. Absences are not part of the desk directory: add them with `replace`."""
    own, triage = desk["desk"], desk["triage"]["rules"]
    return Revision(
        number=number,
        name=own["name"],
        language=own["language"],
        zone=own["zone"],
        public_plan=PlanId(own["public_plan"]),
        calendars={key: compiled(key, written) for key, written in desk["calendars"].items()},
        policies={key: _policy(key, written) for key, written in desk["policies"].items()},
        plans={PlanId(key): _plan(key, written) for key, written in desk["plans"].items()},
        lines={LineId(key): _line(key, written) for key, written in desk["lines"].items()},
        ladders={key: _ladder(key, written) for key, written in desk["ladders"].items()},
        people={PersonId(key): _person(key, written) for key, written in desk["people"].items()},
        clients={ClientId(key): _client(key, written) for key, written in desk["clients"].items()},
        triage=tuple(KeywordRule(tuple(one["words"]), one.get("urgency"), one.get("kind")) for one in triage),
        rules=_rules(desk["rules"]),
        texts=own["texts"],
    )


def compiled(key: str, written: Mapping[str, Any]) -> Calendar:
    """The calendar of a document, compiled once for each wording. ValueError if it stays closed for 400 days."""
    return _compiled(key, canonical(written))


@lru_cache(maxsize=256)
def _compiled(key: str, text: str) -> Calendar:
    written = json.loads(text)
    spec = CalendarSpec(
        key=key,
        zone=written["zone"],
        week=parse_week(written["week"]),
        days={date.fromisoformat(day): parse_windows(windows) for day, windows in written["days"].items()},
        holidays=frozenset(date.fromisoformat(day) for day in written["holidays"]),
        holiday_scope=written["holiday_scope"],
        day_length=parse_duration(written["day_length"]) if "day_length" in written else None,
    )
    return compile_calendar(spec, start=_SINCE, end=_UNTIL)


def _rules(written: Mapping[str, Any]) -> Rules:
    return Rules(
        burst_within=parse_duration(written["burst_within"]),
        reopen_within=parse_within(written["reopen_within"]),
        nudge_after=parse_within(written["nudge_after"]),
        resolve_after=parse_within(written["resolve_after"]),
        close_after=parse_within(written["close_after"]),
    )


def _policy(key: str, written: Mapping[str, Any]) -> Policy:
    targets: Mapping[str, Any] = written["targets"]
    channels = {channel for cells in targets.values() for channel in cells.get("channels", {})}
    return Policy(
        key=key,
        source=written["source"],
        review=date.fromisoformat(written["review"]) if "review" in written else None,
        satisfied_by=SatisfiedBy(written["satisfied_by"]),
        targets=_cells(targets),
        urgencies=tuple(written["urgencies"]),
        default_urgency=written["default_urgency"],
        channel_targets={
            channel: _cells({urgency: cells.get("channels", {}).get(channel, {}) for urgency, cells in targets.items()})
            for channel in sorted(channels)
        },
        marks=Marks(tuple(written["marks"])),
        immediate=frozenset(written["immediate"]),
        floor=parse_duration(written["floor"]),
    )


def _cells(written: Mapping[str, Mapping[str, Any]]) -> Cells:
    return {
        urgency: {Metric(metric): _target(cell) for metric, cell in cells.items() if metric != "channels"}
        for urgency, cells in written.items()
    }


def _target(written: Mapping[str, Any]) -> Target:
    cap = written.get("off_hours_cap")
    return Target(
        within=parse_within(written["within"], written.get("mode", "same_time")),
        unit=Unit(written["unit"]),
        calendar=written.get("calendar"),
        quote=written["quote"],
        goal=written["goal"],
        off_hours_cap=None if cap is None else parse_duration(cap),
    )


def _ladder(key: str, written: Mapping[str, Any]) -> Ladder:
    return Ladder(key, tuple(Step(parse_duration(step["after"]), step["tell"]) for step in written["steps"]))


def _line(key: str, written: Mapping[str, Any]) -> Line:
    people = tuple(PersonId(person) for person in written["people"])
    return Line(LineId(key), people, written["calendar"], frozenset(written["kinds"]))


def _plan(key: str, written: Mapping[str, Any]) -> Plan:
    return Plan(
        id=PlanId(key),
        name=written["name"],
        policy=written["policy"],
        line=LineId(written["line"]),
        ladder=written["ladder"],
        channels=tuple(written["channels"]),
        is_senior=written["senior"],
    )


def _person(key: str, written: Mapping[str, Any]) -> Person:
    return Person(
        id=PersonId(key),
        name=written["name"],
        roles=frozenset(Role(role) for role in written["roles"]),
        calendar=written["calendar"],
        backup=_person_id(written.get("backup")),
        addresses=_addresses(written["identities"]),
        language=written["language"],
        capacity=written.get("capacity"),
    )


def _client(key: str, written: Mapping[str, Any]) -> Client:
    return Client(
        id=ClientId(key),
        name=written["name"],
        plan=PlanId(written["plan"]),
        manager=_person_id(written.get("manager")),
        backup=_person_id(written.get("backup")),
        zone=written.get("zone"),
        language=written.get("language"),
        contacts=tuple(
            Contact(one["name"], _addresses(one), one.get("language"), one.get("zone")) for one in written["contacts"]
        ),
        channels={channel: tuple(places) for channel, places in written["channels"].items() if places},
        notes=written["notes"],
    )


def _person_id(written: str | None) -> PersonId | None:
    return None if written is None else PersonId(written)


def _addresses(written: Mapping[str, Any]) -> dict[str, str]:
    """In the order of `CHANNELS`: where to tell somebody first does not hang on the order of keys in a file."""
    return {channel: written[channel] for channel in CHANNELS if channel in written}
