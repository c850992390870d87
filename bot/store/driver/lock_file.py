"""Where a SQLite file lies, and that one `run` at most works with it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.store.errors import DatabaseInUseError, UnusableDatabaseError

_SHARED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs"}
)
_MOUNTS = Path("/proc/self/mounts")


def file_system_of(directory: Path) -> str:
    """The kind of file system below a directory; empty where the machine does not tell."""
    try:
        mounts = _MOUNTS.read_text(errors="replace")
    except OSError:
        return ""
    return file_system_in(mounts, directory.resolve())


def file_system_in(mounts: str, directory: Path) -> str:
    """The same, from the text of a table of mounts: the longest mount point above the directory decides."""
    best, kind = 0, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        point = Path(fields[1].replace("\\040", " "))
        if directory.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind


def is_shared(kind: str) -> bool:
    """Whether several machines may write there, with locks that SQLite cannot rely on."""
    return kind in _SHARED


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Keep every other `run` away from the database at `path`; the lock ends with the process, however that ends.

    Raises DatabaseInUseError, naming the process that holds it where it has said so.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise UnusableDatabaseError(f"{lock} cannot be opened: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            who = f"process {holder}" if holder.isdigit() else "another process"
            raise DatabaseInUseError(
                f"{path} is in use by {who}: a SQLite desk runs once; stop the other one first"
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(handle)
