"""A bot of its own, in a process of its own, and the commands beside it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from tests.peers.forked import FORKS, run_command
from tests.peers.running import live

ROOT = Path(__file__).parents[3]
SECRET = "web:of-the-tests-only-0123456789abcdef"


class Going:
    """A command that goes on, in a process that was forked after its imports; what it says is read line by line."""

    def __init__(self, words: Sequence[str], directory: Path, environment: Mapping[str, str]) -> None:
        streams = [FORKS.Pipe(duplex=False) for _ in range(2)]
        says = [writer for _, writer in streams]
        self._process = FORKS.Process(target=live, args=(tuple(words), str(directory), dict(environment), *says))
        self._process.start()
        for writer in says:
            writer.close()  # the end of the process is the end of what it says
        self.stdout, self.stderr = (os.fdopen(os.dup(reader.fileno()), encoding="utf-8") for reader, _ in streams)
        for reader, _ in streams:
            reader.close()

    def send_signal(self, number: signal.Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def wait(self, within_s: float) -> int | None:
        """Its exit code, which is negative after a signal; None where it goes on."""
        self._process.join(within_s)
        return self._process.exitcode

    def close(self) -> None:
        """End it, if it has not ended."""
        self._process.kill()
        self._process.join()
        self.stdout.close()
        self.stderr.close()


@dataclass
class Terminal:
    """A directory to work in and the settings of its bot."""

    directory: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, given: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end, in a process that is forked after its imports."""
        done = run_command(words, directory=self.directory, environment=self.environment(settings), given=given)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def begun(self, *words: str, given: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """The same from the beginning, as a shell starts it: with its own interpreter, and what it imports itself."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", *words],
            cwd=self.directory,
            env=self.environment(settings),
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def facts(self, *words: str) -> Any:  # noqa: ANN401 - what JSON may hold
        """What a command says to programs."""
        done = self(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self, *words: str, **settings: str) -> Going:
        """Begin a command that goes on."""
        return Going(words, self.directory, self.environment(settings))

    def begin(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        """The same as a shell begins it."""
        return subprocess.Popen(
            [sys.executable, "-m", "bot", *words],
            cwd=self.directory,
            env=self.environment(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        return {"PATH": os.defpath, "PYTHONPATH": str(ROOT), **self.settings, **settings}


def read_until(lines: IO[str], event: str) -> dict[str, Any]:
    """Read a log as JSON until that event comes; the test's time limit ends a wait in vain."""
    read: list[str] = []
    for line in lines:
        read.append(line)
        found: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
        if found.get("event", found.get("what")) == event:
            return found
    raise AssertionError(f"it ended without {event!r}:\n{''.join(read)}")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Settings for a desk that was never started."""
    return Terminal(tmp_path, {"MAITRED_DESK": str(ROOT / "desk.example")})


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A running bot on the example desk, and a terminal beside it."""
    settings = {
        "MAITRED_DESK": str(ROOT / "desk.example"),
        "MAITRED_HTTP": "127.0.0.1:0",
        "MAITRED_PUBLIC_URL": "https://desk.test",
        "MAITRED_LOG": "json",
        "INAPP_JWT_SECRET": SECRET,
    }
    beside = Terminal(tmp_path_factory.mktemp("bot"), settings)
    running = beside.start("run")
    try:
        read_until(running.stderr, "ready")
        yield beside
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0
    finally:
        running.close()
