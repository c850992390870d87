"""The Telegram a test asks for: `telegram`, one bot and nobody around it yet."""

from collections.abc import AsyncIterator

import pytest

from tests.peers.telegram_server import TelegramServer


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    """Stopped and judged at the end: a finding of the judge fails the test that caused it."""
    server = TelegramServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
    assert not server.findings, "\n".join(server.findings)
