"""How long what leaves last of all may wait: a busy hour always has something in front of a digest."""

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, literal_column, select, text, update

from bot.store.delivery.told import PRIORITY
from bot.store.driver.plain import change_built
from bot.store.tables.schema import ON_ITS_WAY, is_one_of, outbox
from sla.duration import Instant, later

#: After so long a digest is as urgent as any message of its own, and goes before cards and what changes on them.
DIGEST_WITHIN: Final = timedelta(minutes=1)
_LATE: Final = (
    select(outbox.c.id)
    .where(
        text(is_one_of("outbox.state", ON_ITS_WAY)),
        outbox.c.state.in_((literal_column("'pending'"), literal_column("'postponed'"))),
        outbox.c.priority == literal_column(str(PRIORITY["digest"])),
        outbox.c.created_at <= bindparam("before"),
    )
    .with_for_update(skip_locked=True, of=outbox)
)
_HURRY: Final = update(outbox).where(outbox.c.id.in_(_LATE)).values(priority=PRIORITY["ping"])


def hurry(conn: Connection, *, now: Instant) -> int:
    """Let digests that have waited long enough go before cards; how many those are."""
    return change_built(conn, _HURRY, {"before": later(now, -DIGEST_WITHIN)})
