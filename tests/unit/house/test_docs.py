"""What the documentation says of the program is asked of the program: links, commands, settings, keys, paths."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import pytest
import typer
from pydantic import BaseModel

from adapters.slack.manifest import EVENTS_PATH, PRESSES_PATH
from bot.cli.main import app
from bot.deskfile.load import judge
from bot.deskfile.reading import merge
from bot.deskfile.tables import DeskDirectory
from bot.settings import ALIASES, SECRETS

ROOT: Final = Path(__file__).parents[3]
REFERENCE: Final = ROOT / "docs" / "reference"

_LINK: Final = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND: Final = re.compile(r"(?:^|[`/ ])maitred((?: (?:--demo|[a-z][a-z-]*|[A-Z][A-Z0-9.-]*))+)", re.MULTILINE)
_FENCED: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SETTING_ROW: Final = re.compile(r"^\| `([A-Z][A-Z_]+)`( \(secret\))?", re.MULTILINE)
_KEY_ROW: Final = re.compile(r"^\| `([a-z_.]+)` \|", re.MULTILINE)
_PATH: Final = re.compile(r"\b(?:adapters|bot|routing|sla|tests|deploy|desk\.example|scripts)/[\w./-]*\w/?")
_SERVED: Final = re.compile(r'(?:web\.(get|post)|Route)\(\s*(?:"([A-Z]+)", )?"(/[^"]*)"')
_STREAM: Final = re.compile(r'at: str = "(/[^"]*)"')
_SAID: Final = re.compile(r"`(GET|POST|OPTIONS) (/[^`]*)`")

#: Added to the router by its own method.
_FRONT: Final = ("GET", "/")


def _pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").glob("*.md")])


def _named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", _FENCED.sub("", page.read_text()), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", _pages(), ids=_named)
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for target in _LINK.findall(_FENCED.sub("", page.read_text())):
        place, _, anchor = target.partition("#")
        if "://" in place:
            continue
        file = (page.parent / place).resolve() if place else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            lost.append(target)

    assert not lost


@pytest.mark.parametrize("page", _pages(), ids=_named)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    quoted = " ".join(re.findall(r"`([^`\n]+)`", _FENCED.sub("", page.read_text())))
    named = {path for path in _PATH.findall(quoted) if "NAME" not in path and "NNNN" not in path}

    lost = [path for path in sorted(named) if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists()]

    assert not lost


@pytest.mark.parametrize("page", _pages(), ids=_named)
def test_every_command_that_is_named_exists(page: Path) -> None:
    unknown = [words for words in _commands_in(page.read_text()) if not _is_command(words)]

    assert not unknown


def test_the_page_of_commands_leaves_none_out() -> None:
    text = (REFERENCE / "commands.md").read_text()
    missing = _all_commands() - set(_commands_in(text))

    assert not missing


def test_the_page_of_settings_has_each_setting_once() -> None:
    said = _SETTING_ROW.findall((REFERENCE / "settings.md").read_text())

    assert sorted(name for name, _ in said) == sorted(ALIASES)
    assert {name for name, mark in said if mark} == set(SECRETS)


def test_the_page_of_the_desk_directory_has_every_key() -> None:
    said = {key.rpartition(".")[2] for key in _KEY_ROW.findall((REFERENCE / "desk-directory.md").read_text())}
    # Channels are keys, too; the page names them in the lines about identities and places.
    channels = {"telegram", "slack", "email", "inapp"}

    assert set(_keys(DeskDirectory)) - channels - set(DeskDirectory.model_fields) - said == set()
    assert said - set(_keys(DeskDirectory)) == set()


def test_the_page_of_http_has_every_path() -> None:
    sources = [*(ROOT / "bot" / "web").glob("*.py"), *(ROOT / "adapters" / "inapp").glob("*.py")]
    served = {
        ((verb or method).upper(), path)
        for source in sources
        for verb, method, path in _SERVED.findall(source.read_text())
    }
    served |= {("GET", path) for source in sources for path in _STREAM.findall(source.read_text())} | {_FRONT}
    served |= {("POST", EVENTS_PATH), ("POST", PRESSES_PATH)}  # by the names the manifest tells Slack

    assert set(_SAID.findall((REFERENCE / "http.md").read_text())) == served


def test_the_desk_of_the_how_to_is_a_whole_one() -> None:
    page = _without_margins((ROOT / "docs" / "how-to" / "write-the-desk-directory.md").read_text())
    desk = "\n".join(re.findall(r"^```toml\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL))

    loaded = judge(*merge([("desk.toml", desk)]), today=date(2026, 1, 1))

    assert not loaded.errors, "\n".join(map(str, loaded.errors))


def _without_margins(text: str) -> str:
    """A block of code inside a list stands further in."""
    return re.sub(r"^   ", "", text, flags=re.MULTILINE)


def _commands_in(text: str) -> Iterator[tuple[str, ...]]:
    """The words behind the program's name, wherever a page sets them as code; words in capitals are arguments."""
    code = [*_FENCED.findall(text), *re.findall(r"`[^`\n]+`", _FENCED.sub("", text))]
    for found in _COMMAND.findall("\n".join(code)):
        words = tuple(word for word in found.split() if word.islower() and not word.startswith("-"))
        # Behind `docker compose exec maitred` stands the program's own name.
        words = words[1:] if words[:1] == ("maitred",) else words
        if words:
            yield words


def _is_command(words: tuple[str, ...]) -> bool:
    """Whether the words begin with a command, or are a group of them; arguments may follow."""
    return words in _groups() or any(words[: len(path)] == path for path in _all_commands())


def _all_commands() -> set[tuple[str, ...]]:
    return {path for path, is_group in _commands() if not is_group} | {("ticket",)}  # alone it shows one


def _groups() -> set[tuple[str, ...]]:
    return {path for path, is_group in _commands() if is_group}


@cache
def _commands() -> tuple[tuple[tuple[str, ...], bool], ...]:
    """Every command by its words, and whether it only groups others."""
    return tuple(_walked(typer.main.get_command(app), ()))


def _walked(command: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], bool]]:
    for name, one in getattr(command, "commands", {}).items():
        yield (*path, name), bool(getattr(one, "commands", None))
        yield from _walked(one, (*path, name))


def _keys(table: type[BaseModel]) -> Iterator[str]:
    """Every key of a table and of the tables in it."""
    for name, field in table.model_fields.items():
        yield name
        for inner in _tables_in(field.annotation):
            yield from _keys(inner)


def _tables_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _tables_in(part)
