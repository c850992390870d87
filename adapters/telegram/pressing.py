"""Presses among the updates: each person's own in their order, those of different people side by side."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog

from adapters.errors import DeskAwayError, InboundError
from adapters.port import Ask

log = structlog.get_logger()

Press = Mapping[str, Any]


class Presses(Protocol):
    """Whoever answers what people press."""

    async def answer(self, query: Press, ask: Ask) -> None:
        """Have a callback query decided and answered. Raises DeskAwayError, or an InboundError for what is none."""


async def ask_all(presses: Presses, queries: Sequence[Press], ask: Ask) -> Sequence[Press]:
    """Answer all of them; gives back those that the desk was away for, which are to be tried again.

    What fails otherwise is said and let go: it would fail again, and hold up everything that comes after it.
    """
    people: dict[str, list[Press]] = {}
    for query in queries:
        by = query.get("from")
        people.setdefault(str(by.get("id") if isinstance(by, Mapping) else ""), []).append(query)
    left = await asyncio.gather(*(_answered(presses, one, ask) for one in people.values()))
    return [query for of_one in left for query in of_one]


async def answer(presses: Presses, query: Press, ask: Ask) -> None:
    """Answer one press. Raises DeskAwayError; what fails otherwise is said and let go."""
    try:
        await presses.answer(query, ask)
    except DeskAwayError:
        raise
    except InboundError as error:
        log.warning("a press of Telegram's cannot be read", channel="telegram", reason=str(error))
    except Exception:  # supervised: one press harms no other, and is not asked for without end
        log.exception("a press of Telegram's failed", channel="telegram")


async def _answered(presses: Presses, queries: Sequence[Press], ask: Ask) -> Sequence[Press]:
    for position, query in enumerate(queries):
        try:
            await answer(presses, query, ask)
        except DeskAwayError:
            return queries[position:]
    return []
