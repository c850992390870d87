"""One ticket from a terminal: everything about it, and what a person can do to it on any other screen."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from bot.cli.acting import perform
from bot.cli.beside import Beside, Json, beside, who_acts
from bot.cli.facts import ticket_facts
from bot.cli.printed import USAGE, CommandError, iso, left, plain, say, say_json, say_table, shown
from bot.tickets import command as c
from bot.tickets.eta import parse_eta
from bot.tickets.ticket import TicketId, number, ticket_id_from_number
from routing.people import PersonId
from sla.promise import ReplyKind

if TYPE_CHECKING:  # see beside.py
    from bot.store.reads import Page


class _ShownFirst(TyperGroup):
    """`ticket T-12` alone, or with options only, shows the ticket."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override] # typer's own class
        names_only = [word for word in args[:2] if not word.startswith("-")]
        if len(names_only) == 1 and args[0] == names_only[0]:
            args = [args[0], "show", *args[1:]]
        return super().parse_args(ctx, args)


ticket = typer.Typer(cls=_ShownFirst, subcommand_metavar="[show|reply|note|...]", help=__doc__)

As = Annotated[str | None, typer.Option("--as", metavar="PERSON", help="Who does it; the only admin if left out.")]
Words = Annotated[str, typer.Argument(help="The words; - reads them from the input.")]
Why = Annotated[str, typer.Argument(help="Why.")]

#: Makes the command of a person: some words mean something only in that person's own zone.
Make = Callable[[Beside, PersonId], c.Command]


@ticket.callback()
def one_ticket(
    ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="TICKET", help="Its number, as in T-12.")]
) -> None:
    """One ticket: shown, answered, noted on, handed over, resolved."""
    try:
        ctx.obj = ticket_id_from_number(name)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from error


