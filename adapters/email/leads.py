"""The sentence that mail programs write above what they quote: "On Mon, 2 Mar 2026 at 09:00, Vera <…> wrote:".

Each program has its own in each language, and breaks it where it likes. It begins with a day or with whoever wrote,
names both exactly, and ends in a colon; what people say may do one of these, and what stands right above it is theirs.
A short one, "On Monday Vera wrote:", is known by the marked quote right below it alone.
"""

import re
from typing import Final

LONGEST: Final = 400
MARKED: Final = re.compile(r"\s{0,3}>")
#: How the line before a quote begins and ends, over at most three lines, in the languages of the desk and many others.
_BEGINNINGS: Final = (
    *("on", "am", "el", "le", "il giorno", "il", "em", "op", "den", "w dniu", "dnia", "увімк", "вкл"),
    *("dne", "dňa", "în", "на", "στις", "בתאריך", "في"),
)
_WEEKDAYS: Final = (
    *("mon", "tue", "wed", "thu", "fri", "sat", "sun", "mo", "di", "mi", "do", "fr", "sa", "so"),
    *("lun", "mar", "mié", "mie", "jue", "vie", "sáb", "sab", "dom", "mer", "jeu", "ven", "sam", "dim", "gio"),
    *("seg", "ter", "qua", "qui", "sex", "ma", "wo", "vr", "za", "zo", "pon", "wt", "śr", "czw", "pt", "niedz"),
    *("пн", "вт", "ср", "чт", "пт", "сб", "нд", "вс", "пон", "вів", "сер", "чет", "п'ят", "п’ят", "суб", "нед"),
    *("втор", "пят", "вос"),
    *("man", "tir", "ons", "tor", "fre", "lør", "søn", "mån", "tis", "lör", "sön", "ti", "ke", "to", "pe", "la", "su"),
    *("po", "út", "ut", "st", "čt", "št", "pá", "pi", "ne", "joi", "vin", "sâm", "δευ", "τρί", "τετ", "πέμ", "παρ"),
)
_VERBS: Final = (
    *("wrote", "writes", "schrieb", "geschrieben", "schreibt", "escribió", "escribio", "a écrit", "ha scritto"),
    *(
        "escreveu",
        "schreef",
        "geschreven",
        "пише",
        "пишет",
        "написав",
        "написала",
        "написав(ла)",
        "написав (-ла)",
        "написал",
    ),
    *("написал(а)", "napisał(a)", "napisał", "napisała", "pisze", "skrev", "kirjoitti", "napsal", "napsala"),
    *(
        "napsal(a)",
        "napísal(a)",
        "ezt írta",
        "a scris",
        "написа",
        "έγραψε",
        "yazdı",
        "写道",
        "寫道",
        "のメール",
        "작성",
    ),
)
_ENDINGS: Final = tuple(f"{verb}{colon}" for verb in _VERBS for colon in (":", " :"))
_INSIDE: Final = (" schrieb ", " wrote ", " escribió ", " schreef ", " skrev ", " odesílatel ")
#: What stands between a day and an address, where a program has no verb: "2 березня 2026, 09:00, від <…>:".
_FROM: Final = (" від ", " от ", " from ", " מאת ", " بواسطة ")
_DAY: Final = rf"(?:{'|'.join(_WEEKDAYS)})[\w'’׳-]{{0,10}}"
_DATE: Final = r"(?:\d|[^\W\d]{3,10}\.? \d)"
#: How such a sentence begins: with a day, or with whoever wrote.
_DAY_ALONE: Final = re.compile(
    rf"(?:{_DAY}[.,]{{1,2}} {_DATE}|{_DAY} \d{{1,2}}\.(?= )"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\d{4}[/.-]\d{1,2}[/.-]\d{1,2}\b|\d{1,2}\.? [^\W\d]{3,10}\.?,? \d{4}\b"
    r"|\d{4}[年년] ?\d{1,2}[月월] ?\d{1,2}[日일])"
)
_DAY_FIRST: Final = re.compile(
    rf"(?:{'|'.join(_BEGINNINGS)}) (?:the )?(?:{_DAY}[.,]{{0,2}} (?:the |den |de )?)?{_DATE}"
    r"|(?:בתאריך|في|στις) "
)
_WRITER_FIRST: Final = re.compile(
    r"(?:[^<>.!?:;]{0,60}<[^<>@\s]{1,64}@[^<>\s]{1,255}>|[^<>@\s]{1,64}@[^<>@\s]{1,255})(?=[ ,]|$)"
)
_QUOTING: Final = re.compile(
    r"(?:zitat von|quoting|citando a|citando|цитування|wiadomość napisana przez) [^<>.!?:;]{0,60}<[^<>@\s]{1,64}@"
)
#: Where a program has no verb and no such word, the name stands right behind the moment.
_NAMED: Final = re.compile(
    r"(?:\d[:.]\d\d(?: [+-]\d\d:?\d\d| gmt[+-]\d\d:\d\d)?(?:, ?|、)|gmt[+-]\d\d:\d\d |[日일][^<>;]{0,30} "
    r"|^\d{4}/\d{1,2}/\d{1,2} )[^<>:;]{0,60}[<(]"
)
_CLOSINGS: Final = (":", "：", "-", "–")
#: How a line ends that a sentence was broken behind, between the moment and the name.
_BROKEN: Final = re.compile(r"(?:[,(<\"]|\d|\b[ap]\.?m\.?|\buhr|\b[рг]\.)$")
#: What ends a day and an hour, and what may stand between them and a name.
_MOMENT: Final = re.compile(r"(?:\d{4}|\d[:.]\d\d)(?:[:.]\d\d)?(?=\s?[ap]\.?m\b|\s?gmt|[\s,，、]|$)", re.IGNORECASE)
_ZONES: Final = {
    "am",
    "pm",
    "a.m.",
    "p.m.",
    "uhr",
    "gmt",
    "utc",
    "cet",
    "cest",
    "mez",
    "mesz",
    "р.",
    "г.",
    "π.μ.",
    "μ.μ.",
}
_BEFORE_NAMES: Final = {
    "hat",
    "heeft",
    "schrieb",
    "schreef",
    "skrev",
    "від",
    "от",
    "from",
    "odesílatel",
    "ο",
    "χρήστης",
}
_LONGEST_PARTICLE: Final = 3
#: A year, an hour, a short date: what a program puts there, and a sentence about a day seldom.
EXACT: Final = re.compile(r"\d{4}|\d{1,2}[:.]\d{2}|\d[./-]\d{1,2}[./-]\d|@")
#: What mail programs put around an address that is written from right to left, and other colons than ours.
_SIGNS: Final = str.maketrans({**dict.fromkeys(map(chr, (*range(0x200E, 0x2010), *range(0x202A, 0x202F)))), "：": ":"})
#: "On Monday Vera wrote:", "Am Montag schrieb Vera Kova:", "Vera Kova wrote on 2 March 2026:".
_PREPOSITIONS: Final = "on|am|el|le|il|em|op|in|w|we|у|в|во"
_ON_A_DAY: Final = re.compile(rf"(?:{_PREPOSITIONS}) (?:{_DAY}|понед[\w]{{3,8}}|четв[\w]{{2,6}}|серед[\w]{{1,4}}),? ")
_MOST_NAMES: Final = 4
#: Whoever is called so is known to the one who writes, and not to a program.
_NO_NAMES: Final = {
    *("i", "he", "she", "they", "we", "you", "it", "then", "later", "ich", "er", "sie", "wir", "dann", "yo", "él"),
    *("ella", "ellos", "luego", "я", "він", "вона", "вони", "ми", "потім", "он", "она", "они", "потом", "je", "elle"),
    *("ils", "puis", "ona", "oni", "ja", "potem"),
}


