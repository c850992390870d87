"""What waits, in and out: nothing is stuck without a handle."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from adapters.message import Channel, conversation_from_key
from bot.cli.beside import Beside, Json, Limit, beside, terminal
from bot.cli.printed import MOST, CommandError, how_many, iso, one_line, plain, say, say_json, say_table, shown
from bot.tickets.ticket import TicketId, number

if TYPE_CHECKING:  # see beside.py
    from bot.store.delivery.outbox import Outgoing
    from bot.store.driver.connection import Connection
    from bot.store.journal import Kept

inbox = typer.Typer(no_args_is_help=True, help="What came in: payloads that wait or could not be understood.")
outbox = typer.Typer(no_args_is_help=True, help="What goes out: what waits, what failed and why.")


class StateIn(StrEnum):
    """What may become of a payload."""

    NEW = "new"
    DEAD = "dead"
    PARKED = "parked"
    DONE = "done"
    DISCARDED = "discarded"


class StateOut(StrEnum):
    """What may become of a row that goes out."""

    PENDING = "pending"
    SENDING = "sending"
    POSTPONED = "postponed"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"
    DISCARDED = "discarded"


#: Those that somebody may have to look at: what a table begins with.
OPEN_IN: Final = (StateIn.NEW, StateIn.DEAD, StateIn.PARKED)
GIVEN_UP: Final = (StateOut.FAILED,)

UNNEEDED: Final = "nobody needs it"

Id = Annotated[int, typer.Argument(metavar="ID", max=MOST, help="As the list shows it.")]
Ids = Annotated[list[int], typer.Argument(metavar="ID...", max=MOST, help="As the list shows them.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever asks later.")]
#: Changes rows and says how many it changed.
Change = Callable[["Connection"], int]


@inbox.command("list")
def list_inbox(
    ctx: typer.Context,
    *,
    state: Annotated[
        list[StateIn] | None, typer.Option(help="new, dead, parked, done or discarded; may be repeated.")
    ] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Payloads that wait, that nobody could read, or of kinds we do not serve; with --json every one. Newest first."""
    from bot.store import journal

    states = tuple(state or (tuple(StateIn) if as_json else OPEN_IN))
    count = how_many(limit, as_json=as_json)

    async def work(desk: Beside) -> None:
        found = await desk.database.read(lambda conn: journal.listing(conn, states=states, count=count))
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
        list[StateOut] | None, typer.Option(help="failed, sent ...; without it all that waits or failed.")
    ] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """What is on its way, in the order it will leave, and what was given up; with --json every row, newest first."""
    from bot.store.delivery import outbox as outbox_rows

    states = tuple(state or (tuple(StateOut) if as_json else ()))
    count = how_many(limit, as_json=as_json)

    def look(conn: "Connection") -> "Sequence[Outgoing]":
        if states:
            return outbox_rows.listing(conn, states=states, count=count)
        given_up = outbox_rows.listing(conn, states=GIVEN_UP, count=count)
        return [*outbox_rows.listing(conn, count=count), *given_up][:count]

    async def work(desk: Beside) -> None:
        found = await desk.database.read(look)
        if as_json:
            names = await _mail_names(desk, found)
            say_json([_outgoing_facts(one, names) for one in found])
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
    from bot.store.delivery import outbox as outbox_rows

    async def work(desk: Beside) -> None:
        found = await desk.database.read(lambda conn: outbox_rows.show(conn, row))
        if found is None:
            raise CommandError(f"there is nothing numbered {row}")
        facts = _outgoing_facts(found, await _mail_names(desk, [found]))
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
    from bot.store.delivery import outbox as outbox_rows

    async def work(desk: Beside) -> None:
        now = desk.now
        await _changed(desk, "outbox", "retried", rows, lambda conn: outbox_rows.retry(conn, rows, now=now))

    beside(ctx, work)


@outbox.command("discard")
def discard_outbox(ctx: typer.Context, rows: Ids, reason: Reason = UNNEEDED) -> None:
    """Give up on them; the transcript says that they did not arrive."""
    from bot.store.delivery import outbox as outbox_rows

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


async def _mail_names(desk: Beside, found: "Sequence[Outgoing]") -> dict[int, str]:
    """The Message-IDs of rows by mail: those they were taken under, and those that the waiting ones will have."""
    mails = [one for one in found if one.channel == Channel.EMAIL]
    if not mails:
        return {}
    from bot.app.channels.email_app import message_id_of
    from bot.store.delivery import names_there

    sent = await desk.database.read(lambda conn: names_there.names(conn, [one.id for one in mails]))
    named = {one.id: sent.get(one.id) or message_id_of(one, desk.settings) for one in mails}
    return {row: f"<{name}>" for row, name in named.items() if name}


def _outgoing_facts(one: "Outgoing", names: Mapping[int, str]) -> dict[str, Any]:
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
        "message_id": names.get(one.id),
        "error": one.error,
        "person": one.person,
        "created_at": iso(one.created_at),
        "payload": one.payload,
    }
