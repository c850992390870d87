"""The JSON Schema of the desk files, for editors: it completes keys and marks mistakes while an admin types.

`desk.schema.json` beside this file is kept equal to `schema_text()` by a test; `python -m bot.deskfile.schema FILE`
writes it anew. It describes one file, so a table that another file holds is not missed.
"""

import json
import sys
from pathlib import Path
from typing import Any

from bot.deskfile.tables import DeskDirectory

SCHEMA_FILE = Path(__file__).with_name("desk.schema.json")


def schema() -> dict[str, Any]:
    """Draft 2020-12; names and types only. Whether names exist and hours make sense is found by `check`."""
    written = DeskDirectory.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **written,
        "title": "Maitred desk directory",
        "description": "One file of a desk directory; all *.toml files in it are merged.",
    }


def schema_text() -> str:
    """The file as it is kept."""
    return json.dumps(schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")
