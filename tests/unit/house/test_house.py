"""The house rules that no linter knows: our words, short modules, clean entrances, nothing of anybody's machine.

The words are the table of the style guide: one per concept. A name that must follow somebody else's (an SDK's hook, a
file format) is exempt, each with its reason below.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
ROOMS: Final = ("adapters", "bot", "routing", "sla")
LONGEST: Final = 450

#: A word that may not be part of a name, and what to say instead.
WRONG_WORDS: Final = {
    "account": "Client",
    "agent": "Person, Manager",
    "appointment": "Call",
    "base": "the noun it stands for",
    "callback": "Press",
    "case": "Ticket",
    "chat": "Conversation",
    "common": "the noun it stands for",
    "connector": "Adapter",
    "countdown": "Clock",
    "customer": "Client, Contact",
    "data": "the noun it stands for",
    "deadline": "due_at",
    "dialog": "Conversation",
    "duty": "Shift",
    "employee": "Person",
    "forward": "hand over",
    "handle": "Identity, or the verb of what is done",
    "helper": "the noun it stands for",
    "helpers": "the noun it stands for",
    "info": "the noun it stands for",
    "interaction": "Press",
    "issue": "Ticket, or another verb",
    "job": "Effect, Alarm",
    "kpi": "Metric",
    "meeting": "Call",
    "models": "the noun it stands for",
    "obj": "the noun it stands for",
    "operator": "Person",
    "platform": "Channel",
    "priority": "Urgency",
    "provider": "Channel",
    "roster": "Shift",
    "schedule": "Calendar",
    "service": "the noun it stands for",
    "severity": "Urgency",
    "task": "Effect, Alarm",
    "threshold": "Target",
    "timer": "Clock, Alarm",
    "transfer": "hand over",
    "user": "Person, Contact, Identity",
    "utils": "the noun it stands for",
}
WRONG_BEGINNINGS: Final = ("get_", "process_", "do_")
WRONG_CLASS_ENDINGS: Final = ("Manager", "Service", "Helper", "Util", "Utils")  # `Manager` alone is a person

#: Names that are not ours to choose.
EXEMPT_NAMES: Final = {
    "process_bind_param": "SQLAlchemy calls a column type by this name",
    "process_result_value": "SQLAlchemy calls a column type by this name",
    "data_received": "asyncio calls a protocol by this name",
    "handle_starttag": "html.parser calls a parser by this name",
    "handle_endtag": "html.parser calls a parser by this name",
    "handle_data": "html.parser calls a parser by this name",
}

#: Where a channel's own words are the right ones.
EXEMPT_WORDS: Final = {
    "adapters/telegram": {"callback", "chat", "user"},  # the Bot API's own nouns
    "adapters/slack": {"interaction", "user"},  # Slack's own nouns
}

# Spelled in pieces, so that this file passes its own test.
MACHINE_PATHS: Final = re.compile("|".join(f"/{start}/[a-z.]" for start in ("root", "home", "work", "Users")))
READ_ENDINGS: Final = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".in",
    ".sh",
    ".yaml",
    ".yml",
    ".json",
    ".jsonl",
    ".js",
    ".css",
    ".html",
}
NOT_OURS: Final = {"var", "build", "dist", "node_modules", "__pycache__"}


def _modules() -> list[Path]:
    return sorted(module for room in ROOMS for module in (ROOT / room).rglob("*.py"))


def _all_python() -> list[Path]:
    rooms = (*ROOMS, "tests", "bench", "scripts")
    return sorted(module for room in rooms for module in (ROOT / room).rglob("*.py"))


def _written_files() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*")):
        inside = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in inside[:-1])
        if hidden or NOT_OURS.intersection(inside) or not path.is_file():
            continue
        if path.suffix in READ_ENDINGS or path.name in {"Makefile", "Dockerfile", "run", ".env.example"}:
            yield path


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _words(name: str) -> set[str]:
    """`TicketOpened`, `ticket_opened` and `_TICKET_OPENED` are the same two words."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return {word for word in spaced.lower().split("_") if word}


