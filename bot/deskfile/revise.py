"""From a stored document to the values that decisions look at.

This runs at every start and for every old revision a ticket opened under, so compiled calendars are kept: most
revisions change people and clients and leave working hours alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from bot.deskfile.call_rules import call_rules
from bot.deskfile.document import Document, canonical
from bot.deskfile.fields import NEVER
from bot.deskfile.tables import CHANNELS
from bot.tickets.revision import Csat, Revision, Rules
from routing.ladder import Ladder, Step
from routing.people import Client, ClientId, Contact, Line, LineId, Person, PersonId, Plan, PlanId, Role
from routing.triage import KeywordRule, MatrixRow
from sla.calendar import Calendar, CalendarSpec, compile_calendar
from sla.duration import Instant, instant, parse_duration, parse_within
from sla.policy import Cells, Layer, Marks, Metric, Policy, SatisfiedBy, Target, Unit
from sla.week import parse_week, parse_windows, parse_zone

#: Compiled at once; a calendar grows by itself when it is asked about moments outside.
_SINCE = instant(datetime(2024, 1, 1, tzinfo=UTC))
_UNTIL = instant(datetime(2036, 1, 1, tzinfo=UTC))
_EVER, _NEVER = Instant(-(2**62)), Instant(2**62)


#: How a calendar was written, and since when; None for ever before.
Wording = tuple[Mapping[str, Any], Instant | None]


def revision_from_document(
    desk: Document, number: int, wordings: Mapping[str, Sequence[Wording]] | None = None
) -> Revision:
    """The revision as decisions see it. Absences are not part of the desk directory: add them with `replace`.

    `wordings` are all that its calendars had so far, the present one last: hours of the past stay as they were.
    """
    own, triage = desk["desk"], desk["triage"]["rules"]
    former = {key: known for key, known in (wordings or {}).items() if key not in desk["calendars"]}
    return Revision(
        number=number,
        name=own["name"],
        language=own["language"],
        zone=own["zone"],
        public_plan=PlanId(own["public_plan"]),
        calendars=Hours(
            {key: (wordings or {}).get(key, ((written, None),)) for key, written in desk["calendars"].items()}
        ),
        policies={key: _policy(key, written) for key, written in desk["policies"].items()},
        plans={PlanId(key): _plan(key, written) for key, written in desk["plans"].items()},
        lines={LineId(key): _line(key, written) for key, written in desk["lines"].items()},
        ladders={key: _ladder(key, written) for key, written in desk["ladders"].items()},
        people={PersonId(key): _person(key, written) for key, written in desk["people"].items()},
        clients={ClientId(key): _client(key, written) for key, written in desk["clients"].items()},
        triage=tuple(
            KeywordRule(tuple(one["words"]), one.get("urgency"), one.get("kind"), one.get("impact")) for one in triage
        ),
        matrix=tuple(
            MatrixRow(one["urgency"], one.get("impact"), tuple(one["plans"]), tuple(one["stated"]))
            for one in desk["triage"].get("matrix", ())
        ),
        urgent=desk["triage"].get("urgent"),
        csat=_csat(desk["csat"]) if "csat" in desk else None,
        rules=_rules(desk["rules"]),
        texts=own["texts"],
        alerts=own.get("alerts", {}),
        cards=own.get("cards", {}),
        receipts=own.get("receipts", "thread"),
        off_hours={
            key: written["off_hours_ladder"]
            for key, written in desk["policies"].items()
            if "off_hours_ladder" in written
        },
        high_when=desk.get("load", {}).get("high_when"),
        tells_after_gap=own.get("tell_after_gap", False),
        phone_system=frozenset(own.get("phone_system", ())),
        calls=call_rules(desk),
        former=Hours(former),
    )


class Hours(Mapping[str, Calendar]):
    """Calendars that are worked out when they are asked for: a command that asks for none starts sooner.

    Whoever wants them all at hand makes a dict of it. ValueError as `compiled`.
    """

    def __init__(self, written: Mapping[str, Sequence[Wording]]) -> None:
        self._written = written
        self._worked_out: dict[str, Calendar] = {}

    def __getitem__(self, key: str) -> Calendar:
        if key not in self._worked_out:
            self._worked_out[key] = compiled_through(key, self._written[key])
        return self._worked_out[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)


def compiled(key: str, written: Mapping[str, Any]) -> Calendar:
    """The calendar of a document, compiled once for each wording. ValueError if it stays closed for 400 days."""
    return compiled_through(key, ((written, None),))


def compiled_through(key: str, wordings: Sequence[Wording]) -> Calendar:
    """The same for a calendar that was written anew, each wording from its moment on."""
    return _compiled(key, tuple((canonical(written), since) for written, since in wordings))


@lru_cache(maxsize=256)
def _compiled(key: str, wordings: tuple[tuple[str, Instant | None], ...]) -> Calendar:
    specs: list[CalendarSpec] = []
    for (text, since), (_, until) in zip(wordings, [*wordings[1:], ("", None)], strict=True):
        own = _specs(key, json.loads(text))
        for spec, after in zip(own, [*own[1:], None], strict=True):
            begins = max(since or _EVER, spec.effective_from or _EVER)
            ends = min(until or _NEVER, (after.effective_from if after else None) or _NEVER)
            if begins < ends:
                specs.append(replace(spec, effective_from=begins))
    return compile_calendar(*specs, start=_SINCE, end=_UNTIL)


def _specs(key: str, written: Mapping[str, Any]) -> list[CalendarSpec]:
    """What one wording says: the hours to begin with, and their dated changes."""
    spec = CalendarSpec(
        key=key,
        zone=written["zone"],
        week=parse_week(written["week"]),
        days={date.fromisoformat(day): parse_windows(windows) for day, windows in written["days"].items()},
        holidays=frozenset(date.fromisoformat(day) for day in written["holidays"]),
        holiday_scope=written["holiday_scope"],
        day_length=parse_duration(written["day_length"]) if "day_length" in written else None,
    )
    versions = [spec]
    for change in written.get("changes", ()):
        # The day begins where the hours before it counted, so no moment lies between the two.
        begins = _midnight(change["since"], versions[-1].zone)
        week = parse_week(change["week"])
        versions.append(replace(spec, zone=change["zone"], week=week, effective_from=begins))
    return versions


def _rules(written: Mapping[str, Any]) -> Rules:
    return Rules(
        burst_within=parse_duration(written["burst_within"]),
        reopen_within=parse_within(written["reopen_within"]),
        nudge_after=parse_within(written["nudge_after"]),
        resolve_after=parse_within(written["resolve_after"]),
        close_after=parse_within(written["close_after"]),
        mail_unread_after=None
        if (unread := written.get("mail_unread_after", "30m")) == NEVER
        else parse_duration(unread),
        auto_answers_per_hour=written.get("auto_answers_per_hour", 60),
        pick_up=None if (pick_up := written.get("pick_up", "15m")) == NEVER else parse_duration(pick_up),
    )


def _csat(written: Mapping[str, Any]) -> Csat:
    plans = written.get("plans")
    asked = None if plans is None else frozenset(map(PlanId, plans))
    return Csat(parse_duration(written["ask_after"]), written["low"], asked)


def _policy(key: str, written: Mapping[str, Any]) -> Policy:
    targets: Mapping[str, Any] = written["targets"]
    channels = {channel for cells in targets.values() for channel in cells.get("channels", {})}
    zone = written.get("zone", "UTC")
    own = _layer({"name": key, **written}, zone)
    return Policy(
        key=key,
        source=written["source"],
        review=date.fromisoformat(written["review"]) if "review" in written else None,
        satisfied_by=SatisfiedBy(written["satisfied_by"]),
        targets=own.targets,
        urgencies=tuple(written["urgencies"]),
        default_urgency=written["default_urgency"],
        channel_targets={
            channel: _cells(
                {urgency: cells.get("channels", {}).get(channel, {}) for urgency, cells in targets.items()}, key
            )
            for channel in sorted(channels)
        },
        marks=Marks(tuple(written["marks"])),
        immediate=frozenset(written["immediate"]),
        floor=parse_duration(written["floor"]),
        extends=tuple(_layer(layer, zone) for layer in written.get("layers", ())),
        since=own.since,
        until=own.until,
    )


def _layer(written: Mapping[str, Any], zone: str) -> Layer:
    since, until = (_midnight(written[name], zone) if name in written else None for name in ("since", "until"))
    return Layer(written["name"], written["source"], _cells(written["targets"], written["name"]), since, until)


def _midnight(day: str, zone: str) -> Instant:
    return instant(datetime.combine(date.fromisoformat(day), time.min, parse_zone(zone)))


def _cells(written: Mapping[str, Mapping[str, Any]], layer: str) -> Cells:
    return {
        urgency: {Metric(metric): _target(cell, layer) for metric, cell in cells.items() if metric != "channels"}
        for urgency, cells in written.items()
    }


def _target(written: Mapping[str, Any], layer: str) -> Target:
    cap, mode = written.get("off_hours_cap"), written.get("mode", "same_time")
    return Target(
        within=parse_within(written["within"], mode),
        unit=Unit(written["unit"]),
        calendar=written.get("calendar"),
        quote=written["quote"],
        goal=written["goal"],
        off_hours_cap=None if cap is None else parse_duration(cap),
        high_load=parse_within(written["high_load"], mode) if "high_load" in written else None,
        layer=layer,
        replaces=written.get("rule") == "replace",
        assumes=written.get("assumes", ""),
    )


def _ladder(key: str, written: Mapping[str, Any]) -> Ladder:
    return Ladder(key, tuple(Step(parse_duration(step["after"]), step["tell"]) for step in written["steps"]))


def _line(key: str, written: Mapping[str, Any]) -> Line:
    people = tuple(PersonId(person) for person in written["people"])
    turns = date.fromisoformat(written["turns_from"]) if "turns_from" in written else None
    return Line(LineId(key), people, written["calendar"], frozenset(written["kinds"]), turns)


def _plan(key: str, written: Mapping[str, Any]) -> Plan:
    return Plan(
        id=PlanId(key),
        name=written["name"],
        policy=written["policy"],
        line=LineId(written["line"]),
        ladder=written["ladder"],
        channels=tuple(written["channels"]),
        is_senior=written["senior"],
        ahead=frozenset(written.get("ahead", ())),
        coverage=written.get("coverage", {}),
        off_hours_line=LineId(written["off_hours_line"]) if "off_hours_line" in written else None,
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
        languages=frozenset(written.get("languages", ())),
        skills=frozenset(written.get("skills", ())),
        feeds={kind: url for kind in ("busy", "absence") if (url := written.get(f"{kind}_feed"))},
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
            Contact(one["name"], _addresses(one) | _phone(one), one.get("language"), one.get("zone"))
            for one in written["contacts"]
        ),
        channels={channel: tuple(places) for channel, places in written["channels"].items() if places},
        notes=written["notes"],
        policy=written.get("policy"),
        receipts=written.get("receipts"),
        receipts_in=written.get("receipts_in", {}),
        skills=frozenset(written.get("skills", ())),
    )


def _person_id(written: str | None) -> PersonId | None:
    return None if written is None else PersonId(written)


def _phone(written: Mapping[str, Any]) -> dict[str, str]:
    """Whom a call is from: no channel of its own, so callers are known by the number on our own board."""
    return {"board": written["phone"]} if "phone" in written else {}


def _addresses(written: Mapping[str, Any]) -> dict[str, str]:
    """In the order of `CHANNELS`: where to tell somebody first does not hang on the order of keys in a file."""
    return {channel: written[channel] for channel in CHANNELS if channel in written}
