"""What waits, in and out: nothing is stuck without a handle."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from adapters.message import conversation_from_key
from bot.cli.beside import Beside, Json, beside, terminal
from bot.cli.printed import CommandError, iso, one_line, plain, say, say_json, say_table, shown
from bot.tickets.ticket import TicketId, number

if TYPE_CHECKING:  # see beside.py
    from bot.store.connection import Connection
    from bot.store.journal import Kept
    from bot.store.outbox import Outgoing

inbox = typer.Typer(no_args_is_help=True, help="What came in: payloads that wait or could not be understood.")
outbox = typer.Typer(no_args_is_help=True, help="What goes out: what waits, what failed and why.")

STATES_IN: Final = ["new", "dead", "parked"]
STATES_OUT: Final = ("failed",)
LIMIT: Final = 200

UNNEEDED: Final = "nobody needs it"

Id = Annotated[int, typer.Argument(metavar="ID", help="As the list shows it.")]
Ids = Annotated[list[int], typer.Argument(metavar="ID...", help="As the list shows them.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever asks later.")]
Count = Annotated[int, typer.Option(min=1, help="At most so many.")]
#: Changes rows and says how many it changed.
Change = Callable[["Connection"], int]


@inbox.command("list")
def list_inbox(
    ctx: typer.Context,
    *,
    state: Annotated[
        list[str], typer.Option(help="new, dead, parked, done or discarded; may be repeated.")
    ] = STATES_IN,
    limit: Count = LIMIT,
    as_json: Json = False,
) -> None:
    """Payloads that are not decided: those that wait, those nobody could read, those of kinds we do not serve."""
    from bot.store import journal

    async def work(desk: Beside) -> None:
        found = await desk.database.read(lambda conn: journal.listing(conn, states=tuple(state), count=limit))
        if as_json:
            say_json([_kept_facts(one) for one in found])
            return
        say_table(
            ["id", "channel", "state", "received", "external id", "reason"],
            [
                [
                    str(one.id),
                    one.channel,
                    one.state,
                    shown(one.received_at, _zone(desk)),
                    one.external_id,
                    one_line(one.reason),
                ]
                for one in found
            ],
            empty="nothing waits",
        )

    beside(ctx, work)


@inbox.command("show")
def show_inbox(ctx: typer.Context, row: Id, *, as_json: Json = False) -> None:
    """One payload as it came."""
    from bot.store import journal

    async def work(desk: Beside) -> None:
        found = await desk.database.read(lambda conn: journal.show(conn, row))
        if found is None:
            raise CommandError(f"there is no payload {row}")
        payload = found.payload.decode(errors="replace")
        if as_json:
            say_json({**_kept_facts(found), "payload": payload})
            return
        say(f"{found.channel} {found.external_id}: {found.state} {found.reason}".rstrip())
        say(plain(payload))

    beside(ctx, work)


@inbox.command("retry")
def retry_inbox(ctx: typer.Context, rows: Ids) -> None:
    """Have them decided again, for example after an update that understands them."""
    from bot.store import journal

    _change(ctx, "inbox", "retried", rows, lambda conn: journal.retry(conn, rows))


@inbox.command("discard")
def discard_inbox(ctx: typer.Context, rows: Ids, reason: Reason = UNNEEDED) -> None:
    """Close them; the payloads stay."""
    from bot.store import journal

    _change(ctx, "inbox", "discarded", rows, lambda conn: journal.discard(conn, rows, reason=reason))


@outbox.command("list")
def list_outbox(
    ctx: typer.Context,
    *,
    state: Annotated[
        list[str] | None, typer.Option(help="failed, sent ...; without it all that waits or failed.")
    ] = None,
    limit: Count = LIMIT,
    as_json: Json = False,
) -> None:
    """What is on its way, in the order it will leave, and what was given up."""
    from bot.store import outbox as outbox_rows

    def look(conn: "Connection") -> "Sequence[Outgoing]":
        if state:
            return outbox_rows.listing(conn, states=tuple(state), count=limit)
        return [*outbox_rows.listing(conn, count=limit), *outbox_rows.listing(conn, states=STATES_OUT, count=limit)][
            :limit
        ]

    async def work(desk: Beside) -> None:
        found = await desk.database.read(look)
        if as_json:
            say_json([_outgoing_facts(one) for one in found])
            return
        say_table(
            ["id", "channel", "to", "what", "ticket", "state", "tries", "not before", "error"],
            [
                [
                    str(one.id),
                    one.channel,
                    _to(one),
                    one.what,
                    number(TicketId(one.ticket_id)) if one.ticket_id else "",
                    one.state,
                    str(one.attempts),
                    shown(one.not_before or None, _zone(desk)),
                    one_line(one.error),
                ]
                for one in found
            ],
            empty="nothing waits",
        )

    beside(ctx, work)


@outbox.command("show")
def show_outbox(ctx: typer.Context, row: Id, *, as_json: Json = False) -> None:
    """One row, whatever became of it."""
    from bot.store import outbox as outbox_rows

    async def work(desk: Beside) -> None:
        found = await desk.database.read(lambda conn: outbox_rows.show(conn, row))
        if found is None:
            raise CommandError(f"there is nothing numbered {row}")
        facts = _outgoing_facts(found)
        if as_json:
            say_json(facts)
            return
        for name, value in facts.items():
            shown_value = ", ".join(value) if isinstance(value, list) else value
            say(f"{name:<12} {plain(str(shown_value if shown_value is not None else ''))}")

    beside(ctx, work)


@outbox.command("retry")
def retry_outbox(ctx: typer.Context, rows: Ids) -> None:
    """Send them again, now. A row that was uncertain may arrive twice."""
    from bot.store import outbox as outbox_rows

    async def work(desk: Beside) -> None:
        now = desk.now
        await _changed(desk, "outbox", "retried", rows, lambda conn: outbox_rows.retry(conn, rows, now=now))

    beside(ctx, work)


@outbox.command("discard")
def discard_outbox(ctx: typer.Context, rows: Ids, reason: Reason = UNNEEDED) -> None:
    """Give up on them; the transcript says that they did not arrive."""
    from bot.store import outbox as outbox_rows

    _change(ctx, "outbox", "discarded", rows, lambda conn: outbox_rows.discard(conn, rows, reason=reason))


def _change(ctx: typer.Context, box: str, action: str, rows: Sequence[int], change: Change) -> None:
    beside(ctx, lambda desk: _changed(desk, box, action, rows, change))


async def _changed(desk: Beside, box: str, action: str, rows: Sequence[int], change: Change) -> None:
    """Write, with a line in the audit trail; it is a failure when nothing was in a state to be changed."""
    from bot.store import audit

    now = desk.now

    def write(conn: "Connection") -> int:
        count = change(conn)
        if count:
            audit.append(conn, [audit.Deed(now, terminal(), action, f"{box}:{row}") for row in rows])
        return count

    count = await desk.database.write(write)
    if not count:
        raise CommandError(f"none of them could be {action}: maitred {box} list shows what can")
    say(f"{count} {action}")


def _zone(desk: Beside) -> str:
    return desk.revision.zone if desk.revisions.number else "UTC"


def _to(one: "Outgoing") -> str:
    return conversation_from_key(one.lane).address


def _kept_facts(one: "Kept") -> dict[str, Any]:
    """A payload for programs; the keys are a contract."""
    return {
        "id": one.id,
        "channel": one.channel,
        "external_id": one.external_id,
        "state": one.state,
        "received_at": iso(one.received_at),
        "reason": one.reason,
        "account": one.account,
    }


def _outgoing_facts(one: "Outgoing") -> dict[str, Any]:
    """A row for programs; the keys are a contract."""
    return {
        "id": one.id,
        "channel": one.channel,
        "to": [_to(one)],
        "what": one.what,
        "ticket": number(TicketId(one.ticket_id)) if one.ticket_id else None,
        "state": one.state,
        "attempts": one.attempts,
        "not_before": iso(one.not_before or None),
        "message_id": one.message_id,
        "error": one.error,
        "person": one.person,
        "created_at": iso(one.created_at),
        "payload": one.payload,
    }
