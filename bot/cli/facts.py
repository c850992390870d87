"""What is going on, from a terminal: tickets, clients, people, and the stream of events live."""

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.beside import Beside, Json, Limit, beside
from bot.cli.printed import (
    ALL_ROWS,
    USAGE,
    CommandError,
    how_many,
    iso,
    left,
    one_line,
    plain,
    say,
    say_json,
    say_table,
    shown,
)
from bot.tickets.ticket import Ticket, number
from routing.people import Client, ClientId, Person, PersonId
from sla.clock import State
from sla.duration import Instant

if TYPE_CHECKING:  # see beside.py
    from bot.store.reading.queue import Listed
    from bot.store.reading.stream import Happened

LOOK_EVERY_SECONDS = 0.5
#: How far back the stream may begin: what is told first is held in memory.
MOST_LINES = 1_000_000


def tickets(
    ctx: typer.Context,
    *,
    everything: Annotated[
        bool | None, typer.Option("--all/--open", help="Resolved and closed ones too, or not; --json begins with all.")
    ] = None,
    client: Annotated[str | None, typer.Option(help="Only this client's.")] = None,
    assignee: Annotated[str | None, typer.Option(help="Only this person's.")] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Open tickets by time left, broken promises first; with --json all tickets, those that are done last."""
    from bot.store.reading.queue import Among, Wanted
    from bot.store.reading.queue import tickets as look

    wanted = Wanted(
        among=Among.ALL if (as_json if everything is None else everything) else Among.OPEN,
        assignee=PersonId(assignee) if assignee else None,
        client=ClientId(client) if client else None,
        limit=how_many(limit, as_json=as_json),
    )

    async def work(desk: Beside) -> None:
        found = await desk.database.read(lambda conn: look(conn, wanted))
        if client and not found:  # who has left the desk directory may still have tickets
            _must_be_known(client, desk.revision.clients, "client")
        if assignee and not found:
            _must_be_known(assignee, desk.revision.people, "person")
        if as_json:
            say_json([ticket_facts(one.ticket, one.contact) for one in found])
            return
        say_table(
            ["ticket", "left", "status", "urgency", "client", "contact", "assignee", "channel", "subject"],
            [_ticket_row(one, desk) for one in found],
            empty="no tickets",
        )

    beside(ctx, work)


def clients(ctx: typer.Context, *, as_json: Json = False) -> None:
    """The clients of the desk in force, and who looks after them."""

    async def work(desk: Beside) -> None:
        found = sorted(desk.revision.clients.values(), key=lambda one: one.id)
        if as_json:
            say_json([_client_facts(one) for one in found])
            return
        say_table(
            ["client", "name", "plan", "manager", "zone", "language", "contacts"],
            [
                [
                    one.id,
                    one.name,
                    one.plan,
                    one.manager or "",
                    one.zone or "",
                    one.language or "",
                    ", ".join(contact.name for contact in one.contacts),
                ]
                for one in found
            ],
            empty="no clients",
        )

    beside(ctx, work)


def people(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Everyone on our side, who is on shift, and how much they have."""
    from bot.store.reading.queue import Wanted
    from bot.store.reading.queue import tickets as look

    async def work(desk: Beside) -> None:
        open_tickets = await desk.database.read(lambda conn: look(conn, Wanted(limit=ALL_ROWS)))
        load = {
            one.id: sum(listed.ticket.assignee == one.id for listed in open_tickets)
            for one in desk.revision.people.values()
        }
        found = [
            _person_facts(desk, one, load[one.id])
            for one in sorted(desk.revision.people.values(), key=lambda one: one.id)
        ]
        if as_json:
            say_json(found)
            return
        say_table(
            ["person", "name", "roles", "calendar", "backup", "on shift", "tickets", "reached on"],
            [
                [
                    one["id"],
                    one["name"],
                    ", ".join(one["roles"]),
                    one["calendar"],
                    one["backup"] or "",
                    "yes" if one["on_shift"] else "",
                    str(one["open_tickets"]),
                    ", ".join(one["addresses"]),
                ]
                for one in found
            ],
            empty="nobody",
        )

    beside(ctx, work)


def tail(
    ctx: typer.Context,
    *,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=MOST_LINES, help="So many of the past first.")] = 10,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Wait for more.")] = True,
    as_json: Json = False,
) -> None:
    """What happens at the desk, as it happens; Ctrl-C ends it."""
    from bot.store.reading.stream import Stream

    async def work(desk: Beside) -> None:
        stream = Stream(behind=lines)
        zone = desk.revision.zone
        while True:
            for one in await desk.database.read(stream.look):
                say_json(_event_facts(one)) if as_json else say(_event_line(one, zone))
            if not follow:
                return
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    try:
        beside(ctx, work)
    except KeyboardInterrupt:
        return


