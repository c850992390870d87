"""One replica, and three that die again and again: the same things are said to the same people."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import pytest

from adapters.message import Channel
from bot.store.auditing import Check
from tests.peers.postgres import PostgresServer
from tests.quarter.playing import played
from tests.quarter.script import Said
from tests.quarter.transcript import Line

#: What a channel that recognises no repeats shows a second time says so itself.
REPEATED = re.compile(r"\s*\((sent again|надіслано ще раз|enviado de nuevo|noch einmal)[^)]*\)")


#: A moment of the day in a text. Whoever waits for a lane says things a second later, and then it may be another one.
CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})\b")
Told = tuple[str, str, str, str]
#: A client of America writes on Presidents' Day, on which Bob does not work.
ON_A_HOLIDAY = Said(
    datetime(2026, 2, 16, 15, 30, tzinfo=UTC), Channel.TELEGRAM, "1001", "Lena", "Where do I find report 7?"
)
LENAS = "telegram:desk:1001"


def _told(lines: Sequence[Line]) -> list[tuple[Told, tuple[int, ...]]]:
    """Who was told what where, the moments in it apart as minutes of the day.

    Tickets are named by their order: numbers may be left out where somebody died.
    """
    order = {number: place for place, number in enumerate(sorted({one.ticket for one in lines if one.ticket}), 1)}

    def renamed(found: re.Match[str]) -> str:
        return f"T-{order.get(int(found[1]), 0)}"

    told: list[tuple[Told, tuple[int, ...]]] = []
    for one in lines:
        if one.kind == "told":
            text = re.sub(r"T-(\d+)", renamed, REPEATED.sub("", one.text))
            minutes = tuple(int(hour) * 60 + int(minute) for hour, minute in CLOCK.findall(text))
            told.append(((one.who, one.where, one.what, CLOCK.sub("…", text)), minutes))
    return told


def _left_by_the_desk(found: Sequence[str]) -> list[str]:
    """What stands still by our doing: that a lead, asleep as the week ends, has not heeded an alert yet is theirs."""
    return [one for one in found if not one.startswith(Check.UNHEEDED)]


def _has_on(lines: Sequence[Line], day: str) -> set[str]:
    """Who is given what clients on American hours say on that day."""
    new = [one for one in lines if one.kind == "ticket" and one.at.startswith(day) and one.where == LENAS]
    return {one.who for one in new if one.what.endswith(", waits")}


def _said(lines: Sequence[Line]) -> Counter[Told]:
    return Counter(words for words, _ in _told(lines))


def _are_close(one: Sequence[Line], other: Sequence[Line]) -> bool:
    """Whether every moment that is told in the one is told in the other, to the minute beside it."""
    known: dict[Told, list[tuple[int, ...]]] = {}
    for words, minutes in _told(one):
        known.setdefault(words, []).append(minutes)
    return all(
        any(all(abs(a - b) <= 1 for a, b in zip(minutes, each, strict=True)) for each in known.get(words, ()))
        for words, minutes in _told(other)
    )


@pytest.mark.timeout(300)
async def test_three_replicas_with_kills_say_what_one_says(
    postgres: PostgresServer, postgres_template: str, database_url_factory: Callable[..., str]
) -> None:
    played_weeks = partial(played, weeks=3, messages=30, more=[ON_A_HOLIDAY])
    alone = await played_weeks(database_url_factory(postgres_template))
    together = await played_weeks(database_url_factory(postgres_template), replicas=3, kills=11)
    assert together.killed > 5
    # Somebody goes on leave and comes back, shifts end with work left, and a holiday keeps somebody at home.
    texts = " ".join(one.text for one in alone.lines if one.kind == "told")
    assert [words for words in ("yours meanwhile", "Welcome back", "is yours now") if words not in texts] == []
    assert _has_on(alone.lines, "2026-02-16") == {"oleg"}
    assert _left_by_the_desk(alone.stands_still) == _left_by_the_desk(together.stands_still) == []
    once, many = _said(alone.lines), _said(together.lines)
    assert many.keys() - once.keys() == set()
    assert once.keys() - many.keys() == set()
    assert _are_close(alone.lines, together.lines)
    assert _are_close(together.lines, alone.lines)
    # A kill repeats at most the one send in flight, and only where the channel does not know repeats.
    twice = many - once
    assert sum(twice.values()) <= together.killed
    assert not [where for _, where, _, _ in twice if where.startswith(("slack:", "inapp:"))]
