"""The board of a small desk, served for one test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.web.served import ServedBoard, Visit, board_of_story
from tests.harness import Story


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[ServedBoard]:
    async with board_of_story(tmp_path) as served:
        yield served


@pytest.fixture
async def story(board: ServedBoard) -> Story:
    """What happens on that desk."""
    return board.story


@pytest.fixture
async def vera(board: ServedBoard) -> Visit:
    """Acme's own manager, signed in."""
    return await board.signed_in("vera")


@pytest.fixture
async def dana(board: ServedBoard) -> Visit:
    """The lead, signed in."""
    return await board.signed_in("dana")
