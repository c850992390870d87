"""What every test of mail has: connections that were closed have the time to end."""

import asyncio
from collections.abc import AsyncIterator

import pytest


@pytest.fixture(autouse=True)
async def _connections_end() -> AsyncIterator[None]:
    yield
    for _ in range(5):
        await asyncio.sleep(0)
