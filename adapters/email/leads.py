"""The sentence that mail programs write above what they quote: "On Mon, 2 Mar 2026 at 09:00, Vera <…> wrote:".

Each program has its own in each language, and breaks it where it likes. It begins with a day or with whoever wrote,
names both exactly, and ends in a colon; what people say may do one of these, and what stands right above it is theirs.
"""

import re
from typing import Final

LONGEST: Final = 400
#: How the line before a quote begins and ends, over at most three lines: English, German, Spanish, Ukrainian and some.
_BEGINNINGS: Final = (
    *("on", "am", "el", "le", "il giorno", "il", "em", "op", "den", "w dniu", "dnia", "увімк", "вкл"),
)
_WEEKDAYS: Final = (
    *("mon", "tue", "wed", "thu", "fri", "sat", "sun", "mo", "di", "mi", "do", "fr", "sa", "so"),
    *("lun", "mar", "mié", "mie", "jue", "vie", "sáb", "sab", "dom", "mer", "jeu", "ven", "sam", "dim", "gio"),
    *("seg", "ter", "qua", "qui", "sex", "ma", "wo", "vr", "za", "zo", "pon", "wt", "śr", "czw", "pt", "niedz"),
    *("пн", "вт", "ср", "чт", "пт", "сб", "нд", "вс", "пон", "вів", "сер", "чет", "п'ят", "п’ят", "суб", "нед"),
    *("втор", "пят", "вос"),
)
_ENDINGS: Final = (
    "wrote:",
    "writes:",
    "schrieb:",
    "geschrieben:",
    "escribió:",
    "escribio:",
    "a écrit :",
    "a écrit:",
    "ha scritto:",
    "escreveu:",
    "schreef:",
    "пише:",
    "пишет:",
    "написав:",
    "написала:",
    "написав(ла):",
    "написав (-ла):",
    "написал:",
    "написал(а):",
    "napisał(a):",
    "napisał:",
)
_INSIDE: Final = (" schrieb ", " wrote ", " escribió ", " schreef ")
#: What stands between a day and an address, where a program has no verb: "2 березня 2026, 09:00, від <…>:".
_FROM: Final = (" від ", " от ", " from ")
_DAY: Final = rf"(?:{'|'.join(_WEEKDAYS)})[\w'’-]{{0,10}}"
_DATE: Final = r"(?:\d|[^\W\d]{3,10}\.? \d)"
#: How such a sentence begins: with a day, or with whoever wrote.
_DAY_FIRST: Final = re.compile(
    rf"(?:(?:{'|'.join(_BEGINNINGS)}) (?:the )?(?:{_DAY}[.,]{{0,2}} (?:the |den |de )?)?{_DATE}"
    rf"|{_DAY}[.,]{{1,2}} {_DATE}"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\d{4}-\d\d-\d\d\b|\d{1,2}\.? [^\W\d]{3,10}\.?,? \d{4}\b)"
)
_WRITER_FIRST: Final = re.compile(
    r"(?:[^<>.!?:;]{0,60}<[^<>@\s]{1,64}@[^<>\s]{1,255}>|[^<>@\s]{1,64}@[^<>@\s]{1,255})(?= )"
)
#: A year, an hour, a short date: what a program puts there, and a sentence about a day seldom.
_EXACT: Final = re.compile(r"\d{4}|\d{1,2}[:.]\d{2}|\d[./-]\d{1,2}[./-]\d|@")


def lead_at(lines: list[str], number: int) -> int:
    """How many lines introduce a quote from here on, zero if they do not: mail programs break them where they like.

    Only one sentence does. A paragraph right above it was said.
    """
    joined = ""
    for length, line in enumerate(lines[number : number + 3], start=1):
        words = " ".join(line[: LONGEST + 1].lower().split())
        if length == 1:
            words = words.lstrip("-– ")
        if not words or words.startswith(">") or len(joined) + len(words) > LONGEST:
            return 0
        if length > 1 and (_DAY_FIRST.match(words) or joined.endswith(("!", "?"))):
            return 0
        joined = f"{joined} {words}".strip()
        if not (_DAY_FIRST.match(joined) or _WRITER_FIRST.match(joined)):
            return 0
        if _is_lead(joined):
            return length
    return 0


def _is_lead(joined: str) -> bool:
    """A sentence about who wrote what when, as a program makes it; `she wrote:` alone is none."""
    ends = joined.rstrip("-– ")
    if ends == joined and not joined.endswith(":"):
        return False
    ends = ends if ends.endswith(":") else f"{ends}:"
    if not _EXACT.search(ends):
        return False
    if writer := _WRITER_FIRST.match(ends):
        said = ends[writer.end() :]
        return said.startswith(_INSIDE) or said.strip() in _ENDINGS
    return (
        ends.endswith(_ENDINGS)
        or any(one in ends for one in _INSIDE)
        or (ends.endswith(">:") and (any(one in ends for one in _FROM) or ends[0].isdigit()))
    )
