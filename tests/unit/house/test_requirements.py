"""What Maitred is installed with: it declares what it imports, pinned with hashes, without anybody's address."""

import ast
import re
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[3]
ROOMS: Final = ("adapters", "bot", "routing", "sla")
LOCKS: Final = ("build", "dev", "run")

#: Packages whose module is not called as they are.
MODULES: Final = {
    "prometheus_client": "prometheus_client",
    "pyjwt": "jwt",
    "python_dotenv": "dotenv",
    "python_telegram_bot": "telegram",
}

#: Declared and yet imported nowhere.
NOT_IMPORTED: Final = {
    "aiosqlite": "DATABASE_URL names it; the store runs SQLite on threads of its own, see docs/decisions",
    "asyncpg": "SQLAlchemy imports it for a postgresql+asyncpg:// address",
    "aioimaplib": "of the email channel, which comes next",
    "aiosmtplib": "of the email channel, which comes next",
    "python_telegram_bot": "of the Telegram channel, which comes next",
}

#: Imported and yet not declared.
NOT_DECLARED: Final = {
    "pydantic_core": "pydantic is made of it",
}


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower().replace("-", "_")


def _declared() -> set[str]:
    return {_name(requirement) for requirement in _project()["project"]["dependencies"]}


def _optional() -> set[str]:
    extras = _project()["project"].get("optional-dependencies", {})
    return {_name(requirement) for requirements in extras.values() for requirement in requirements}


def _locked(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return {_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, flags=re.MULTILINE)}


def _imported() -> set[str]:
    found: set[str] = set()
    for room in ROOMS:
        for module in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(module.read_text())):
                if isinstance(node, ast.Import):
                    found.update(alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - set(ROOMS)


def test_what_is_declared_is_imported() -> None:
    imported = _imported()
    idle = {name for name in _declared() | _optional() if MODULES.get(name, name) not in imported}

    assert idle - NOT_IMPORTED.keys() == set()


def test_what_is_imported_is_declared() -> None:
    known = {MODULES.get(name, name) for name in _declared() | _optional()}

    assert _imported() - known - NOT_DECLARED.keys() == set()


def test_what_is_declared_is_locked() -> None:
    groups = _project()["dependency-groups"]

    assert _declared() <= _locked("run").keys()
    assert {_name(requirement) for requirement in groups["dev"]} <= _locked("dev").keys()
    assert {_name(requirement) for requirement in groups["build"]} <= _locked("build").keys()


def test_tests_run_on_the_versions_that_are_deployed() -> None:
    deployed, tested = _locked("run"), _locked("dev")

    assert {name: tested.get(name) for name in deployed} == deployed


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_everything_and_names_no_place(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]

    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"://|^\s*-|@ |index|find-links", re.sub(r"^ +(--hash|#).*$", "", text, flags=re.MULTILINE))


def test_what_is_not_python_is_packed_as_well() -> None:
    packed = {pattern.rpartition("*")[2] for pattern in _project()["tool"]["setuptools"]["package-data"]["*"]}
    found = {
        path.suffix
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    }

    assert found <= packed
