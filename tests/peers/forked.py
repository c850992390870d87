"""Processes of ours without the second that each start takes: forked from a server that has imported everything once.

A forked process has its own directory, environment and streams, gets signals and ends with a code as any other does.
What only a true start shows (the interpreter's own switches, the order of imports) is for tests that start one.
"""

import io
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess

from bot.cli.main import main

#: There is one such server for each process of a test run, whoever asks for it first.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["tests.peers.preloaded", "tests.peers.running", "tests.chaos.victim", "tests.chaos.telegram_life"]
)


def run_command(
    words: Sequence[str], *, directory: Path, environment: Mapping[str, str], given: str = ""
) -> CompletedProcess[str]:
    """Run one command of `maitred` to its end, as `subprocess.run` would."""
    with tempfile.TemporaryDirectory() as folder:
        stdin, stdout, stderr = streams = [Path(folder) / name for name in ("stdin", "stdout", "stderr")]
        stdin.write_text(given)
        stdout.touch()
        stderr.touch()
        process = FORKS.Process(target=_command, args=(tuple(words), directory, dict(environment), streams))
        process.start()
        try:
            process.join()
        finally:
            process.kill()
        assert process.exitcode is not None
        return CompletedProcess(words, process.exitcode, stdout.read_text(), stderr.read_text())


def _command(words: Sequence[str], directory: Path, environment: Mapping[str, str], streams: Sequence[Path]) -> None:
    """What the process does: the command, on files instead of a terminal."""
    _take_streams(*streams)
    become(words, directory, environment)


def become(words: Sequence[str], directory: Path, environment: Mapping[str, str]) -> None:
    """Be the command from here on, with these settings and no others, in the encoding of a start told no language."""
    sys.stdin = io.TextIOWrapper(os.fdopen(0, "rb", closefd=False), "utf-8", "surrogateescape")
    sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), "utf-8", "surrogateescape")
    sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", closefd=False), "utf-8", "backslashreplace", line_buffering=True)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    sys.argv = ["maitred", *words]
    main()


def _take_streams(stdin: Path, stdout: Path, stderr: Path) -> None:
    """Read and write these files from now on."""
    for number, (path, flags) in enumerate(((stdin, os.O_RDONLY), (stdout, os.O_WRONLY), (stderr, os.O_WRONLY))):
        opened = os.open(path, flags | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
