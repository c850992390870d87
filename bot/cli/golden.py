"""The engine against a table of expected answers: `maitred golden FILE`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.beside import Json
from bot.cli.printed import FAILED, OK, USAGE, CommandError, counted, say, say_json

if TYPE_CHECKING:  # see beside.py
    from bot.cli.golden_rows import Answer, Golden, Row


def golden(
    file: Annotated[Path, typer.Argument(help="Rows with what is expected of them, as in tests/golden/sla.json.")],
    *,
    as_json: Json = False,
) -> None:
    """Run every row of a golden table through the SLA engine and tell those that come out differently."""
    table = _read(file)
    failed = [one for row in table.rows if (one := _difference(table, row)) is not None]
    if as_json:
        say_json({"rows": len(table.rows), "failed": failed})
    else:
        for one in failed:
            said = one["error"] or json.dumps(one["got"], ensure_ascii=False)
            say(f"{one['id']} {one['title']}")
            say(f"  expected {json.dumps(one['expect'], ensure_ascii=False)}")
            say(f"  computed {said}")
        say(f"{counted(len(table.rows), 'row')}, {counted(len(failed), 'difference')}")
    raise typer.Exit(FAILED if failed else OK)


def _read(file: Path) -> "Golden":
    from bot.cli.golden_rows import Golden

    try:
        written = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}", USAGE) from error
    except RecursionError as error:
        raise CommandError(f"{file} is nested too deeply to be read", USAGE) from error
    except ValueError as error:
        raise CommandError(f"{file} is not JSON: {error}", USAGE) from error
    if not isinstance(written, dict) or not isinstance(written.get("rows"), list):
        raise CommandError(f"{file} is no golden table: it has no list of `rows`", USAGE)
    return Golden(written)


def _difference(table: "Golden", row: "Row") -> dict[str, Any] | None:
    """What is wrong with a row, None where it comes out as expected. A row that cannot be computed is a difference."""
    from bot.cli.golden_rows import agrees

    got: Answer | None = None
    error = ""
    try:
        got = table.answer(row)
    except KeyError as missing:
        error = f"the row names {missing}, and there is none"
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as mistake:
        error = f"this cannot be computed: {mistake}"
    if not error and agrees(got, row.get("expect")):
        return None
    row = row if isinstance(row, dict) else {}
    return {
        "id": row.get("id", "?"),
        "title": row.get("title", ""),
        "expect": row.get("expect"),
        "got": got,
        "error": error,
    }
