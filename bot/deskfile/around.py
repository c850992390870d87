"""What is right of a desk with mistakes, so that advice on it is told beside them: an admin mends one list, not two.

Each mistake is left out with as little around it as leaves a desk. No advice is given that could be wrong for the want
of what was left out.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.deskfile.places import KeyPath
from bot.deskfile.reading import Problem, Reading
from bot.deskfile.tables import DeskDirectory

#: More rounds than things name each other in a row.
ROUNDS = 12
#: An entry is a table and a key in it; a place of advice that is no deeper is about the entry as a whole.
_ENTRY = 2
#: What a promise is kept by.
_KEEPING = frozenset({"people", "lines", "calendars", "plans"})

Judge = Callable[[Reading], tuple[DeskDirectory | None, Iterable[Problem]]]


class Around:
    """A desk without what is wrong in it; `tables` is None where nothing is left to speak of."""

    def __init__(self, reading: Reading, problems: Iterable[Problem], judge: Judge) -> None:
        self.reading, self.tables = reading, None  # type: Reading, DeskDirectory | None
        self.left_out: set[KeyPath] = set()
        found = tuple(problems)
        for _ in range(ROUNDS):
            tree = self.reading.tree
            for problem in found:
                tree = self._without(tree, problem.path)
            if tree == self.reading.tree:
                return
            self.reading = replace(self.reading, tree=tree)
            tables, still = judge(self.reading)
            if not (found := tuple(still)):
                self.tables = tables
                return

    def is_sure(self, path: KeyPath) -> bool:
        """Whether advice on this place stands, whatever else was left out."""
        if any(path[:_ENTRY] == gone[:_ENTRY] for gone in self.left_out):
            return False
        tables = {gone[0] for gone in self.left_out}
        if path[0] == "policies":
            return len(path) > _ENTRY or not tables & {"policies", "plans"}
        return path[0] in {"plans", "clients"} and not tables & {*_KEEPING, "policies"}

    def _without(self, tree: Mapping[str, Any], path: KeyPath) -> Mapping[str, Any]:
        if not path:
            return tree
        self.left_out.add(path)
        gone: Any = _less(tree, path)
        return tree if gone is None else gone


def _less(tree: Any, path: KeyPath) -> Any:  # noqa: ANN401 - anything TOML can hold
    """A copy less what stands there, or less the last thing on the way that does; None where that is all of it."""
    key, *rest = path
    if isinstance(tree, Mapping) and key in tree:
        inner = _less(tree[key], tuple(rest)) if rest else None
        kept = {name: value for name, value in tree.items() if name != key}
        return kept if inner is None else {**tree, key: inner}
    if isinstance(tree, list) and isinstance(key, int) and key < len(tree):
        inner = _less(tree[key], tuple(rest)) if rest else None
        return [*tree[:key], *([] if inner is None else [inner]), *tree[key + 1 :]]
    return None
