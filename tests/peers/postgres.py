"""A private PostgreSQL for tests, crash drivers and benches.

One server serves a whole test run, however many workers pytest-xdist starts: the first worker that needs it starts a
keeper (this module as a program), every worker holds a shared lock while it lives, and the keeper stops the server when
it gets that lock for itself. So the server ends with the run, also when the workers were killed.

Every test works in a database of its own, made from an empty or a prepared template and dropped afterwards.
"""

import asyncio
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from tests.peers.memory import scratch
from tests.peers.missing import PeerMissingError

ROOT = Path(__file__).parents[2]
SERVER_VARIABLE = "MAITRED_TEST_DATABASE_URL"
STARTS = 3
QUICK = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0"),
    *("max_wal_size=128MB", "min_wal_size=32MB", "autovacuum=off", "jit=off"),
)

_keepers: list[subprocess.Popen[str]] = []  # kept, so that nobody calls a keeper lost while it still works


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server; `admin_url` (plain postgresql://) may create databases."""

    admin_url: str

    def new_database(self, template: str | None = None) -> str:
        """Make a database and return its postgresql+asyncpg:// URL: empty, or a copy of the one at the URL `template`.

        A template is copied as files, far quicker than migrating again; nobody may be connected to it meanwhile.
        """
        name = f"maitred_{uuid.uuid4().hex[:16]}"
        origin = _database_of(template) if template else "template0"
        # Left alone, versions since 15 write every page of the copy into the log: ten times the work.
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{origin}"', since_15="STRATEGY FILE_COPY")
        return urlunsplit(urlsplit(self.admin_url)._replace(scheme="postgresql+asyncpg", path=f"/{name}"))

    def drop_database(self, url: str) -> None:
        """Drop a database made here, throwing out whoever is still connected."""
        self._execute(f'DROP DATABASE IF EXISTS "{_database_of(url)}" WITH (FORCE)')

    def _execute(self, statement: str, *, since_15: str = "") -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.admin_url)
            try:
                is_new = connection.get_server_version().major >= 15
                await connection.execute(f"{statement} {since_15}" if is_new else statement)
            finally:
                await connection.close()

        # A loop of its own in a thread of its own: callers may or may not be inside one.
        with ThreadPoolExecutor(max_workers=1) as pool:
            pool.submit(asyncio.run, execute()).result()


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Run a server until the end of the block: the one named in the environment, or a private one on a free port.

    `durable` keeps PostgreSQL's own promises to the disk, for figures that mean something; tests do without.
    """
    if url := os.environ.get(SERVER_VARIABLE):
        yield PostgresServer(urlunsplit(urlsplit(url)._replace(scheme="postgresql")))
        return
    binaries = installed_binaries()
    account = _account()
    directory = Path(tempfile.mkdtemp(prefix="maitred-postgres-", dir=None if durable else scratch()))
    try:
        if account is not None:
            os.chown(directory, account, -1)
        _initialise(binaries, directory, account)
        process, port = _start(binaries, directory, account, () if durable else QUICK)
        try:
            yield PostgresServer(f"postgresql://maitred@127.0.0.1:{port}/postgres")
        finally:
            _stop(process)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def installed_binaries() -> Path:
    """Where PostgreSQL's programs are, the newest version first; raises PeerMissingError."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    for folder in reversed(folders):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PeerMissingError("PostgreSQL", "postgresql", f"or name a server in {SERVER_VARIABLE}")


def _account() -> int | None:
    """PostgreSQL refuses to run as root, so root lends it an account that may do nothing else."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise PeerMissingError("an account for PostgreSQL", "postgresql", "as root, it runs as postgres or nobody")


def _initialise(binaries: Path, directory: Path, account: int | None) -> None:
    command = [str(binaries / "initdb"), "-D", str(directory / "cluster"), "-U", "maitred", "--auth=trust", "--no-sync"]
    done = subprocess.run(
        [*command, "--encoding=UTF8", "--locale=C"],
        user=account,
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr}")


def _start(
    binaries: Path, directory: Path, account: int | None, options: tuple[str, ...]
) -> tuple[subprocess.Popen[str], int]:
    said = ""
    for _ in range(STARTS):  # somebody else may take the port between our look and the start
        port = _free_port()
        settings = (f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200")
        process = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(directory / "cluster")]
            + [word for option in (*settings, *options) for word in ("-c", option)],
            user=account,
            cwd=directory,
            env={**os.environ, "LC_ALL": "C"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if "ready to accept connections" in line:
                threading.Thread(target=_drain, args=(process.stderr,), daemon=True).start()
                return process, port
        process.wait()
        process.stderr.close()
    raise RuntimeError(f"PostgreSQL did not start: {said}")


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)  # "fast": throws clients out, ends in order
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()


def _drain(stream: IO[str]) -> None:
    with stream:
        for _ in stream:
            pass


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _database_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


# The shared server of a test run.


@contextmanager
def shared_server(directory: Path) -> Iterator[PostgresServer]:
    """The one server of everybody who names the same `directory`; started by the first, ended after the last."""
    address = directory / "postgres.address"
    with (directory / "postgres.users").open("w") as users, (directory / "postgres.start").open("w") as start:
        fcntl.flock(users, fcntl.LOCK_SH)  # waits while a keeper is stopping its server
        fcntl.flock(start, fcntl.LOCK_EX)
        if not address.exists():
            _start_keeper(directory)
        fcntl.flock(start, fcntl.LOCK_UN)
        yield PostgresServer(address.read_text())


def _start_keeper(directory: Path) -> None:
    installed_binaries()  # say what is missing here, where somebody reads it
    log = directory / "postgres.log"
    with log.open("w") as errors:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.peers.postgres", directory],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    _keepers.append(keeper)
    assert keeper.stdout is not None
    with keeper.stdout:
        if not keeper.stdout.readline():
            raise RuntimeError(f"the shared PostgreSQL did not start: {log.read_text()}")


def _keep(directory: Path) -> None:
    address = directory / "postgres.address"
    with postgres_server() as server, (directory / "postgres.users").open("w") as users:
        address.write_text(server.admin_url)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        fcntl.flock(users, fcntl.LOCK_EX)  # granted when the last user is gone
        address.unlink(missing_ok=True)  # the folder of a run that went well is gone by then


# What tests ask for.


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The test run's PostgreSQL."""
    if os.environ.get(SERVER_VARIABLE):
        with postgres_server() as server:
            yield server
        return
    own = tmp_path_factory.getbasetemp()
    # A worker of pytest-xdist has its folder inside the run's.
    with shared_server(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) as server:
        yield server


@pytest.fixture
def database_url_factory(postgres: PostgresServer) -> Iterator[Callable[..., str]]:
    """Called with `template=None`, it is PostgresServer.new_database; the test's databases are dropped after it."""
    made: list[str] = []

    def new(template: str | None = None) -> str:
        made.append(postgres.new_database(template))
        return made[-1]

    yield new
    for url in made:
        postgres.drop_database(url)


@pytest.fixture
def postgres_url(database_url_factory: Callable[..., str]) -> str:
    """A new empty database, as the setting DATABASE_URL spells it."""
    return database_url_factory()


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
