"""Every key of a TOML text is found on the line it stands on."""

import json
import tomllib
from collections.abc import Iterator
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deskfile.places import KeyPath, places


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        pytest.param("[a]\nb = 1", ("a",), 1, id="a table"),
        pytest.param("[a]\n\n# b = 0\n  b = 1", ("a", "b"), 4, id="a key below a comment"),
        pytest.param("[a.b.c]\nd = 1", ("a", "b"), 1, id="a table that only its children mention"),
        pytest.param('[a . "b.c"]\nd = 1', ("a", "b.c", "d"), 2, id="a quoted part of a header"),
        pytest.param("a.'b c'.d = 1", ("a", "b c", "d"), 1, id="a dotted key"),
        pytest.param('"\\u0061" = 1', ("a",), 1, id="a key with an escape"),
        pytest.param("a = [\n 1,\n 2, # ]\n 3]\nb = 1", ("a", 2), 4, id="a member of an array over several lines"),
        pytest.param("a = [\n { b = 1 },\n { b = 2 },\n]", ("a", 1, "b"), 3, id="a key of a table in an array"),
        pytest.param('a = "]"\nb = 1', ("b",), 2, id="a key after a bracket in a text"),
        pytest.param("a = 'C:\\'\nb = 1", ("b",), 2, id="a key after a literal text that ends in a backslash"),
        pytest.param('a = """\n[b]\n"" c = 2\n"""\nb = 1', ("b",), 5, id="a key after a text over several lines"),
        pytest.param('a = """x"""""\nb = 1', ("b",), 2, id="a key after a text that ends in quotes"),
        pytest.param("a = 2024-01-08 10:00:00 # x\nb = 1", ("b",), 2, id="a key after a moment"),
        pytest.param("[[a]]\nb = 1\n[[a]]\nb = 2", ("a", 1, "b"), 4, id="a key of the second table of an array"),
        pytest.param(
            "[[a]]\n[a.c]\nb = 1\n[[a]]\n[a.c]\nb = 2", ("a", 1, "c", "b"), 6, id="a table in a table of an array"
        ),
    ],
)
def test_a_key_has_the_line_it_stands_on(text: str, path: KeyPath, line: int) -> None:
    tomllib.loads(text)
    assert places(text)[path] == line


def test_a_table_is_where_it_is_first_mentioned() -> None:
    text = dedent("""\
        [a.b]
        c = 1
        [a]
        d = 2
        """)
    assert places(text)[("a",)] == 1


def paths(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from paths(member, (*path, key))


def written(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {written(member)}" for key, member in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ",\n".join(written(member) for member in value) + "\n]"
    return json.dumps(value)


TEXTS = st.text(alphabet="ab .=#[]{},'\"\\\n", max_size=6)
VALUES = st.recursive(
    TEXTS | st.integers(-9, 9) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_nothing_that_can_be_written_is_without_a_place(tree: dict[str, object]) -> None:
    text = "".join(f"{json.dumps(key)} = {written(value)}\n" for key, value in tree.items())
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # a list in an inline table would need a second line
        return
    found = places(text)
    assert set(found) == set(paths(read))
    lines = text.split("\n")
    for key in tree:
        assert lines[found[(key,)] - 1].startswith(json.dumps(key))
