"""One replica, and three that die again and again: the same things are said to the same people."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from tests.peers.postgres import PostgresServer
from tests.quarter.playing import played
from tests.quarter.transcript import Line

#: What a channel that recognises no repeats shows a second time says so itself.
REPEATED = re.compile(r"\s*\((sent again|надіслано ще раз|enviado de nuevo|noch einmal)[^)]*\)")


def _said(lines: Sequence[Line]) -> Counter[tuple[str, str, str, str]]:
    """Who was told what where, tickets by their order: numbers may be left out where somebody died."""
    order = {number: place for place, number in enumerate(sorted({one.ticket for one in lines if one.ticket}), 1)}

    def renamed(found: re.Match[str]) -> str:
        return f"T-{order.get(int(found[1]), 0)}"

    return Counter(
        (one.who, one.where, one.what, re.sub(r"T-(\d+)", renamed, REPEATED.sub("", one.text)))
        for one in lines
        if one.kind == "told"
    )


@pytest.mark.timeout(300)
async def test_three_replicas_with_kills_say_what_one_says(
    postgres: PostgresServer, postgres_template: str, database_url_factory: Callable[..., str]
) -> None:
    alone = await played(database_url_factory(postgres_template), weeks=1, messages=30)
    together = await played(database_url_factory(postgres_template), weeks=1, messages=30, replicas=3, kills=11)
    assert together.killed > 5
    assert alone.stands_still == together.stands_still == []
    once, many = _said(alone.lines), _said(together.lines)
    assert many.keys() - once.keys() == set()
    assert once.keys() - many.keys() == set()
    # A kill repeats at most the one send in flight, and only where the channel does not know repeats.
    twice = many - once
    assert sum(twice.values()) <= together.killed
    assert not [where for _, where, _, _ in twice if where.startswith(("slack:", "inapp:"))]
