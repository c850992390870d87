"""Ports for peers, and how a test waits until a peer listens on one."""

import socket
import subprocess
import threading
from typing import Any

STARTS_WITHIN_S = 90


def free_port() -> int:
    """One that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(process: "subprocess.Popen[Any]", port: int) -> bool:
    """Wait until it is; False when the process ended instead, or took too long."""
    pause = threading.Event()
    for _ in range(STARTS_WITHIN_S * 50):
        if process.poll() is not None:
            return False
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return process.poll() is None
        except OSError:
            pause.wait(0.02)
    return False


def stop(process: "subprocess.Popen[Any]") -> None:
    """End it, gently first."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
