"""A file of settings, line by line: what it says, and which of its lines cannot be meant.

Values are taken as they stand: a password may hold a dollar sign.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from dotenv.parser import parse_stream


def lines_of(env_file: Path | None) -> tuple[Mapping[str, str], Sequence[tuple[int, str]]]:
    """What is set, and the lines that set nothing, or again what is set, each with its mend. No file, no lines.

    Raises OSError and UnicodeDecodeError.
    """
    if env_file is None or not os.path.lexists(env_file):
        return {}, []
    with env_file.open(encoding="utf-8") as stream:
        found = list(parse_stream(stream))
    said: dict[str, str] = {}
    first: dict[str, int] = {}
    wrong: list[tuple[int, str]] = []
    for one in found:
        # What was read last may begin with the empty lines before it.
        line = one.original.line + _empty_before(one.original.string)
        if one.error:
            wrong.append((line, "is no setting: write NAME=VALUE, quotes in pairs"))
        elif one.key and one.key in first:
            wrong.append((line, f"{one.key} is set in line {first[one.key]} already: keep one of them"))
        elif one.key:
            said[one.key], first[one.key] = one.value or "", line
    return said, wrong


def readable_lines_of(env_file: Path | None) -> Mapping[str, str]:
    """What is set; nothing where the file cannot be read, which whoever loads it is told."""
    try:
        return lines_of(env_file)[0]
    except (OSError, UnicodeDecodeError):
        return {}


def _empty_before(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")
