"""The disk alone: what a commit of ours waits for, without a database, so that a bench tells what no code can change.

As a write-ahead log is written that keeps its size: some pages over old ones, then a wait until they are safe.
"""

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

#: What a lone message that opens a ticket changes, and the size a log of ours keeps.
PAGES_BYTES: Final = 32 * 4096
LOG_BYTES: Final = 24 * 1024 * 1024
RATE: Final = 200
SECONDS: Final = 5.0


def waits_ms() -> list[float]:
    """The milliseconds of each write, at a steady rate for some seconds, where benches keep their databases."""
    with TemporaryDirectory(prefix="maitred-bench-") as folder:
        file = os.open(Path(folder) / "log", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.pwrite(file, bytes(LOG_BYTES), 0)
            os.fsync(file)
            return _waits(file)
        finally:
            os.close(file)


def _waits(file: int) -> list[float]:
    pages, found = os.urandom(PAGES_BYTES), []
    begun = time.perf_counter()
    for place in range(int(RATE * SECONDS)):
        time.sleep(max(0.0, begun + place / RATE - time.perf_counter()))
        since = time.perf_counter()
        os.pwrite(file, pages, place * PAGES_BYTES % LOG_BYTES)
        os.fdatasync(file)
        found.append((time.perf_counter() - since) * 1000)
    return found
