"""A desk in memory, served by the real adapter on loopback."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.contract.inapp.desk import MemoryDesk, Served, Wall, config_for, served
from tests.contract.inapp.page import Site


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def desk(tmp_path: Path) -> MemoryDesk:
    return MemoryDesk(folder=tmp_path)


@pytest.fixture
def now() -> Wall:
    return Wall()


@pytest.fixture
async def life(desk: MemoryDesk, now: Wall, port: int) -> AsyncIterator[Served]:
    async with served(desk, config_for(port), now, port) as life:
        yield life


@pytest.fixture
async def site(port: int) -> AsyncIterator[Site]:
    async with ClientSession() as session:
        yield Site(session, port)
