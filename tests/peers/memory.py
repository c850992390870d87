"""Where tests keep what nobody reads after them: in memory if the machine has some to lend, else on the disk.

Nothing a test proves hangs on a disk: a process that is killed leaves its files as they are wherever they lie. But a
disk makes every commit wait, and every database of a test's own is hundreds of files.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - the place itself is meant; what we make in it has names of its own
ENOUGH = 3 * 2**30  # a whole run needs half a gigabyte of it at once


def scratch() -> Path:
    """The directory to make temporary directories in."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH:
        return MEMORY
    return Path(tempfile.gettempdir())


def pytest_configure() -> None:
    """Directories of tests lie there too, unless somebody has said where."""
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(scratch()))
