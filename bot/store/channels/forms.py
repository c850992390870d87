"""Forms that are asked for in words, question by question: how far each has come, and which message asked what."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, bindparam, delete

from adapters.card import Input
from adapters.message import Conversation, conversation_from_key
from bot.store.driver.bulk import insert_new, update_many
from bot.store.driver.look import rows_by_keys
from bot.store.tables import channel_schema
from routing.people import PersonId
from sla.duration import Instant

_FORM = "SELECT * FROM form WHERE key IN {keys}"
_QUESTION = """
SELECT receipt.lane, outbox.payload FROM receipt JOIN outbox ON outbox.id = receipt.outbox_id
WHERE receipt.external_id IN {keys} AND outbox.what = 'word'
"""
_OLD = delete(channel_schema.form).where(channel_schema.form.c.ends_at < bindparam("before"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A form that one of our people fills in where they pressed, below the message `under`.

    `position` is the input that is asked now; `turn` counts the questions, because one may be asked again.
    """

    key: str
    where: Conversation
    under: str | None
    person: PersonId
    action: str
    value: str
    inputs: tuple[Input, ...]
    fields: Mapping[str, str]
    ends_at: Instant
    position: int = 0
    turn: int = 0
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """Which input of which form a message of ours asked for."""

    form: str
    position: int


def begin(conn: Connection, form: Asked) -> bool:
    """Keep a form; False for one that was begun before: the channel repeats a press."""
    return bool(insert_new(conn, channel_schema.form, [_row(form)], key="key"))


def find(conn: Connection, key: str) -> Asked | None:
    """A form, held until we are done with it; None for one that was forgotten or never was."""
    query = _FORM if conn.dialect.name == "sqlite" else f"{_FORM} FOR UPDATE"
    for row in rows_by_keys(conn, query, [key]):
        inputs = (
            Input(**{**one, "choices": tuple(map(tuple, one["choices"])), "headings": tuple(one.get("headings", ()))})
            for one in json.loads(row.inputs)
        )
        return Asked(
            key=row.key,
            where=conversation_from_key(row.lane),
            under=row.under,
            person=PersonId(row.person),
            action=row.action,
            value=row.value,
            inputs=tuple(inputs),
            fields=json.loads(row.fields),
            ends_at=Instant(row.ends_at),
            position=row.position,
            turn=row.turn,
            is_over=bool(row.is_over),
        )
    return None


def save(conn: Connection, form: Asked) -> None:
    """Keep how far it has come."""
    update_many(conn, channel_schema.form, [_row(form)])


def question(conn: Connection, lane: str, external_id: str | None) -> Question | None:
    """What a message of ours in that place asked for; None for one that was no question."""
    for row in rows_by_keys(conn, _QUESTION, [external_id]) if external_id else ():
        kept = json.loads(row.payload)
        if row.lane.partition("#")[0] == lane and "form" in kept:
            return Question(kept["form"], kept["position"])
    return None


def forget(conn: Connection, *, before: Instant) -> int:
    """Remove forms that ended by then; returns how many."""
    return conn.execute(_OLD, {"before": before}).rowcount


def _row(form: Asked) -> dict[str, str | int | None]:
    return {
        "key": form.key,
        "lane": form.where.key,
        "under": form.under,
        "person": form.person,
        "action": form.action,
        "value": form.value,
        "inputs": json.dumps([asdict(one) for one in form.inputs], ensure_ascii=False),
        "fields": json.dumps(dict(form.fields), ensure_ascii=False),
        "position": form.position,
        "turn": form.turn,
        "is_over": int(form.is_over),
        "ends_at": form.ends_at,
    }
