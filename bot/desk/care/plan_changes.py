"""A client buys another plan: their open tickets are promised by it from then on, in batches and once.

Which plan each client had is remembered in the database. A process that dies in the middle begins again at its next
look; a ticket that follows its client's plan already is left as it is.
"""

import json
from collections.abc import Mapping
from typing import Final

import structlog

from bot.desk.care.batches import in_batches
from bot.desk.care.uncounted import Uncounted
from bot.desk.directory import Directory
from bot.store import remembered
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.facts import facts_of_tickets
from bot.store.people.shifts import open_tickets_of_clients
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.care.decide_reapply import follows_plan
from bot.tickets.facts import Decision, Facts
from bot.tickets.ticket import TicketId
from routing.people import ClientId, PlanId
from sla.duration import Instant

log = structlog.get_logger()

BATCH: Final = 200
KEY: Final = "plans"


async def follow_plans(database: Database, revisions: Revisions, directory: Directory, *, at: Instant) -> int:
    """Have open tickets of clients whose plan is another one promised by that; how many tickets that were."""
    plans = {client.id: client.plan for client in revisions.current.clients.values()}
    kept = await database.read(lambda conn: remembered.recall(conn, KEY))
    before: dict[ClientId, PlanId] = json.loads(kept) if kept is not None else {}
    changed = [client for client, plan in plans.items() if before.get(client) != plan]
    uncounted = Uncounted(revisions, directory)

    def turn(conn: Connection, last: TicketId) -> tuple[int, list[TicketId]]:
        ids = open_tickets_of_clients(conn, changed, after=last, count=BATCH)
        facts = facts_of_tickets(conn, revisions, ids, now=at, is_locked=True)
        decided: list[tuple[Facts, Decision]] = []
        for one in facts.values():
            try:
                if (decision := follows_plan(one)) is not None:
                    decided.append((one, decision))
            except ValueError as error:  # one ticket that cannot be counted must not keep all the others waiting
                log.error("a ticket cannot be promised by its client's plan", ticket=one.number, reason=str(error))  # noqa: TRY400 - it says what to mend
                uncounted.tell(conn, one.number, error, at=at)
        write(conn, decided, recorded_at=at, whereto=directory.whereto)
        if decided:  # a plan that is taken back in the middle is a change as well
            _remember(conn, {client: plan for client, plan in before.items() if client not in changed})
        return len(decided), ids

    if not changed:
        return 0
    moved = await in_batches(database, revisions, turn, then=lambda conn: _remember(conn, plans))
    if moved:
        log.info("open tickets follow their clients' plans", moved=moved, clients=sorted(changed))
    return moved


def _remember(conn: Connection, plans: Mapping[ClientId, PlanId]) -> None:
    remembered.remember(conn, KEY, json.dumps(plans))
