"""One ticket from a terminal: everything about it, and what a person can do to it on any other screen."""

import sys
from collections.abc import Callable
from typing import Annotated

import typer
from typer.core import TyperGroup

from adapters.message import Channel
from bot.cli.acting import perform
from bot.cli.beside import Beside, Json, beside, who_acts
from bot.cli.printed import MOST, USAGE, CommandError, say, say_json
from bot.cli.ticket_page import outcome_facts, page_facts, print_page
from bot.tickets import command as c
from bot.tickets.ticket import MessageId, TicketId, number, ticket_id_from_number
from bot.tickets.words.eta import parse_eta
from bot.tickets.words.thread_words import stays_in
from routing.people import PersonId
from sla.duration import Instant, parse_within
from sla.policy import Metric
from sla.promise import ReplyKind


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
    ctx.obj = _numbered(name)


@ticket.command()
def show(ctx: typer.Context, *, as_json: Json = False) -> None:
    """Everything about it: words, notes, clocks, events."""
    from bot.store.reading.reads import page

    ticket_id = _id(ctx)

    async def work(desk: Beside) -> None:
        now = desk.now
        found = await desk.database.read(lambda conn: page(conn, desk.revisions, ticket_id, now=now))
        if found is None:
            raise CommandError(f"there is no ticket {number(ticket_id)}")
        if as_json:
            say_json(page_facts(found))
        else:
            print_page(found, desk)

    beside(ctx, work)


@ticket.command()
def reply(
    ctx: typer.Context,
    text: Words,
    kind: Annotated[ReplyKind, typer.Option(help="What the reply is; clocks may depend on it.")] = ReplyKind.UNSET,
    person: As = None,
) -> None:
    """Answer the client on the channel they wrote on."""
    _act(ctx, person, lambda _desk, _by: c.Reply(_for_client(text), kind), "the reply is on its way")


@ticket.command()
def note(ctx: typer.Context, text: Words, person: As = None) -> None:
    """Words for the desk's own people; no client ever sees them."""
    _act(ctx, person, lambda _desk, _by: c.AddNote(_words(text)), "noted")


@ticket.command()
def ask(ctx: typer.Context, text: Words, person: As = None) -> None:
    """Ask the client for details; from then on we wait for them."""
    _act(ctx, person, lambda _desk, _by: c.AskDetails(_for_client(text)), "the question is on its way")


@ticket.command()
def eta(
    ctx: typer.Context,
    when: Annotated[str, typer.Argument(help="15:00, 2h, 'tomorrow 10:00', 'mon 15:00', in the person's own zone.")],
    text: Words = "",
    person: As = None,
) -> None:
    """Promise the client a moment."""

    def made(desk: Beside, by: PersonId) -> c.Command:
        return c.GiveEta(_moment(desk, by, when), _for_client(text))

    _act(ctx, person, made, "the promise is on its way")


@ticket.command()
def resolve(ctx: typer.Context, text: Words = "", person: As = None) -> None:
    """The work is done."""
    _act(ctx, person, lambda _desk, _by: c.Resolve(_for_client(text)), "resolved")


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


@ticket.command("not-spam")
def not_spam(ctx: typer.Context, person: As = None, *, as_json: Json = False) -> None:
    """A client said it after all: it goes on, and its promises count as though nobody had marked it."""
    _act(ctx, person, lambda _desk, _by: c.NotSpam(), "no spam: it goes on", as_json=as_json)


@ticket.command()
def merge(
    ctx: typer.Context,
    into: Annotated[str, typer.Argument(metavar="TICKET", help="The one that goes on, as in T-1.")],
    person: As = None,
    *,
    as_json: Json = False,
) -> None:
    """It is the same piece of work as another ticket, which goes on with both."""
    kept = _numbered(into)
    _act(ctx, person, lambda _desk, _by: c.Merge(kept), f"goes on as {number(kept)}", as_json=as_json)


ticket.command("belongs-to", help="What was begun apart belongs to another ticket: the same as merge.")(merge)


@ticket.command()
def unmerge(ctx: typer.Context, person: As = None, *, as_json: Json = False) -> None:
    """It was merged and is a piece of work of its own after all: its words and promises come back to it."""
    _act(ctx, person, lambda _desk, _by: c.Unmerge(), "a ticket of its own again", as_json=as_json)


@ticket.command()
def same(ctx: typer.Context, person: As = None, *, as_json: Json = False) -> None:
    """It is the one that it perhaps is, as `show` says: it goes on as that."""
    _act(ctx, person, lambda _desk, _by: c.Same(), "", as_json=as_json)


@ticket.command("same-person")
def same_person(
    ctx: typer.Context,
    other: Annotated[str, typer.Argument(metavar="TICKET", help="A ticket of the same person, as in T-1.")],
    person: As = None,
    *,
    as_json: Json = False,
) -> None:
    """Whoever wrote it wrote that one as well, on another channel: one person from now on, with one history."""
    known = _numbered(other)
    _act(ctx, person, lambda _desk, _by: c.SamePerson(known), "", as_json=as_json)


