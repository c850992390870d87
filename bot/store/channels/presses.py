"""Answers that were given to presses, by the channel's own key: a repeated press is answered again and does nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from bot.store.driver.among import among
from bot.store.driver.bulk import insert_many, update_many
from bot.store.tables.schema import press
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Answered:
    """A press and the answer it got, as text the desk reads back."""

    key: str
    answer: str
    at: Instant


_KNOWN = select(press.c.key, press.c.answer).where(among(press.c.key, "keys"))
#: What became of words in a thread is asked whenever they change, years later too.
WROTE: Final = "wrote:"
_OLD = delete(press).where(press.c.at < bindparam("before"), ~press.c.key.startswith(WROTE))


def answers(conn: Connection, keys: Iterable[str]) -> Mapping[str, str]:
    """The answers of those presses that came before."""
    return {row.key: row.answer for row in conn.execute(_KNOWN, {"keys": keys})}


def keep(conn: Connection, answered: Sequence[Answered]) -> None:
    """Keep answers, in the transaction of what they answer; a key that exists is refused: its press was decided."""
    insert_many(conn, press, [{"key": one.key, "answer": one.answer, "at": one.at} for one in answered])


def replace(conn: Connection, answered: Answered) -> None:
    """Keep another answer for a key that is there."""
    update_many(conn, press, [{"key": answered.key, "answer": answered.answer, "at": answered.at}])


def forget(conn: Connection, *, before: Instant) -> int:
    """Remove answers to presses that nobody will repeat any more; returns how many."""
    return conn.execute(_OLD, {"before": before}).rowcount
