"""Play the simulated quarter anew and keep its transcript: `python -m scripts.quarter`. What changed is for review."""

import asyncio
import logging
import tempfile
from pathlib import Path

import structlog

from bot.store.driver.engine import open_database
from bot.store.driver.migrate import upgrade
from tests.quarter.playing import GOLDEN, played
from tests.quarter.transcript import transcript_from_lines


def main() -> None:
    """Write the transcript over the one that is kept."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    lines = asyncio.run(_lines())
    GOLDEN.write_text(lines, encoding="utf-8")
    print(GOLDEN.name, lines.count("\n"), "lines")


async def _lines() -> str:
    with tempfile.TemporaryDirectory(prefix="maitred-") as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'quarter.db'}"
        database = await open_database(url)
        await upgrade(database)
        await database.close()
        return transcript_from_lines((await played(url)).lines)


if __name__ == "__main__":
    main()
