"""How the command line speaks: tables for people, JSON for programs, sentences about failures on the error output.

Whatever a client typed is shown without the letters that move a cursor or turn a line round.
"""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from bot.deskfile.fields import two_readings
from sla.calendar import parse_zone
from sla.duration import REACH, Instant, format_duration, instant, is_within_reach, length, moment

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2

#: A pipe has no width: wide enough that no table breaks a line.
WIDTH_OF_A_PIPE: Final = 240

#: The greatest number that a database can be asked about.
MOST: Final = 2**63 - 1

#: So many rows a table has unless told otherwise, and as many as a database can count.
ROWS_OF_A_TABLE: Final = 200
ALL_ROWS: Final = MOST

_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_BREAKS: Final = re.compile(r"[\n\t]+")


class CommandError(Exception):
    """A command could not do what was asked: the sentence says why, `code` is how the process ends."""

    def __init__(self, sentence: str, code: int = FAILED) -> None:
        super().__init__(sentence)
        self.code = code


def plain(text: str) -> str:
    """A client's words, harmless to a terminal; lines stay lines."""
    return _CONTROLS.sub("�", text)


def one_line(text: str, longest: int = 60) -> str:
    """The beginning of a client's words, for a table."""
    flat = _BREAKS.sub(" ", plain(text)).strip()
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def iso(at: Instant | None) -> str | None:
    """A moment for programs."""
    return None if at is None else moment(at).isoformat(timespec="milliseconds")


def parse_moment(written: str) -> Instant:
    """An ISO moment with its offset; a CommandError names the mend for anything that could be read two ways."""
    try:
        at = instant(datetime.fromisoformat(written))
    except (ValueError, OverflowError) as error:
        mend = "with its offset, as 2026-03-06T18:30+03:00"
        words = f"{two}, {mend}" if (two := two_readings(written)) else f"{written!r} names no moment: write it {mend}"
        raise CommandError(words, USAGE) from error
    return within_reach(at, written)


def within_reach(at: Instant, written: str) -> Instant:
    """The same moment; a CommandError where no calendar can be asked about it."""
    if not is_within_reach(at):
        raise CommandError(f"{written!r} lies centuries away: {REACH}", USAGE)
    return at


def shown(at: Instant | None, zone: str) -> str:
    """A moment for people, in the desk's zone."""
    return "" if at is None else f"{moment(at).astimezone(parse_zone(zone)):%a %d %b %H:%M}"


def left(due_at: Instant | None, now: Instant) -> str:
    """How long until a moment, in hours and minutes: `1h 5m`, `-20m`."""
    if due_at is None:
        return ""
    minutes = (due_at - now) // 60_000
    return format_duration(length(minutes * 60_000))


def how_many(limit: int | None, *, as_json: bool) -> int:
    """How many rows to list: programs that name no limit get all there are."""
    if limit is not None:
        return limit
    return ALL_ROWS if as_json else ROWS_OF_A_TABLE


def counted(number: int, what: str) -> str:
    """`no mistakes`, `1 mistake`, `2 mistakes`."""
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def say(text: str = "") -> None:
    print(text, flush=True)  # a pipe may be waiting for it


def say_json(value: Any) -> None:  # noqa: ANN401 - any facts
    """Facts for programs: one document, or one line where many come."""
    text = json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None)
    print(_CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}" if found[0] > "\x7e" else found[0], text), flush=True)


def warn(text: str) -> None:
    """A sentence on the error output."""
    print(text, file=sys.stderr)


def say_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """A table; `empty` is what to say when there is nothing in it."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    if not table.row_count:
        print(empty)
        return
    Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_PIPE, highlight=False).print(table)
