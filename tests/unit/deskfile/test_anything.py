"""Whatever is written in a desk directory is answered with a document or with problems, never with a crash."""

import copy
import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.deskfile.load import judge
from bot.deskfile.reading import Reading
from bot.deskfile.revise import revision_from_document
from tests.unit.deskfile.desks import DESK, TODAY

TREE: dict[str, Any] = tomllib.loads("\n".join(DESK.values()))

PLAIN = [None, 0, -1, 1.5, True, "", " ", "x", "vera", "1h", "1bd", "standard", "default", "lead", TODAY]
NESTED = [[], ["x"], [1], [[]], {}, {"x": 1}, {"": {}}, {"vera": "oleg"}, {"a.b": {"c": []}}, [{}], [{"after": 1}]]
ODDITIES = st.sampled_from([*PLAIN, *NESTED])


@given(st.lists(st.tuples(st.integers(0, 999), ODDITIES), min_size=1, max_size=3))
def test_a_desk_with_odd_values_is_answered(changes: list[tuple[int, Any]]) -> None:
    tree = copy.deepcopy(TREE)
    for number, oddity in changes:
        _put(tree, number, oddity)
    loaded = judge(Reading("desk", tree, {}), (), today=TODAY)
    assert (loaded.document is None) == bool(loaded.errors)
    if loaded.document is not None:
        assert dict(revision_from_document(loaded.document, 1).calendars)


def _put(tree: Any, number: int, oddity: Any) -> None:  # noqa: ANN401 - anything TOML can hold
    """Replace the value that comes `number`th, in one of the tables; None takes it away."""
    places = list(_places(tree))
    if not places:
        return
    holder, key = places[number % len(places)]
    if oddity is None:
        del holder[key]
    else:
        holder[key] = copy.deepcopy(oddity)


def _places(tree: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - anything TOML can hold
    keys: list[Any] = list(tree) if isinstance(tree, dict) else list(range(len(tree))) if isinstance(tree, list) else []
    return [place for key in keys for place in ((tree, key), *_places(tree[key]))]
