"""Calls from a terminal: which there are, and what our people do about them on any other desk."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.beside import Beside, Json, beside, who_acts
from bot.cli.printed import CommandError, iso, say, say_json, say_table, shown
from sla.duration import later

if TYPE_CHECKING:  # see beside.py
    from bot.tickets.calls.command import CallCommand

calls = typer.Typer(
    help="Calls with clients: which there are, and what is done about them.", invoke_without_command=True
)

Number = Annotated[str, typer.Argument(metavar="T-NUMBER", help="The ticket that the call is about.")]
When = Annotated[str, typer.Argument(help="tomorrow 15:00, fri 11:00, 2026-03-05 15:00: in the time of whoever acts.")]
Why = Annotated[str, typer.Option(help="Kept on record; no client reads it.")]
Who = Annotated[str | None, typer.Option("--as", metavar="PERSON", help="Who acts; the only admin if left out.")]


@calls.callback()
def listed(
    ctx: typer.Context,
    *,
    person: Annotated[str | None, typer.Option(help="Only this person's: the key in the desk directory.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How far ahead, from a day ago on.")] = 31,
    as_json: Json = False,
) -> None:
    """The calls of the coming days, whatever becomes of them; without a command below."""
    if ctx.invoked_subcommand is not None:
        return

    async def work(desk: Beside) -> None:
        from bot.store.calls.call_list import listed as rows_of
        from bot.store.calls.calls import between
        from routing.people import PersonId

        now, revision = desk.now, desk.revision
        if person is not None and PersonId(person) not in revision.people:
            raise CommandError(f"nobody here is called {person!r}: {', '.join(sorted(revision.people))}")
        since, until = later(now, -timedelta(days=1)), later(now, timedelta(days=days))
        whose = PersonId(person) if person is not None else None
        rows = await desk.database.read(
            lambda conn: rows_of(conn, desk.revisions, between(conn, since=since, until=until, person=whose), now=now)
        )
        if as_json:
            say_json(
                [
                    {
                        "call": one.call.key,
                        "ticket": f"T-{one.call.ticket}",
                        "client": one.call.client,
                        "contact": one.contact_name,
                        "person": one.call.person,
                        "kind": one.call.kind,
                        "state": one.call.state.value,
                        "begins_at": iso(one.call.begins_at),
                        "ends_at": iso(one.call.ends_at),
                        "zone": one.call.zone,
                        "accept_by": iso(one.call.accept_by),
                        "waived_by": one.call.waived_by or None,
                        "url": one.call.url or None,
                    }
                    for one in rows
                ]
            )
            return
        say_table(
            ["call", "when", "theirs", "client", "with", "kind", "state"],
            [
                [
                    one.call.key,
                    shown(one.call.begins_at, revision.zone),
                    shown(one.call.begins_at, one.call.zone),
                    f"{one.contact_name}, {one.client_name}",
                    one.call.person,
                    one.call.kind,
                    one.call.state.value,
                ]
                for one in rows
            ],
            empty="no calls are booked",
        )

    beside(ctx, work)


@calls.command()
def book(
    ctx: typer.Context,
    number: Number,
    when: When,
    *,
    kind: Annotated[str, typer.Option(help="The kind of call; the usual one if left out.")] = "",
    why: Why = "",
    who: Who = None,
) -> None:
    """Book a call for a client; a lead may name a time within the notice, which is kept on record."""
    _perform(ctx, number, "ticket.call", {"at": when, "kind": kind, "why": why}, who)


@calls.command()
def reschedule(ctx: typer.Context, number: Number, when: When, *, who: Who = None) -> None:
    """Hold the call of a ticket at another time."""
    _perform(ctx, number, "ticket.call_move", {"at": when}, who)


@calls.command()
def confirm(ctx: typer.Context, number: Number, *, who: Who = None) -> None:
    """Accept what a client asked for."""
    _perform(ctx, number, "ticket.call_confirm", {}, who)


@calls.command()
def decline(ctx: typer.Context, number: Number, *, why: Why = "", who: Who = None) -> None:
    """Decline it; the client is offered other times."""
    _perform(ctx, number, "ticket.call_decline", {"why": why}, who)


@calls.command()
def cancel(ctx: typer.Context, number: Number, *, why: Why = "", who: Who = None) -> None:
    """Call a call off."""
    _perform(ctx, number, "ticket.call_cancel", {"why": why}, who)


@calls.command()
def allow(ctx: typer.Context, number: Number, *, who: Who = None) -> None:
    """Allow, as a lead, what the notice or the contract does not."""
    _perform(ctx, number, "ticket.call_allow", {}, who)


@calls.command()
def refuse(ctx: typer.Context, number: Number, *, why: Why = "", who: Who = None) -> None:
    """Refuse it; the client is offered the earliest times."""
    _perform(ctx, number, "ticket.call_refuse", {"why": why}, who)


@calls.command()
def done(
    ctx: typer.Context,
    number: Number,
    *,
    notes: Annotated[str, typer.Option(help="A note on the ticket.")] = "",
    follow_up: Annotated[str, typer.Option(help="When the client hears from us again, which is promised.")] = "",
    who: Who = None,
) -> None:
    """The call was held."""
    _perform(ctx, number, "ticket.call_done", {"notes": notes, "follow_up": follow_up}, who)


@calls.command("no-show")
def no_show(ctx: typer.Context, number: Number, *, who: Who = None) -> None:
    """Nobody came from the client's side."""
    _perform(ctx, number, "ticket.call_no_show", {}, who)


def _perform(ctx: typer.Context, number: str, action: str, fields: dict[str, str], who: str | None) -> None:
    """The same as the button of that name."""

    async def work(desk: Beside) -> None:
        from adapters.port import Answer
        from bot.cli.acting import perform
        from bot.desk.calls.presses import call_command
        from bot.tickets.texts import Texts
        from bot.tickets.ticket import ticket_id_from_number

        by, revision = who_acts(desk.revision, who), desk.revision
        calendar = revision.calendars[revision.people[by].calendar]
        if fields.get("kind") and fields["kind"] not in revision.calls.kinds:
            known = ", ".join(revision.calls.kinds)
            raise CommandError(f"there is no kind of call {fields['kind']!r}: {known}")
        try:
            ticket = ticket_id_from_number(number)
        except ValueError as error:
            raise CommandError(str(error)) from error
        found: CallCommand | Answer = call_command(action, fields, now=desk.now, calendar=calendar, speak=Texts("en"))
        if isinstance(found, Answer):
            raise CommandError("\n".join(found.errors.values()))
        say((await perform(desk, by, ticket, found)).text)

    beside(ctx, work)
