"""The desk directory as it was written: every *.toml merged into one tree, each key with its place.

Files are parts of one document, so an admin may split them as they like. What one file says about an entry such as
`[people.vera]` it says alone: the same entry in two files is a mistake, because nobody reading one file would see it.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.deskfile.fields import date_mend
from bot.deskfile.places import KeyPath, places

#: An entry is a table and a key in it: `people.vera`, `desk.name`. It belongs to one file.
_ENTRY = 2
_LINE_OF_SYNTAX = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A mistake, its place and its mend. `file` is relative to the desk directory; line 0: the whole file.

    An error keeps the desk from being used; what is no error is a warning, worth a look.
    """

    file: str
    line: int
    message: str
    is_error: bool = True
    path: KeyPath = field(default=(), compare=False)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {'' if self.is_error else 'warning: '}{self.message}"


@dataclass(frozen=True, slots=True)
class Reading:
    """The merged tree. `tree` holds what tomllib gives; `lines` knows file and line of every path in it.

    It is not whole when a file could not be read: what seems to be missing may stand there.
    """

    name: str
    tree: Mapping[str, Any]
    lines: Mapping[KeyPath, tuple[str, int]]
    is_whole: bool = True

    def place(self, path: KeyPath) -> tuple[str, int]:
        """File and line of a value, or of the nearest table around it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return self.name, 0

    def problem(self, path: KeyPath, message: str, *, is_error: bool = True) -> Problem:
        file, line = self.place(path)
        return Problem(file, line, message, is_error, path)


def read(directory: Path) -> tuple[Reading, tuple[Problem, ...]]:
    """Read and merge a desk directory. A file that is not TOML is left out of the tree and is a problem."""
    files = sorted(file for file in directory.rglob("*.toml") if not _is_hidden(file.relative_to(directory)))
    if not files:
        missing = Problem(str(directory), 0, "there are no *.toml files here: copy desk.example/ to begin with")
        return Reading(str(directory), {}, {}, is_whole=False), (missing,)
    problems: list[Problem] = []
    texts: list[tuple[str, str]] = []
    for file in files:
        name = file.relative_to(directory).as_posix()
        if file.exists() and not file.is_file():  # a pipe would be waited for, with everything else of the process
            problems.append(Problem(name, 0, "this is no file: remove it"))
            continue
        try:
            texts.append((name, file.read_text(encoding="utf-8")))
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            problems.append(Problem(name, line, "this is not UTF-8 text: save the file as UTF-8"))
        except OSError as error:
            problems.append(Problem(name, 0, f"this file cannot be read: {error.strerror}"))
    reading, mistakes = merge(texts, name=directory.name)
    return replace(reading, is_whole=reading.is_whole and not problems), (*problems, *mistakes)


def merge(texts: Iterable[tuple[str, str]], *, name: str = "desk") -> tuple[Reading, tuple[Problem, ...]]:
    """As `read`, from names and texts."""
    tree: dict[str, Any] = {}
    lines: dict[KeyPath, tuple[str, int]] = {}
    problems: list[Problem] = []
    is_whole = True
    for file, text in texts:
        # TOML ends lines with LF or CRLF, and a lone CR is a mistake that tomllib finds.
        normal = text.removeprefix("\ufeff").replace("\r\n", "\n")
        try:
            part = tomllib.loads(normal)
        except tomllib.TOMLDecodeError as error:
            problems.append(_syntax_problem(file, normal, str(error)))
            is_whole = False
            continue
        except (ValueError, RecursionError):  # TOML all the same, of which its reader has enough
            beyond = "a number of thousands of digits, or brackets in hundreds of others: remove them"
            problems.append(Problem(file, 0, f"this cannot be read: {beyond}"))
            is_whole = False
            continue
        own = {path: (file, line) for path, line in places(normal).items()}
        for path in [path for path in own if len(path) <= _ENTRY and _is_taken(path, part, tree)]:
            there, line = lines[path]
            problems.append(
                Problem(
                    *own[path], f"{dotted(path)} is also written in {there}:{line}: keep it in one of the two files"
                )
            )
            _drop(part, path)
        for key, value in part.items():
            if isinstance(value, dict) and isinstance(tree.get(key, {}), dict):
                tree[key] = {**tree.get(key, {}), **value}
            else:
                tree[key] = value
        lines = {**own, **lines}
    return Reading(name, tree, lines, is_whole), tuple(problems)


def dotted(path: Iterable[str | int]) -> str:
    """A path as an admin would write it: `people.vera.identities`, `clients.acme.contacts[0]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            written = part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"'
            text += f".{written}" if text else written
    return text


def _is_hidden(file: Path) -> bool:
    """Editors keep locks and copies beside a file under names that start with a dot."""
    return any(part.startswith(".") for part in file.parts)


def _is_taken(path: KeyPath, part: Mapping[str, Any], tree: Mapping[str, Any]) -> bool:
    first = str(path[0])
    if first not in tree or first not in part:
        return False
    tables = isinstance(tree[first], dict) and isinstance(part[first], dict)
    if len(path) == 1:
        return not tables
    return tables and path[1] in tree[first] and path[1] in part[first]


def _drop(part: dict[str, Any], path: KeyPath) -> None:
    if len(path) == 1:
        del part[str(path[0])]
    else:
        part[str(path[0])].pop(path[1], None)


def _syntax_problem(file: str, text: str, said: str) -> Problem:
    match = _LINE_OF_SYNTAX.search(said)
    lines = text.split("\n")
    line = int(match[1]) if match and match[1] else len(lines)
    slashed = re.search(r"=\s*(\d{1,2}/\d{1,2}/\d{4})", lines[line - 1])
    mend = f" ({date_mend(slashed[1])})" if slashed else ""
    return Problem(file, line, f"this is not TOML: {_LINE_OF_SYNTAX.sub('', said)}{mend}")
