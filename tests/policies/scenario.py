"""One scenario of a document: what is asked of the desk, and what it should come to."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from bot.app.simulation.scene import read_scene
from bot.app.simulation.simulating import play
from bot.deskfile.document import Document
from bot.deskfile.load import load
from bot.deskfile.revise import revision_from_document
from bot.tickets.calls.texts import period
from bot.tickets.revision import Revision
from routing.calls import earliest
from routing.ladder import Climb, climbed, falls_at
from routing.people import ClientId
from sla import clock as clocks_of
from sla.duration import Instant, instant
from sla.layers import calendar_named, promised
from sla.ledger import LedgerTerms, months
from sla.policy import Metric
from sla.uptime import Downtime, DowntimeKind, quarter_of, uptime
from sla.week import parse_zone

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 1, 1)
NOBODY = ClientId("")  # of whom nothing but the plan is known


@dataclass(frozen=True, slots=True)
class Scenario:
    """`written` is its table; `clauses` are those it tries, `is_other` says that it tries a reading we do not use."""

    name: str
    clauses: tuple[str, ...]
    is_other: bool
    written: Mapping[str, Any]


def scenarios(file: Path) -> list[Scenario]:
    """All scenarios of one document, in their order."""
    tables = tomllib.loads(file.read_text("utf-8"))
    return [
        Scenario(name, tuple(table["clause"].split()), table.get("other", False), table)
        for name, table in tables.items()
    ]


async def plays(scenario: Scenario, folder: Path) -> None:
    """Fail where it comes to something else. `folder` is for a copy of the desk, if the scenario changes it."""
    document = changed_desk(scenario.written, folder)
    asked = next(kind for kind in ANSWERS if kind in scenario.written)
    await ANSWERS[asked](scenario.written, document)


def changed_desk(written: Mapping[str, Any], folder: Path) -> Document:
    """The example desk, with another line where the scenario names one."""
    if "instead" not in written and "adds" not in written:
        return example()
    for file in (ROOT / "desk.example").rglob("*.toml"):
        text = file.read_text("utf-8")
        if written.get("instead", {}).get("file") == str(file.relative_to(ROOT / "desk.example")):
            line, becomes = written["instead"]["line"], written["instead"]["becomes"]
            assert line in text, f"{file} has no {line!r} any more"
            text = text.replace(line, becomes, -1 if written["instead"].get("all") else 1)
        copy = folder / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, "utf-8")
    (folder / "desk.example" / "added.toml").write_text(written.get("adds", ""), "utf-8")
    return _document(folder / "desk.example")


@cache
def example() -> Document:
    return _document(ROOT / "desk.example")


def _document(folder: Path) -> Document:
    loaded = load(folder, today=TODAY)
    assert loaded.document is not None, "\n".join(map(str, loaded.errors))
    return loaded.document


async def _due(written: Mapping[str, Any], document: Document) -> None:
    asked, revision = written["due"], revision_from_document(document, 1)
    policy = revision.policies[asked["policy"] if "policy" in asked else _policy_of(asked["client"], document)]
    assert asked["urgency"] in policy.urgencies
    metric, at = Metric(asked.get("metric", "first_response")), _at(asked["at"])
    channel, is_high_load = asked.get("channel", ""), asked.get("is_high_load", False)
    calendars = revision.calendars
    target = promised(policy, asked["urgency"], metric, channel, calendars, at=at, is_high_load=is_high_load)
    assert target is not None, "nothing is promised"
    clock = clocks_of.start(metric, target, calendar_named(target.calendar, calendars), at=at)
    assert clock.due_at == _at(written["is"])


async def _scene(written: Mapping[str, Any], document: Document) -> None:
    plans = document["plans"]
    if "policy" in written:
        plans = {key: {**plan, "policy": written["policy"]} for key, plan in plans.items()}
    if "plan" in written:
        plans = dict.fromkeys(plans, plans[written["plan"]])
    until = _at(written["until"]) if "until" in written else None
    played = await play({**document, "plans": plans}, read_scene(map(json.dumps, written["scene"])), until=until)
    assert played.impossible == []
    if "clocks" in written:
        clocks = [(one.clock.metric, one.clock.state, one.clock.due_at) for one in played.promised]
        assert clocks == [(metric, state, _at(due_at)) for metric, state, due_at in written["clocks"]]
    told = [(one.to, one.text) for one in played.said]
    for to, words in written.get("told", ()):
        assert any(to == whom and words in text for whom, text in told), f"{to} was not told {words!r}: {told}"
    for to, words in written.get("untold", ()):
        assert not any(to == whom and words in text for whom, text in told), f"{to} was told {words!r}"


async def _call(written: Mapping[str, Any], document: Document) -> None:
    asked, revision = written["call"], _revision(document)
    rules = revision.calls.of(NOBODY, asked["plan"])
    calendar, terms = revision.calendars[asked["calendar"]], rules.terms(next(iter(rules.kinds)))
    assert earliest(calendar, terms, asked_at=_at(asked["asked_at"])) == (_at(written["is"]),)


async def _bought(written: Mapping[str, Any], document: Document) -> None:
    asked, rules = written["bought"], _revision(document).calls
    assert asked["kind"] in rules.of(NOBODY, asked["plan"]).kinds
    entitled = rules.entitled(NOBODY, asked["plan"], asked["kind"])
    assert entitled is not None, "any number of them"
    assert [entitled.count, *period(entitled, _at(asked["at"]), asked["zone"])] == [
        written["is"][0],
        *map(_at, written["is"][1:]),
    ]


async def _ladder(written: Mapping[str, Any], document: Document) -> None:
    asked, revision = written["ladder"], _revision(document)
    calendar = revision.calendars[asked["calendar"]]
    climb, falls = Climb(revision.ladders[asked["of"]].steps, broken_at=_at(asked["broken_at"])), []
    while (at := falls_at(climb, calendar)) is not None:
        climb, _ = climbed(climb, calendar, at=at)
        falls.append(at)
    assert falls == [_at(text) for text in written["is"]]


async def _uptime(written: Mapping[str, Any], _: Document) -> None:
    asked = written["uptime"]
    quarter = quarter_of(asked["day"], parse_zone(asked["zone"]))
    downtimes = [Downtime(_at(since), _at(until), DowntimeKind(kind)) for since, until, kind in asked.get("down", ())]
    book = uptime(quarter, downtimes, share=Fraction(asked["permille"], 1000))
    assert (book.used_ms if downtimes else book.budget_ms) == written["is"] * 1000


async def _hours(written: Mapping[str, Any], _: Document) -> None:
    asked = written["hours"]
    terms = LedgerTerms(timedelta(hours=asked["bucket"]), asked["rolls_over"], asked.get("of_unused", False))
    book = list(months(terms, [timedelta(hours=used) for used in asked["used"]]))
    counted = [getattr(month, asked.get("of", "rolled_out")) for month in book]
    assert counted == [timedelta(hours=hours) for hours in written["is"]]


async def _desk(written: Mapping[str, Any], document: Document) -> None:
    found: Any = document
    for key in written["desk"]:
        found = found[key]
    assert found == written["is"]


ANSWERS = {
    "due": _due,
    "scene": _scene,
    "call": _call,
    "bought": _bought,
    "ladder": _ladder,
    "uptime": _uptime,
    "hours": _hours,
    "desk": _desk,
}


def _policy_of(client: str, document: Document) -> str:
    """Their own promises, where there are any, before their plan's."""
    written = document["clients"][client]
    return str(written.get("policy") or document["plans"][written["plan"]]["policy"])


def _revision(document: Document) -> Revision:
    return revision_from_document(document, 1)


def _at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))
