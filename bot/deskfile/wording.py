"""The desk's own wording of texts: only texts that exist, with the values that each of them is given.

A wrong value would be found when the text is said, which is when a client waits for it.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from string import Formatter

from bot.deskfile.reading import Problem, Reading
from bot.tickets.texts import CATALOGUE, Entry


def check_wording(reading: Reading) -> Iterator[Problem]:
    """All that is wrong with [desk.texts], whose shape may be wrong too."""
    desk = reading.tree.get("desk")
    texts = desk.get("texts") if isinstance(desk, Mapping) else None
    for key, wordings in texts.items() if isinstance(texts, Mapping) else ():
        path = ("desk", "texts", key)
        if key not in CATALOGUE:
            near = get_close_matches(key, CATALOGUE, n=1)
            mend = f"did you mean {near[0]!r}?" if near else "the texts there are stand in bot/tickets/catalogue.toml"
            yield reading.problem(path, f"there is no text {key!r}; {mend}")
            continue
        known = set().union(*(_values(entry) for entry in CATALOGUE[key].values()))
        for language, wording in wordings.items() if isinstance(wordings, Mapping) else ():
            if isinstance(wording, str) and (mistake := _mistake(wording, known)):
                yield reading.problem((*path, language), f"the {language} wording of {key!r} {mistake}")


def _mistake(wording: str, known: set[str]) -> str:
    try:
        unknown = sorted(_values(wording) - known)
    except ValueError as error:
        return f"cannot be filled in ({error}): write a brace that is meant as such twice, {{{{ or }}}}"
    if not unknown:
        return ""
    there = ", ".join(f"{{{name}}}" for name in sorted(known)) or "none"
    return f"names {{{unknown[0]}}}, which it is not given: known are {there}"


def _values(entry: Entry) -> set[str]:
    """The names in braces, with whatever is written after them: `{at.year}` is not `{at}`."""
    forms = [entry] if isinstance(entry, str) else list(entry.values())
    return {name for form in forms for _, name, _, _ in Formatter().parse(form) if name is not None}