@ticket.command("two-people")
def two_people(ctx: typer.Context, person: As = None, *, as_json: Json = False) -> None:
    """Whoever wrote it was taken for somebody else: two people again, each with what they said."""
    _act(ctx, person, lambda _desk, _by: c.TwoPeople(), "", as_json=as_json)


@ticket.command()
def link(
    ctx: typer.Context,
    channel: Annotated[Channel, typer.Argument(help="Where they want to go on.")],
    person: As = None,
    *,
    as_json: Json = False,
) -> None:
    """Send whoever wrote it a one-time code by which they are known on another channel too."""
    _act(ctx, person, lambda _desk, _by: c.LinkChannel(channel.value), "", as_json=as_json)


@ticket.command()
def snooze(
    ctx: typer.Context,
    until: Annotated[str, typer.Argument(help="15:00, 2h, 'tomorrow 10:00', 'mon 15:00', in the person's own zone.")],
    person: As = None,
    *,
    as_json: Json = False,
) -> None:
    """Out of the way until a moment, or until the client writes or a promise is nearly due; nothing is paused."""
    done = f"out of the way until {until}"
    _act(ctx, person, lambda desk, by: c.Snooze(_moment(desk, by, until)), done, as_json=as_json)


@ticket.command()
def unsnooze(ctx: typer.Context, person: As = None, *, as_json: Json = False) -> None:
    """Back in sight at once."""
    _act(ctx, person, lambda _desk, _by: c.Unsnooze(), "back in sight", as_json=as_json)


@ticket.command()
def split(
    ctx: typer.Context,
    message: Annotated[int, typer.Argument(max=MOST, help="The id of a client's message, as `show` names it.")],
    person: As = None,
    *,
    as_json: Json = False,
) -> None:
    """From a message on it is another matter: a ticket of its own."""
    _act(ctx, person, lambda _desk, _by: c.Split(MessageId(message)), "", as_json=as_json)


@ticket.command("not-covered")
def not_covered(
    ctx: typer.Context,
    clause: Annotated[str, typer.Argument(help="The clause that leaves it out; the client reads it.")],
    person: As = None,
    *,
    as_json: Json = False,
) -> None:
    """The agreement leaves it out: the client is told, and nothing is promised on it any more."""
    _act(
        ctx,
        person,
        lambda _desk, _by: c.NotCovered(_for_client(clause)),
        "not covered; the client is told",
        as_json=as_json,
    )


@ticket.command()
def covered(ctx: typer.Context, person: As = None, *, as_json: Json = False) -> None:
    """The agreement covers it after all: the client is told, and it is promised from now on."""
    _act(ctx, person, lambda _desk, _by: c.Covered(), "covered; the client is told", as_json=as_json)


@ticket.command()
def agree(
    ctx: typer.Context,
    metric: Metric,
    within: Annotated[str, typer.Argument(help="How long it may take: 4h, 90m, 2bd.")],
    person: As = None,
    *,
    as_json: Json = False,
) -> None:
    """A length was agreed with the client for one promise of this ticket."""
    try:
        length = parse_within(within)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from error
    done = f"{metric} within {within} from its start, as agreed"
    _act(ctx, person, lambda _desk, _by: c.Agree(metric, length), done, as_json=as_json)


def _moment(desk: Beside, by: PersonId, words: str) -> Instant:
    calendar = desk.revision.calendars[desk.revision.people[by].calendar]
    try:
        return parse_eta(words, now=desk.now, zone=calendar.zone, calendar=calendar)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from error


def _numbered(name: str) -> TicketId:
    try:
        return ticket_id_from_number(name)
    except ValueError as error:
        raise CommandError(str(error), USAGE) from error


def _words(text: str) -> str:
    return sys.stdin.read().strip() if text == "-" else text


def _for_client(text: str) -> str:
    """Words that a client will read: a note or a command among them is a slip, wherever it is written."""
    written = _words(text)
    if stays_in(written, channel=Channel.BOARD):
        raise CommandError("words that begin with // or with a command never go to a client: use note", USAGE)
    return written


def _id(ctx: typer.Context) -> TicketId:
    """The ticket that the group was called with."""
    return TicketId(ctx.find_object(int) or 0)


def _act(ctx: typer.Context, person: str | None, make: Make, done: str, *, as_json: bool = False) -> None:
    """Do it and say so in `done`, our own words; those of the desk where there are none.

    Programs are told the ticket as it is afterwards, with its promises.
    """
    from bot.store.reading.reads import page

    ticket_id = _id(ctx)

    async def work(desk: Beside) -> None:
        by = who_acts(desk.revision, person)
        answer = await perform(desk, by, ticket_id, make(desk, by))
        if not as_json:
            say(f"{number(ticket_id)}: {done or answer.text}")
            return
        now = desk.now
        found = await desk.database.read(lambda conn: page(conn, desk.revisions, ticket_id, now=now))
        if found is not None:
            say_json(outcome_facts(found))

    beside(ctx, work)
