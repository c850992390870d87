"""The shape of what was written, told to people: each mistake with its place and its mend.

Pydantic finds the mistakes; here they become sentences. Secrets are looked for first, because a key that holds one is
not merely unknown.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.deskfile.places import KeyPath
from bot.deskfile.reading import Problem, Reading, dotted
from bot.deskfile.table import Table
from bot.deskfile.tables import DeskDirectory

_SECRET_KEY = re.compile(r"token|secret|passw|api_?key|private_?key|credential", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"xox[abeprs]-|xapp-|\b\d{6,12}:[A-Za-z0-9_-]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY")
_TYPES: Mapping[str, str] = {
    "string_type": "text, in quotes",
    "bool_type": "true or false",
    "int_type": "a whole number, without quotes",
    "list_type": "a list, in [ ]",
    "dict_type": "a table",
    "model_type": "a table",
}
#: Keys that other desks know, and why ours does not.
_REASONS: Mapping[str, str] = {
    "ics": 'calendar files are named in a list: write files = ["holidays.ics"]',
    "eta": "an ETA has no target: its moment is named with each ETA that is given. Drop the key",
}


def check_shape(reading: Reading) -> tuple[DeskDirectory | None, tuple[Problem, ...]]:
    """The directory as tables, or all that is wrong with its shape."""
    secrets = tuple(_secrets(reading.tree))
    problems = [
        reading.problem(
            path, f"`{dotted(path)}` looks like a secret: keep it in the environment or in .env, never here"
        )
        for path in secrets
    ]
    try:
        tables = DeskDirectory.model_validate(dict(reading.tree))
    except ValidationError as error:
        mistakes = error.errors(include_url=False)
        said = set(secrets) | {guess for mistake in mistakes if (guess := _meant(mistake))}
        problems += [_problem(reading, mistake) for mistake in mistakes if _path(mistake) not in said]
        return None, tuple(problems)
    return (None if problems else tables), tuple(problems)


def _secrets(tree: Any, path: KeyPath = ()) -> Iterator[KeyPath]:  # noqa: ANN401 - anything TOML can hold
    if path[:2] == ("desk", "texts"):  # a wording may speak of tokens and passwords
        return
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if _SECRET_KEY.search(key) and isinstance(value, str | int):
                yield (*path, key)
            else:
                yield from _secrets(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _secrets(value, (*path, index))
    elif isinstance(tree, str) and _SECRET_VALUE.search(tree):
        yield path


def _path(mistake: ErrorDetails) -> KeyPath:
    """Pydantic marks a key that is wrong itself with a further "[key]"."""
    loc = mistake["loc"]
    return loc[:-1] if loc and loc[-1] == "[key]" else loc


def _meant(mistake: ErrorDetails) -> KeyPath | None:
    """For an unknown key, the known one it is close to: missing that one is not a second mistake."""
    if mistake["type"] != "extra_forbidden":
        return None
    near = _nearest(mistake["loc"])
    return (*mistake["loc"][:-1], near) if near else None


def _nearest(path: KeyPath) -> str | None:
    *table, key = path
    return next(iter(get_close_matches(str(key), _known(table), n=1, cutoff=0.7)), None)


def _problem(reading: Reading, mistake: ErrorDetails) -> Problem:
    path = _path(mistake)
    *table, key = path
    if mistake["type"] == "missing":
        return reading.problem(tuple(table), _missing(reading, table, str(key)))
    return reading.problem(path, _sentence(mistake, path))


def _sentence(mistake: ErrorDetails, path: KeyPath) -> str:
    name, written = f"`{dotted(path)}`", mistake["input"]
    match mistake["type"]:
        case "extra_forbidden":
            sentence = _unknown_key(path)
        case "literal_error":
            known = re.findall(r"'([^']*)'", str(mistake.get("ctx", {}).get("expected", "")))
            near = get_close_matches(str(written), known, n=1)
            mend = near[0] if near else f"one of {', '.join(known)}"
            sentence = f"unknown {_noun(path)} {written!r} in {name}: write {mend}"
        case "value_error":
            sentence = f"{name}: {mistake['ctx']['error']}"
        case "too_short" | "string_too_short":
            sentence = f"{name} is empty: name at least one"
        case "greater_than_equal":
            sentence = f"{name} must be {mistake['ctx']['ge']} or more"
        case kind if kind in _TYPES:
            sentence = f"{name} must be {_TYPES[kind]}, and {_shown(written)} is not"
        case _:
            sentence = f"{name}: {mistake['msg']}"
    return sentence


def _unknown_key(path: KeyPath) -> str:
    *table, key = path
    where = f"[{dotted(table)}]" if table else "the desk directory"
    if reason := _REASONS.get(str(key)):
        return f"unknown key `{key}` in {where}: {reason}"
    near = _nearest(path)
    mend = f"did you mean `{near}`?" if near else f"known here: {', '.join(_known(table))}"
    return f"unknown key `{key}` in {where}; {mend}"


def _missing(reading: Reading, table: list[str | int], key: str) -> str:
    if key == "identities" and table[0] == "people":
        return f'[{dotted(table)}] has no identity: nobody can reach them; add identities = {{ email = "..." }}'
    owners = {"policy": "policies", "line": "lines", "plan": "plans", "calendar": "calendars", "public_plan": "plans"}
    there = reading.tree.get(owners.get(key, ""))
    names = f", one of {', '.join(sorted(there))}" if isinstance(there, Mapping) and there else ""
    return f"[{dotted(table)}] has no `{key}`: add it{names}"


def _noun(path: KeyPath) -> str:
    for part in reversed(path):
        if part in {"roles", "channels", "language", "texts"}:
            return str(part).removesuffix("s") if part != "texts" else "language"
    return "value"


def _shown(written: object) -> str:
    if isinstance(written, Mapping):
        return "a table"
    if isinstance(written, list):
        return "a list"
    if isinstance(written, bool):
        return str(written).lower()
    return repr(written) if isinstance(written, str | int | float) else f"{written}"


def _known(path: list[str | int]) -> list[str]:
    """The keys that the table at this path may have."""
    shape: Any = DeskDirectory
    for part in path:
        shape = _tables(shape)
        if isinstance(shape, type) and issubclass(shape, Table):
            field = shape.model_fields.get(str(part))
            shape = field.annotation if field else None
        else:
            shape = get_args(shape)[-1] if get_args(shape) else None
    shape = _tables(shape)
    return list(shape.model_fields) if isinstance(shape, type) and issubclass(shape, Table) else []


def _tables(shape: Any) -> Any:  # noqa: ANN401 - an annotation
    """An annotation without what does not change its keys: `Annotated`, and `| None`."""
    while get_origin(shape) in {Union, UnionType} or hasattr(shape, "__metadata__"):
        shape = next(part for part in get_args(shape) if part is not type(None))
    return shape