@ticket.command()
def show(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Everything about it: words, notes, clocks, events."""
    from bot.store.reads import page

    ticket_id = _id(ctx)

    async def work(desk: Beside) -> None:
        now = desk.now
        found = await desk.database.read(lambda conn: page(conn, desk.revisions, ticket_id, now=now))
        if found is None:
            raise CommandError(f"there is no ticket {number(ticket_id)}")
        if as_json:
            say_json(_page_facts(found))
        else:
            _print(found, desk)

    beside(ctx, work)


@ticket.command()
def reply(
    ctx: typer.Context,
    text: Words,
    kind: Annotated[ReplyKind, typer.Option(help="What the reply is; clocks may depend on it.")] = ReplyKind.UNSET,
    person: As = None,
) -> None:
    """Answer the client on the channel they wrote on."""
    _act(ctx, person, lambda _desk, _by: c.Reply(_words(text), kind), "the reply is on its way")


@ticket.command()
def note(ctx: typer.Context, text: Words, person: As = None) -> None:
    """Words for the desk's own people; no client ever sees them."""
    _act(ctx, person, lambda _desk, _by: c.AddNote(_words(text)), "noted")


@ticket.command()
def ask(ctx: typer.Context, text: Words, person: As = None) -> None:
    """Ask the client for details; from then on we wait for them."""
    _act(ctx, person, lambda _desk, _by: c.AskDetails(_words(text)), "the question is on its way")


@ticket.command()
def eta(
    ctx: typer.Context,
    when: Annotated[str, typer.Argument(help="15:00, 2h, 'tomorrow 10:00', 'mon 15:00', in the person's own zone.")],
    text: Words = "",
    person: As = None,
) -> None:
    """Promise the client a moment."""

    def made(desk: Beside, by: PersonId) -> c.Command:
        calendar = desk.revision.calendars[desk.revision.people[by].calendar]
        try:
            return c.GiveEta(parse_eta(when, now=desk.now, zone=calendar.zone, calendar=calendar), _words(text))
        except ValueError as error:
            raise CommandError(str(error), USAGE) from error

    _act(ctx, person, made, "the promise is on its way")


@ticket.command()
def resolve(ctx: typer.Context, text: Words = "", person: As = None) -> None:
    """The work is done."""
    _act(ctx, person, lambda _desk, _by: c.Resolve(_words(text)), "resolved")


@ticket.command()
def assign(
    ctx: typer.Context,
    to: Annotated[str, typer.Argument(metavar="PERSON", help="Who goes on with it.")],
    why: Why = "",
    person: As = None,
) -> None:
    """Hand it over."""
    _act(ctx, person, lambda desk, _by: c.HandOver(who_acts(desk.revision, to), why), f"handed over to {to}")


@ticket.command()
def take(ctx: typer.Context, person: As = None) -> None:
    """It is mine."""
    _act(ctx, person, lambda _desk, _by: c.Take(), "taken")


@ticket.command()
def escalate(ctx: typer.Context, why: Why = "", person: As = None) -> None:
    """The lead should look at it now."""
    _act(ctx, person, lambda _desk, _by: c.Escalate(why), "the lead is told")


@ticket.command()
def urgency(ctx: typer.Context, level: str, person: As = None) -> None:
    """It matters more, or less, than it looked."""
    _act(ctx, person, lambda _desk, _by: c.SetUrgency(level), f"the urgency is {level}")


@ticket.command()
def spam(ctx: typer.Context, person: As = None) -> None:
    """Nothing a client said: promises are cancelled and nobody is told."""
    _act(ctx, person, lambda _desk, _by: c.MarkSpam(), "marked as spam")


def _words(text: str) -> str:
    return sys.stdin.read().strip() if text == "-" else text


def _id(ctx: typer.Context) -> TicketId:
    """The ticket that the group was called with."""
    return TicketId(ctx.find_object(int) or 0)


def _act(ctx: typer.Context, person: str | None, make: Make, done: str) -> None:
    """Do it and say so in `done`, our own words."""
    ticket_id = _id(ctx)

    async def work(desk: Beside) -> None:
        by = who_acts(desk.revision, person)
        await perform(desk, by, ticket_id, make(desk, by))
        say(f"{number(ticket_id)}: {done}")

    beside(ctx, work)


def _page_facts(found: "Page") -> dict[str, Any]:
    """One ticket whole for programs; the keys are a contract."""
    speaker = found.facts.speaker.name
    return {
        **ticket_facts(found.ticket, speaker),
        "messages": [
            {
                "id": line.id,
                "at": iso(line.at),
                "direction": line.direction,
                "kind": line.kind,
                "from": speaker if line.direction == "in" else line.author,
                "channel": line.channel,
                "text": line.text,
                "attachments": [{"name": one.name, "size": one.size, "type": one.type} for one in line.attachments],
                "external_id": line.external_id,
                "message_id": None,  # the mail's own Message-ID; no channel of this version is mail
                "state": line.state,
                "reply_kind": line.reply_kind,
                "is_edited": line.is_edited,
                "is_deleted": line.is_deleted,
            }
            for line in found.lines
        ],
        "notes": [{"at": iso(one.at), "author": one.author, "text": one.text} for one in found.notes],
        "clocks": [
            {
                "metric": clock.metric.value,
                "state": clock.state.value,
                "started_at": iso(clock.started_at),
                "due_at": iso(clock.due_at),
                "breached_at": iso(clock.breached_at),
                "satisfied_at": iso(clock.satisfied_at),
            }
            for clock in found.facts.clocks
        ],
        "events": [{"at": iso(one.at), "what": one.what, "by": one.by, "why": one.why} for one in found.events],
    }


def _print(found: "Page", desk: Beside) -> None:
    one, zone = found.ticket, desk.revision.zone
    say(f"{number(one.id)}  {plain(one.subject)}")
    say(f"{one.status.value}, {one.urgency}, {one.assignee or 'nobody'} ({one.rule})")
    proof = "" if one.is_verified else ", not verified"
    client = one.client or "no client we know"
    say(f"{plain(found.facts.speaker.name)} of {client} on {one.channel}{proof}, plan {one.plan}")
    say()
    for line in found.lines:
        who = found.facts.speaker.name if line.direction == "in" else (line.author or "Maitred")
        say(f"{shown(line.at, zone)}  {plain(who)}{'' if line.direction == 'in' else f' ({line.state})'}")
        for words in plain(line.text).split("\n"):
            say(f"    {words}")
        for attached in line.attachments:
            say(f"    [{plain(attached.name)}, {attached.size} bytes]")
    for noted in found.notes:
        say(f"{shown(noted.at, zone)}  note by {noted.author}: {plain(noted.text)}")
    say()
    say_table(
        ["clock", "state", "due", "left"],
        [
            [clock.metric.value, clock.state.value, shown(clock.due_at, zone), left(clock.due_at, desk.now)]
            for clock in found.facts.clocks
        ],
        empty="no clocks",
    )
