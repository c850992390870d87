"""What applying a desk would change, in lines an admin can read before saying yes.

+ client acme                                                        new
- person oleg                                                        gone
~ policies.premium.targets.high.first_response within 1h -> 30m      different
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.deskfile.document import Document
from bot.deskfile.reading import dotted

Sign = Literal["+", "-", "~"]

_SINGULAR: Mapping[str, str] = {
    "calendars": "calendar",
    "policies": "policy",
    "ladders": "ladder",
    "lines": "line",
    "plans": "plan",
    "people": "person",
    "clients": "client",
}
_REST = ("desk", "rules", "triage", "csat", "load", "calls")
_MEANING: Mapping[tuple[str, Sign], str] = {
    ("calendars", "~"): "the new hours count from now on, for open tickets too; what those have used stays used",
    ("policies", "~"): "new tickets get the new promises; open tickets keep theirs",
    ("policies", "-"): "open tickets keep its promises",
    ("ladders", "~"): "clocks that already run keep their steps",
    ("plans", "~"): "new tickets are served by the new plan; open tickets keep theirs",
    (
        "zones",
        "~",
    ): "hours are counted by the new rules of time zones, those of open tickets too",
    ("people", "-"): "whoever is removed gets nothing new; hand over their open tickets",
    ("clients", "-"): "contacts of a removed client are served on the public plan",
}
_OTHER_PLAN = "a client with another plan has it for open tickets too, from their own start; what is broken stays so"
#: What a new entry is, in a few words.
_GIST: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "calendars": lambda entry: f"({entry['zone']})",
    "policies": lambda entry: f"({entry['source']})" if entry["source"] else "",
    "ladders": lambda entry: "(" + ", ".join(f"{step['tell']} +{step['after']}" for step in entry["steps"]) + ")",
    "lines": lambda entry: f"({', '.join(entry['people'])})",
    "plans": lambda entry: f"(policy {entry['policy']}, line {entry['line']})",
    "people": lambda entry: f"({entry['name']}; {', '.join(entry['roles'])})",
    "clients": lambda entry: f"({entry['name']}; plan {entry['plan']}, manager {entry.get('manager', 'none')})",
}
_WIDEST = 60
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `what` names the thing or the way to it; `words` say how it differs, or nothing."""

    sign: Sign
    table: str
    what: str
    words: str = ""

    def __str__(self) -> str:
        return f"{self.sign} {self.what} {self.words}".rstrip()


def plan(old: Document | None, new: Document) -> tuple[Change, ...]:
    """All differences, in the order calendars, policies ... clients; none when both mean the same desk."""
    before: Document = old if old is not None else {}
    # Which rules of time zones counted before is not known of documents stored before they were named.
    rest = (*_REST, "zones") if "zones" in before else _REST
    return (
        *(change for table in rest for change in _inside((table,), before.get(table, {}), new.get(table, {}))),
        *(change for table in _SINGULAR for change in _entries(table, before.get(table, {}), new.get(table, {}))),
    )


def meaning(changes: Sequence[Change]) -> tuple[str, ...]:
    """What the changes mean for work that is under way, each consequence once."""
    found = {(change.table, change.sign) for change in changes}
    is_moved = any(
        change.table == "clients" and change.sign == "~" and change.words.startswith("plan ") for change in changes
    )
    bought = (_OTHER_PLAN,) if is_moved else ()
    return (*(words for key, words in _MEANING.items() if key in found), *bought)


def _entries(table: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in sorted({*old, *new}):
        what = f"{_SINGULAR[table]} {key}"
        if key not in new:
            yield Change("-", table, what)
        elif key not in old:
            yield Change("+", table, what, _GIST[table](new[key]))
        else:
            yield from _inside((table, key), old[key], new[key])


def _inside(path: tuple[str, ...], old: Any, new: Any) -> Iterator[Change]:  # noqa: ANN401 - plain JSON
    old, new = _by_name(old), _by_name(new)
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _inside((*path, key), old.get(key), new.get(key))
        return
    *table, key = path
    what = dotted(table)
    if old is None and new == {}:
        return
    if old is None:
        yield Change("+", path[0], what, _named(key, new))
    elif new is None:
        yield Change("-", path[0], what, _named(key, old))
    elif isinstance(old, list) and isinstance(new, list) and (words := _list_words(old, new)):
        yield Change("~", path[0], what, f"{key} {words}")
    else:
        yield Change("~", path[0], what, f"{key} {_shown(old)} -> {_shown(new)}")


def _by_name(value: Any) -> Any:  # noqa: ANN401 - plain JSON
    """A list of named tables (contacts) by their names, so that one that differs is not one gone and one come."""
    if isinstance(value, list) and value and all(isinstance(one, Mapping) and "name" in one for one in value):
        by_name = {one["name"]: one for one in value}
        return by_name if len(by_name) == len(value) else value
    return value


def _named(key: str, value: object) -> str:
    is_named = isinstance(value, Mapping) and value.get("name") == key
    return key if is_named else f"{key} {_shown(value)}"


def _list_words(old: list[Any], new: list[Any]) -> str:
    """What came and what went; empty where only the order differs, which is told by showing both."""
    gone = [f"-{_shown(member)}" for member in old if member not in new]
    come = [f"+{_shown(member)}" for member in new if member not in old]
    words = gone + come
    more = len(words) - _SHOWN
    return " ".join(words if more <= 1 else [*words[:_SHOWN], f"and {more} more"])


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        if "within" in value:
            return str(value["within"])
        if "name" in value:
            return str(value["name"])
        text = ", ".join(f"{key} {_shown(member)}" for key, member in sorted(value.items()))
    elif isinstance(value, list) and any(isinstance(member, Mapping) for member in value):
        text = f"({len(value)})"
    elif isinstance(value, list):
        text = ", ".join(_shown(member) for member in value) or "none"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    else:
        text = str(value) if value != "" else "none"
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