def lead_at(lines: list[str], number: int) -> int:
    """How many lines introduce a quote from here on, zero if they do not: mail programs break them where they like.

    Only one sentence does. A paragraph right above it was said.
    """
    joined, near = "", lines[number : number + 3]
    if not any(line.rstrip().endswith(_CLOSINGS) for line in near):
        return 0
    for length, line in enumerate(near, start=1):
        words = " ".join(line[: LONGEST + 1].translate(_SIGNS).lower().split())
        if length == 1:
            words = words.lstrip("-– ")
        if not words or words.startswith(">") or len(joined) + len(words) > LONGEST:
            break
        if length > 1 and (_is_day_first(words) or joined.endswith(("!", "?"))):
            break
        if length > 1 and _WRITER_FIRST.match(words) and not _is_broken(near[length - 2], joined, words):
            break
        joined = f"{joined} {words}".strip()
        if not (_is_day_first(joined) or _WRITER_FIRST.match(joined) or _QUOTING.match(joined)):
            break
        if _is_lead(joined):
            return length
    return int(_is_brief_lead(lines, number))


def _is_broken(above: str, joined: str, words: str) -> bool:
    """Was the sentence broken inside the name or before the address? A paragraph of somebody's own ends otherwise.

    An address alone goes on with a day and an hour; a name goes on with a name that began right behind them.
    """
    if _BROKEN.search(joined):
        return True
    if not _is_day_first(joined) or joined.endswith((".", "!", "?", ":", ";")):
        return False
    if words.startswith(("<", "(")):
        return EXACT.search(joined) is not None
    return _is_name_begun(above[: LONGEST + 1].translate(_SIGNS))


