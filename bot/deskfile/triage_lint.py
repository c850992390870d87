"""Rules of triage that can never match, and rows of its matrix that can never count."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from bot.deskfile.care_tables import Keywords, MatrixRow
from bot.deskfile.places import KeyPath
from bot.deskfile.tables import DeskDirectory
from routing.triage import is_covered_by

Advice = Iterator[tuple[KeyPath, str]]

#: What a rule may give; the first rule that gives it counts.
_GIVEN: Final = ("urgency", "kind", "impact")


def triage_lint(tables: DeskDirectory, _today: date) -> Advice:
    """All advice on `[triage]` of a desk without errors, and on what plans say about it."""
    triage = tables.triage
    for index, rule in enumerate(triage.rules):
        yield from _never_said(triage.rules[:index], rule, ("triage", "rules", index))
    impacts = {rule.impact for rule in triage.rules}
    for index, row in enumerate(triage.matrix):
        path = ("triage", "matrix", index)
        if row.impact is not None and row.impact not in impacts:
            yield path, f"no rule gives the impact {row.impact!r}: this row never counts"
        elif (place := _first_above(triage.matrix[:index], row)) is not None:
            yield path, f"row {place + 1} fits wherever this one does and stands above it: this one never counts"
    named = {row.impact for row in triage.matrix}
    for index, rule in enumerate(triage.rules):
        if rule.impact is not None and rule.impact not in named:
            where = ("triage", "rules", index, "impact")
            yield where, f"no row of the matrix asks for the impact {rule.impact!r}: it changes nothing"
    yield from _ahead_of_nothing(tables)


def _never_said(above: Sequence[Keywords], rule: Keywords, path: KeyPath) -> Advice:
    for place, word in enumerate(rule.words):
        gives = [what for what in _GIVEN if getattr(rule, what) is not None]
        if all(any(_takes(earlier, word, what) for earlier in above) for what in gives):
            by = next(earlier for earlier in above if _takes(earlier, word, gives[0]))
            other = next(one for one in by.words if is_covered_by(word, one))
            words = f"whatever says {word!r} says {other!r} of a rule above, which has given the {' and '.join(gives)}"
            yield (*path, "words", place), f"{words} already: move this rule up, or leave the words out"


def _takes(earlier: Keywords, word: str, what: str) -> bool:
    """Whether an earlier rule has always given this by the time that word is reached."""
    if getattr(earlier, what) is None:
        return False
    return any(is_covered_by(word, one) for one in earlier.words)


def _first_above(above: Sequence[MatrixRow], row: MatrixRow) -> int | None:
    return next((place for place, one in enumerate(above) if _is_wider(one, row)), None)


def _is_wider(one: MatrixRow, row: MatrixRow) -> bool:
    """Whether a row fits wherever another fits."""
    if one.impact is None and not one.stated and (row.impact is not None or row.stated):
        return False  # it counts only where nothing else was said
    is_impact = one.impact is None or one.impact == row.impact
    is_plan = not one.plans or (bool(row.plans) and set(row.plans) <= set(one.plans))
    return is_impact and is_plan and (not one.stated or (bool(row.stated) and set(row.stated) <= set(one.stated)))


def _ahead_of_nothing(tables: DeskDirectory) -> Advice:
    kinds = {kind for line in tables.lines.values() for kind in line.kinds}
    kinds |= {rule.kind for rule in tables.triage.rules if rule.kind is not None}
    levels = {level for policy in tables.policies.values() for level in policy.targets}
    for key, plan in tables.plans.items():
        for place, name in enumerate(plan.ahead):
            if name not in kinds | levels:
                words = f"no rule gives the kind {name!r} and no policy promises anything for such an urgency"
                yield ("plans", key, "ahead", place), f"{words}: [plans.{key}] is ahead of nobody with it"
