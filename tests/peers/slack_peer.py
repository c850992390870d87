"""The Slack a test asks for: `slack`, a workspace of its own over the worker's emulator."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.peers.slack_emulator import Emulator, start
from tests.peers.slack_front import SlackFront


class Emulators:
    """The worker's emulator; a new one when its people are used up."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._running: Emulator | None = None

    def current(self) -> Emulator:
        if self._running is not None and self._running.is_used_up:
            self.stop()
        if self._running is None:
            self._running = start(self._folders.mktemp("slack"))
        return self._running

    def stop(self) -> None:
        if self._running is not None:
            self._running.stop()
            self._running = None


@pytest.fixture(scope="session")
def slack_emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulators]:
    """Started by the first test that needs it."""
    emulators = Emulators(tmp_path_factory)
    yield emulators
    emulators.stop()


@pytest.fixture
async def slack(slack_emulators: Emulators) -> AsyncIterator[SlackFront]:
    """Slack with one app and nobody in it yet."""
    front = SlackFront(slack_emulators.current())
    await front.start()
    try:
        yield front
    finally:
        await front.stop()
