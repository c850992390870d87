"""Whoever would wait long for their turn to send comes again, and holds up nothing meanwhile."""

from datetime import timedelta

import pytest

from adapters.email.pacing import wait_for_turn
from adapters.errors import DeskAwayError, TemporaryError


async def test_a_long_wait_is_spent_in_the_outbox() -> None:
    async def pace() -> timedelta:
        return timedelta(minutes=1)

    with pytest.raises(TemporaryError, match="MAIL_PER_MINUTE") as refused:
        await wait_for_turn(pace)
    assert refused.value.retry_after == timedelta(minutes=1)


async def test_nothing_leaves_while_the_desk_cannot_count() -> None:
    async def pace() -> timedelta:
        raise DeskAwayError("the database is away")

    with pytest.raises(TemporaryError, match="the database is away"):
        await wait_for_turn(pace)