def ticket_facts(ticket: Ticket, contact: str) -> dict[str, Any]:
    """One ticket for programs; the keys are a contract."""
    return {
        "number": number(ticket.id),
        "client": ticket.client,
        "contact": contact,
        "verified": ticket.is_verified,
        "plan": ticket.plan,
        "urgency": ticket.urgency,
        "status": ticket.status.value,
        "assignee": ticket.assignee,
        "rule": ticket.rule,
        "channel": ticket.channel,
        "subject": ticket.subject,
        "opened_at": iso(ticket.opened_at),
        "next_due": iso(ticket.next_due),
        "unreadable": ticket.is_unreadable,
        "merged_into": number(ticket.merged_into) if ticket.merged_into is not None else None,
        "not_covered": ticket.not_covered,
        "snoozed_until": iso(ticket.snoozed_until),
        "ahead": ticket.is_ahead,
    }


def _must_be_known(name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        raise CommandError(f"there is no {what} {name!r}: {', '.join(sorted(known))}", USAGE)


def speaking_due(listed: "Listed") -> Instant | None:
    """When a ticket is, or was, due: its oldest broken promise that still waits for an answer, else the next one."""
    broken = [one.due_at for one in listed.clocks if one.state is State.BREACHED and one.due_at is not None]
    return min(broken, default=listed.ticket.next_due)


def _ticket_row(listed: "Listed", desk: Beside) -> list[str]:
    ticket = listed.ticket
    return [
        number(ticket.id),
        left(speaking_due(listed), desk.now),
        ticket.status.value,
        ticket.urgency,
        ticket.client or "",
        one_line(listed.contact, 24),
        ticket.assignee or "nobody",
        ticket.channel,
        one_line(ticket.subject),
    ]


def _client_facts(client: Client) -> dict[str, Any]:
    return {
        "id": client.id,
        "name": client.name,
        "plan": client.plan,
        "manager": client.manager,
        "backup": client.backup,
        "zone": client.zone,
        "language": client.language,
        "contacts": [
            {"name": one.name, "language": one.language, "zone": one.zone, "addresses": dict(one.addresses)}
            for one in client.contacts
        ],
        "channels": {channel: list(places) for channel, places in client.channels.items()},
    }


def _person_facts(desk: Beside, person: Person, load: int) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "roles": sorted(person.roles),
        "calendar": person.calendar,
        "backup": person.backup,
        "language": person.language,
        "capacity": person.capacity,
        "addresses": dict(person.addresses),
        "on_shift": desk.revision.calendars[person.calendar].is_open(desk.now),
        "open_tickets": load,
    }


def _event_facts(one: "Happened") -> dict[str, Any]:
    return {"at": iso(one.at), "ticket": number(one.ticket), "what": one.what, "by": one.by, "why": one.why}


def _event_line(one: "Happened", zone: str) -> str:
    why = f" ({plain(one.why)})" if one.why else ""
    return f"{shown(one.at, zone)}  {number(one.ticket):<8} {one.what}  by {one.by}{why}"