def _faults_of_name(name: str, module: str, *, is_class: bool = False) -> Iterator[str]:
    if name in EXEMPT_NAMES:
        return
    exempt = {word for place, words in EXEMPT_WORDS.items() if module.startswith(place) for word in words}
    for word in sorted(_words(name) & WRONG_WORDS.keys() - exempt):
        yield f"{module}: {name}: not {word}, but {WRONG_WORDS[word]}"
    if name.lstrip("_").startswith(WRONG_BEGINNINGS):
        yield f"{module}: {name}: say what it does or what it returns"
    if is_class and any(name.endswith(ending) and name != ending for ending in WRONG_CLASS_ENDINGS):
        yield f"{module}: {name}: name the thing, not its office"


def _faults_in(tree: ast.AST, module: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from _faults_of_name(node.name, module, is_class=True)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _faults_of_name(node.name, module)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "Table"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield from _faults_of_name(str(node.args[0].value), module)


@pytest.mark.parametrize("module", _modules(), ids=_named)
def test_every_name_uses_our_words(module: Path) -> None:
    named = _named(module)
    tree = ast.parse(module.read_text())

    faults = [*_faults_of_name(module.stem, named), *_faults_in(tree, named)]

    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        pytest.param("class CustomerTicket: ...", "not customer", id="a wrong word in a class"),
        pytest.param("def get_ticket(): ...", "say what it does", id="a getter"),
        pytest.param("async def handle_press(): ...", "not handle", id="a handler"),
        pytest.param("class ShiftManager: ...", "name the thing", id="an office instead of a thing"),
        pytest.param("user = Table('user', metadata)", "not user", id="a wrong word for a table"),
    ],
)
def test_a_wrong_name_is_found(source: str, fault: str) -> None:
    assert any(fault in found for found in _faults_in(ast.parse(source), "bot/desk/intake.py"))


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("class Manager: ...", id="the person who answers"),
        pytest.param("def database_url(): ...", id="a longer word that contains a wrong one"),
        pytest.param("def process_bind_param(): ...", id="a name that SQLAlchemy chose"),
    ],
)
def test_a_right_name_is_left_alone(source: str) -> None:
    assert not list(_faults_in(ast.parse(source), "bot/store/rows.py"))


def test_no_module_is_too_long_to_read() -> None:
    scripts = (one for room in ROOMS for one in (ROOT / room).rglob("*.js"))
    long = {_named(one): count for one in (*_all_python(), *scripts) if (count := _length(one)) > LONGEST}

    assert not long, f"over {LONGEST} lines: {long}"


def test_entrances_are_empty() -> None:
    full = [_named(module) for module in _modules() if module.name == "__init__.py" and module.read_text().strip()]

    assert not full


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        _named(module)
        for module in _all_python()
        if module.name != "__init__.py" and not ast.get_docstring(ast.parse(module.read_text()))
    ]

    assert not silent


def test_only_the_command_line_prints() -> None:
    printing = [
        _named(module)
        for module in _modules()
        if not _named(module).startswith("bot/cli/")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert not printing


def test_a_channel_knows_no_other_channel() -> None:
    channels = {path.name for path in (ROOT / "adapters").iterdir() if (path / "__init__.py").exists()}
    crossing = [
        f"{_named(module)} imports {imported}"
        for channel in sorted(channels)
        for module in sorted((ROOT / "adapters" / channel).rglob("*.py"))
        for imported in _imports(ast.parse(module.read_text()))
        if any(imported.startswith(f"adapters.{other}") for other in channels - {channel})
    ]

    assert not crossing


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = [
        f"{_named(path)}:{number}"
        for path in _written_files()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if MACHINE_PATHS.search(line)
    ]

    assert not found


def _length(module: Path) -> int:
    return len(module.read_text().splitlines())


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
