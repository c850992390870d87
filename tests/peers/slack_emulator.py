"""The Slack behind the tests: npm `emulate`, a stateful Web API of other people's making, one process per worker.

It keeps channels, messages, threads, reactions, files, views and tokens, and judges scopes: the bot's token has exactly
those of our manifest. Everybody in it is a spare person until a test's front makes somebody of them. What it lacks
(Socket Mode, signed events, presses, faults) is added by `slack_front.py`.
"""

import json
import os
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from tests.peers.missing import PeerMissingError

ROOT = Path(__file__).parents[2]
PLACE_VARIABLE = "MAITRED_TEST_SLACK_EMULATOR"
MANIFEST = ROOT / "deploy/slack-manifest.yaml"
TEAM, APP, BOT_USER, BOT = "T000000001", "A000000001", "U00000DESK", "B00000DESK"
ADMIN_TOKEN = "test_token_admin"
SPARE_PEOPLE = 500
#: It counts the calls of a token and refuses after five thousand, so the bot calls by many that are all the same to it.
BOT_TOKENS = 40
STARTS, STARTS_WITHIN_S = 3, 90


def program() -> Path:
    """The emulator's program; raises PeerMissingError."""
    place = Path(os.environ.get(PLACE_VARIABLE, ROOT / ".venv/slack-emulator"))
    found = place / "node_modules/emulate/dist/index.js"
    if not found.exists():
        raise PeerMissingError("The Slack emulator", "nodejs npm", "and then scripts/peers.sh installs it")
    return found


@cache
def manifest_scopes() -> tuple[str, ...]:
    """The scopes our manifest asks for."""
    return tuple(yaml.safe_load(MANIFEST.read_text())["oauth_config"]["scopes"]["bot"])


@dataclass(slots=True)
class Emulator:
    """A running emulator; `spare` hands out people, and the process is started anew when they run out."""

    process: subprocess.Popen[bytes]
    address: str
    folder: Path
    _used: int = 0
    _calls: int = 0

    def spare(self) -> str:
        """The token of somebody nobody has used yet."""
        self._used += 1
        return f"xoxp-{self._used - 1}"

    @property
    def is_used_up(self) -> bool:
        """Are there too few people left for one more test?"""
        return self._used > SPARE_PEOPLE * 4 // 5

    def bot_token(self) -> str:
        """One of the bot's tokens inside, each as good as the other."""
        self._calls += 1
        return f"xoxb-inside-{self._calls % BOT_TOKENS}"

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(folder: Path) -> Emulator:
    """Start one on a free port, with its seed in `folder`."""
    seed, log = folder / "seed.yaml", folder / "emulator.log"
    seed.write_text(json.dumps(_seed()))  # which is YAML too, without anchors
    for _ in range(STARTS):  # somebody else may take the port between our look and the start
        port = _free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["node", program(), "start", "-s", "slack", "-p", str(port), "--seed", seed],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
            )
        emulator = Emulator(process, f"http://127.0.0.1:{port}", folder)
        if _is_listening(process, port):
            return emulator
        emulator.stop()
    raise RuntimeError(f"the Slack emulator did not start: {log.read_text(errors='replace')}")


def started() -> Emulator:
    """Start one in a folder of its own, for whoever is no test."""
    return start(Path(tempfile.mkdtemp(prefix="maitred-slack-")))


def _seed() -> dict[str, object]:
    bot = {"type": "bot", "user_id": BOT_USER, "app_id": APP, "bot_id": BOT, "bot_user_id": BOT_USER}
    scopes = manifest_scopes()
    everything = ["chat:write", "reactions:write", "files:write", "files:read", "channels:read", "groups:read"]
    return {
        "slack": {
            "team": {"name": "Desk", "domain": "desk"},
            "strict_scopes": True,
            "users": [{"name": f"p{number}", "real_name": f"Person {number}"} for number in range(SPARE_PEOPLE)],
            "oauth_apps": [
                {
                    "client_id": "1.2",
                    "client_secret": "s",
                    "app_id": APP,
                    "name": "Maitred",
                    "redirect_uris": [],
                    "bot_name": "maitred",
                    "bot_id": BOT,
                    "bot_user_id": BOT_USER,
                    "scopes": scopes,
                }
            ],
            "tokens": [
                {"token": ADMIN_TOKEN, "type": "user", "user_id": "U000000001"},
                *({"token": f"xoxb-inside-{number}", "scopes": scopes, **bot} for number in range(BOT_TOKENS)),
                *(
                    {"token": f"xoxp-{number}", "type": "user", "user": f"p{number}", "scopes": everything}
                    for number in range(SPARE_PEOPLE)
                ),
            ],
        }
    }


def _is_listening(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until it is; False when it ended instead."""
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
