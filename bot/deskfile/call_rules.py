"""Calls: from a stored document to the rules that decisions look at, and what tables may name of them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.deskfile.document import Document
from bot.deskfile.reading import Problem, Reading, dotted
from bot.tickets.calls.call import KINDS, Agreed, CallRules, Entitlement, KindOfCall
from routing.people import ClientId, PersonId, PlanId
from sla.duration import BusinessDays, parse_duration, parse_mode, parse_within

_NONE: Final = "none"
_AGREED: Final = ("plans", "clients")


def call_rules(desk: Document) -> CallRules:
    """What the desk says of calls; without a table of them they can be had, and nothing offers them."""
    written: Mapping[str, Any] = desk.get("calls", {})
    own = CallRules()
    kinds = _kinds(written)
    days, mode = written.get("notice", "1bd"), written.get("notice_mode", "same_time")
    return CallRules(
        is_offered=bool(written),
        notice=None if days == _NONE else _notice(days, mode),
        grid=parse_duration(written["grid"]) if "grid" in written else own.grid,
        buffer=parse_duration(written["buffer"]) if "buffer" in written else own.buffer,
        ahead=own.ahead / own.ahead.days * written.get("ahead", own.ahead.days),
        confirms=written.get("confirm") == "manager",
        offered=written.get("offered", own.offered),
        kinds=kinds,
        video=written.get("video", ""),
        videos={PersonId(key): one["video"] for key, one in desk["people"].items() if "video" in one},
        plans={PlanId(key): _agreed(one, days, mode) for key, one in _with_calls(desk, "plans")},
        clients={ClientId(key): _agreed(one, days, mode) for key, one in _with_calls(desk, "clients")},
    )


def check_calls(reading: Reading) -> Iterator[Problem]:
    """Kinds that are named must exist. Asked of the tree as written, so parts of another type are passed over."""
    calls = reading.tree.get("calls")
    written = calls.get("kinds") if isinstance(calls, Mapping) else None
    known = list(written) if isinstance(written, Mapping) and written else list(KINDS)
    named = [(("calls", "usual"), calls["usual"])] if isinstance(calls, Mapping) and "usual" in calls else []
    for table in _AGREED:
        entries = reading.tree.get(table)
        for key, entry in entries.items() if isinstance(entries, Mapping) else ():
            own = entry.get("calls") if isinstance(entry, Mapping) else None
            if isinstance(own, Mapping):
                named += [((table, key, "calls", *path), name) for path, name in _named(own)]
    for path, name in named:
        if isinstance(name, str) and name not in known:
            yield reading.problem(
                path, f"`{dotted(path)}` names the kind of call {name!r}: there is none; known are {', '.join(known)}"
            )


def _named(own: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], object]]:
    kinds, entitled = own.get("kinds"), own.get("entitled")
    for place, name in enumerate(kinds if isinstance(kinds, list) else ()):
        yield ("kinds", place), name
    for name in entitled if isinstance(entitled, Mapping) else ():
        yield ("entitled", name), name


def _kinds(written: Mapping[str, Any]) -> Mapping[str, KindOfCall]:
    """The usual one first."""
    named: Mapping[str, Any] = written.get("kinds", {})
    kinds = {key: KindOfCall(key, parse_duration(one["length"]), one.get("name", "")) for key, one in named.items()}
    kinds = kinds or dict(KINDS)
    usual = written.get("usual") or next(iter(kinds))
    return {usual: kinds[usual], **kinds}


def _with_calls(desk: Document, table: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((key, one["calls"]) for key, one in desk[table].items() if "calls" in one)


def _agreed(written: Mapping[str, Any], days: str, mode: str) -> Agreed:
    """What is not written about the notice is the desk's own."""
    own_days = written.get("notice", days)
    notice: Any = None
    if "notice" in written or "notice_mode" in written:
        notice = _NONE if own_days == _NONE else _notice(own_days, written.get("notice_mode", mode))
    return Agreed(
        notice=notice,
        confirms=None if "confirm" not in written else written["confirm"] == "manager",
        kinds=tuple(written["kinds"]) if "kinds" in written else None,
        entitled={key: Entitlement(one["count"], one["per"]) for key, one in written.get("entitled", {}).items()},
    )


def _notice(days: str, mode: str) -> BusinessDays | None:
    within = parse_within(days, mode)
    return BusinessDays(within.count, parse_mode(mode)) if isinstance(within, BusinessDays) else None
