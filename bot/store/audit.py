"""Who changed what: rows that are only ever added. The database itself refuses to change or remove one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, select

from bot.store.driver.bulk import insert_many
from bot.store.driver.ids import take
from bot.store.tables.schema import audit
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Deed:
    """One act of a person or a program upon a subject (`ticket:12`, `person:vera`); message text has no place here."""

    at: Instant
    actor: str
    action: str
    subject: str
    particulars: Mapping[str, str | int | None] = field(default_factory=dict)


_LATEST = select(audit).order_by(audit.c.id.desc()).limit(bindparam("count"))


def append(conn: Connection, deeds: Sequence[Deed]) -> None:
    """Add to the trail, in the transaction of the deed itself."""
    rows = [
        {
            "id": number,
            "at": deed.at,
            "actor": deed.actor,
            "action": deed.action,
            "subject": deed.subject,
            "particulars": json.dumps(dict(deed.particulars), ensure_ascii=False),
        }
        for number, deed in zip(take(conn, audit, len(deeds)), deeds, strict=True)
    ]
    insert_many(conn, audit, rows)


def latest(conn: Connection, *, count: int) -> Sequence[Deed]:
    """The newest deeds, newest first."""
    return [
        Deed(Instant(row.at), row.actor, row.action, row.subject, json.loads(row.particulars))
        for row in conn.execute(_LATEST, {"count": count})
    ]
