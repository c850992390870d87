"""The code says only texts that the catalogue has, and gives them every value they name.

A voice is a `Texts`: what the constructor or a function that returns one gives, a parameter or a field annotated with
it, a name that was assigned one. A key the code puts together at run time is checked as far as its fixed parts say.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Final

import pytest

from bot.tickets.texts import CATALOGUE, LANGUAGES, Entry

ROOT: Final = Path(__file__).parents[3]
MODULES: Final = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "bot").rglob("*.py"))}
Said = tuple[int, str, frozenset[str] | None]


@cache
def source(module: str) -> str:
    return MODULES[module].read_text(encoding="utf-8")


@cache
def tree_of(module: str) -> ast.Module:
    """Made by the tests that look at it, and not wherever tests are collected."""
    return ast.parse(source(module))


def _is_texts(annotation: ast.expr | None) -> bool:
    return annotation is not None and re.search(r"\bTexts\b", ast.unparse(annotation)) is not None


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


@cache
def makers() -> set[str]:
    """Whatever gives a voice when it is called."""
    trees = (tree_of(module) for module in MODULES if "Texts" in source(module))
    functions = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return {"Texts"} | {node.name for node in functions if node.returns is not None and _name(node.returns) == "Texts"}


def _makes(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in makers()


def _voices(tree: ast.Module) -> set[str]:
    """The names in one module that stand for a voice."""
    voices: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _makes(node.value):
            voices |= {_name(target) for target in node.targets}
        elif isinstance(node, ast.NamedExpr) and _makes(node.value):
            voices.add(node.target.id)
        elif isinstance(node, ast.arg) and _is_texts(node.annotation):
            voices.add(node.arg)
        elif isinstance(node, ast.AnnAssign) and _is_texts(node.annotation):
            voices.add(_name(node.target))
    return voices


def _patterns(key: ast.expr) -> Iterator[str]:
    """Every key an expression may give, as patterns; none for a name, whose key is made elsewhere."""
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        yield re.escape(key.value)
    elif isinstance(key, ast.IfExp):
        yield from _patterns(key.body)
        yield from _patterns(key.orelse)
    elif isinstance(key, ast.JoinedStr):
        yield "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in key.values)


def said(tree: ast.Module) -> Iterator[Said]:
    """Each text said in a module: line, pattern of the key, names of the values (None where a mapping is spread)."""
    voices = _voices(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        if _name(node.func) not in voices and not _makes(node.func):
            continue
        spread = any(word.arg is None for word in node.keywords)
        given = None if spread else frozenset(word.arg for word in node.keywords if word.arg)
        for pattern in _patterns(node.args[0]):
            yield node.lineno, pattern, given


def _values(entry: Entry) -> set[str]:
    texts = [entry] if isinstance(entry, str) else list(entry.values())
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name is not None}


def faults(tree: ast.Module) -> Iterator[str]:
    """What is wrong with the texts a module says."""
    for line, pattern, given in said(tree):
        keys = [key for key in CATALOGUE if re.fullmatch(pattern, key)]
        if not keys:
            yield f"line {line}: the catalogue has no text {pattern!r}"
        missing = [_values(CATALOGUE[key]["en"]) - given for key in keys] if given is not None else []
        if missing and all(missing):  # of a family, the code says those texts that its values fit
            yield f"line {line}: {pattern!r} is said without {', '.join(sorted(missing[0]))}"


@pytest.mark.parametrize("module", list(MODULES))
def test_every_text_that_is_said_is_in_the_catalogue_and_gets_its_values(module: str) -> None:
    assert list(faults(tree_of(module))) == []


def test_the_texts_of_the_product_are_seen_at_all() -> None:
    keys = {pattern for module in MODULES for _, pattern, _ in said(tree_of(module))}
    assert {"we_wait", "card_title", "promise_left", "ping_client_wrote"} <= keys


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        pytest.param('Texts("en")("we_wiat")', "line 1: the catalogue has no text 'we_wiat'", id="a slip of the pen"),
        pytest.param(
            'say = Texts("en")\nsay(f"knob_{x}")', "line 2: the catalogue has no text 'knob_.+'", id="a family"
        ),
        pytest.param(
            'def f(say: Texts): say("done_sent")', "line 1: 'done_sent' is said without contact", id="a value"
        ),
        pytest.param('self.say = Texts("en")\nself.say("x" if y else "done")', "line 2", id="one of two"),
    ],
)
def test_a_wrong_text_is_noticed(source: str, fault: str) -> None:
    assert [found for found in faults(ast.parse(source)) if found.startswith(fault)]


def test_the_catalogue_file_names_no_text_twice_and_only_our_languages() -> None:
    written = (ROOT / "bot/tickets/catalogue.toml").read_text(encoding="utf-8")
    tables = re.findall(r"^\[([a-z0-9_]+)(?:\.([a-z]+))?\]$", written, re.MULTILINE)
    assert {key for key, _ in tables} == set(CATALOGUE)
    assert {language for _, language in tables if language} <= set(LANGUAGES)
    assert [path.name for path in (ROOT / "bot/tickets").glob("*.toml")] == ["catalogue.toml"]