def _is_name_begun(line: str) -> bool:
    """Does a line end in what may be the first part of a name, right behind a day or an hour?"""
    ends = [one.end() for one in _MOMENT.finditer(line)]
    names = line[ends[-1] :].replace("，", " ").replace("、", " ").split() if ends else ["-"]
    while names and (names[0].lower().strip(",") in _ZONES or not names[0].strip("+-:0123456789,")):
        names = names[1:]
    if names and names[0].lower().startswith(("gmt", "utc")):
        names = names[1:]
    names = [one.strip("\"'„“«(,") for one in names if one.lower() not in _BEFORE_NAMES]
    if any(one.lower() in _NO_NAMES for one in names) or (names and names[0][:1].islower()):
        return False
    return all(not one[:1].islower() or len(one) <= _LONGEST_PARTICLE for one in names)


def _is_day_first(words: str) -> bool:
    return (_DAY_FIRST.match(words) or _DAY_ALONE.match(words)) is not None


def _is_lead(joined: str) -> bool:
    """A sentence about who wrote what when, as a program makes it; `she wrote:` alone is none."""
    ends = joined.rstrip("-– ")
    if ends == joined and not joined.endswith(":"):
        return False
    ends = ends if ends.endswith(":") else f"{ends}:"
    if not EXACT.search(ends):
        return False
    if _QUOTING.match(ends):
        return True
    if writer := _WRITER_FIRST.match(ends):
        return _says_who_wrote(ends[writer.end() :].lstrip(", "))
    is_named_last = ends.endswith((">:", "):")) and "@" in ends
    is_told_whose = any(one in ends for one in _FROM) or (_DAY_ALONE.match(ends) is not None and _NAMED.search(ends))
    return ends.endswith(_ENDINGS) or any(one in ends for one in _INSIDE) or (is_named_last and bool(is_told_whose))


def _says_who_wrote(rest: str) -> bool:
    """What stands behind a name: a verb, "wrote on Monday:", "2 Mar 2026 tarihinde şunu yazdı:"."""
    if rest in _ENDINGS or f" {rest}".startswith(_INSIDE):
        return True
    is_dated = _DAY_ALONE.match(rest) is not None or rest.startswith(("于", "於"))
    return (is_dated and rest.endswith(_ENDINGS)) or rest.startswith(tuple(f"{verb} (" for verb in _VERBS))


def _is_brief_lead(lines: list[str], number: int) -> bool:
    """Does the line say who wrote what is marked as a quote right below? It names somebody, and nothing else."""
    words = " ".join(lines[number][: LONGEST + 1].translate(_SIGNS).split())
    if not words.endswith(":") or len(words) > LONGEST:
        return False
    below = next((one for one in lines[number + 1 : number + 3] if one.strip()), "")
    if not MARKED.match(below):
        return False
    day = _ON_A_DAY.match(words.lower())
    if day is None and number > 0 and lines[number - 1].strip():
        return False  # the end of a paragraph
    names = [one.lstrip("\"'„“«(") for one in _named(words[day.end() if day else 0 :]).split()]
    is_somebody = all(one[:1].isupper() and one.lower() not in _NO_NAMES for one in names)
    return is_somebody and 0 < len(names) <= _MOST_NAMES


def _named(words: str) -> str:
    """The name in a sentence of a name and a verb, and perhaps a day; empty for any other."""
    lower = words.lower()
    for verb in _VERBS:
        if verb not in lower:
            continue
        before, found, behind = f" {lower}".rpartition(f" {verb}")
        if not found or (behind and behind[0] not in ": "):
            continue
        behind = behind.strip(" :")
        if not before or not behind:  # "schrieb Vera:", "Vera wrote:"
            return words[len(verb) : -1] if not before else words[: len(before) - 1]
        if _is_day_first(behind) or _ON_A_DAY.match(f"{behind} ") is not None:
            return words[: len(before) - 1]
    return ""
