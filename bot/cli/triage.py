"""A dry run of triage on history: which tickets the rules of a directory would judge otherwise than those in force."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.beside import Beside, Json, beside, settings_of
from bot.cli.printed import USAGE, CommandError, counted, plain, say, say_json, say_table, shown
from bot.tickets.care.judging import contract_with, judge
from bot.tickets.revision import Revision
from bot.tickets.ticket import TicketId, number
from routing.people import ClientId
from routing.triage import Triage
from sla.duration import Instant, moment

if TYPE_CHECKING:  # see beside.py
    from bot.store.reading.first_words import FirstWords


@dataclass(frozen=True, slots=True)
class Otherwise:
    """One ticket that both judge differently; `urgency` is what it has by now."""

    ticket: TicketId
    client: ClientId | None
    subject: str
    opened_at: Instant
    urgency: str
    before: Triage
    after: Triage


def triage(
    ctx: typer.Context,
    *,
    desk: Annotated[Path | None, typer.Option(help="A desk directory; else that of the settings.")] = None,
    as_json: Json = False,
) -> None:
    """Which tickets of the database the rules of a desk directory would judge otherwise; nothing is changed."""
    from bot.store.reading.first_words import first_words

    async def work(known: Beside) -> None:
        wanted = _revision(desk or settings_of(ctx).desk, known.now)
        said = await known.database.read(first_words)
        found = [other for one in said if (other := otherwise(one, known.revision, wanted)) is not None]
        if as_json:
            say_json({"tickets": len(said), "otherwise": [_facts(one) for one in found]})
            return
        zone = known.revision.zone
        say_table(
            ["ticket", "opened", "client", "in force", "would be", "because", "subject"],
            [
                [
                    number(one.ticket),
                    shown(one.opened_at, zone),
                    one.client or "",
                    _judgement(one.before),
                    _judgement(one.after),
                    plain(one.after.reason) or "nothing matched",
                    plain(one.subject),
                ]
                for one in found
            ],
            empty="no ticket would be judged otherwise",
        )
        say(f"{len(found)} of {counted(len(said), 'ticket')} would be judged otherwise")

    beside(ctx, work)


def otherwise(said: "FirstWords", before: Revision, after: Revision) -> Otherwise | None:
    """How two desks judge the words that a ticket opened with; None where it is the same."""
    one, other = (_judged(revision, said) for revision in (before, after))
    if (one.urgency, one.kind) == (other.urgency, other.kind):
        return None
    return Otherwise(said.ticket, said.client, said.subject, said.opened_at, said.urgency, one, other)


def _judged(revision: Revision, said: "FirstWords") -> Triage:
    plan, policy = contract_with(revision, revision.client(said.client))
    return judge(revision, said.text, plan, policy)


def _revision(directory: Path, now: Instant) -> Revision:
    from bot.deskfile.load import load
    from bot.deskfile.revise import revision_from_document

    loaded = load(directory, today=moment(now).date())
    if loaded.document is None:
        raise CommandError("\n".join(map(str, loaded.errors)), USAGE)
    return revision_from_document(loaded.document, 0)


def _judgement(seen: Triage) -> str:
    return f"{seen.urgency}, {seen.kind}" if seen.kind else seen.urgency


def _facts(one: Otherwise) -> dict[str, Any]:
    return {
        "ticket": number(one.ticket),
        "client": one.client,
        "subject": one.subject,
        "in_force": {"urgency": one.before.urgency, "kind": one.before.kind, "because": one.before.reason},
        "would_be": {"urgency": one.after.urgency, "kind": one.after.kind, "because": one.after.reason},
        "urgency": one.urgency,
    }
