"""One ticket as a terminal shows it: whole for programs, and in lines for people."""

from typing import TYPE_CHECKING, Any

from adapters.message import Channel
from bot.cli.beside import Beside
from bot.cli.facts import ticket_facts
from bot.cli.printed import iso, left, plain, say, say_table, shown
from bot.tickets.care.csat import Csat
from bot.tickets.care.judging import why_urgent
from bot.tickets.facts import Line
from bot.tickets.margin import Margin
from bot.tickets.texts import Texts
from bot.tickets.ticket import number
from sla.clock import Clock
from sla.duration import Instant

if TYPE_CHECKING:  # see beside.py
    from bot.store.delivery.alert_receipts import AlertReceipt
    from bot.store.reading.reads import Page


def page_facts(found: "Page") -> dict[str, Any]:
    """One ticket whole for programs; the keys are a contract."""
    speaker = found.facts.speaker.name
    return {
        **ticket_facts(found.ticket, speaker),
        "urgency_because": _why_urgent(found),
        "csat": csat_facts(found.csat),
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
                "message_id": message_id(line),
                "state": line.state,
                "reply_kind": line.reply_kind,
                "is_edited": line.is_edited,
                "is_deleted": line.is_deleted,
                "margin": _margin(found, line),
            }
            for line in found.lines
        ],
        "notes": [{"at": iso(one.at), "author": one.author, "text": one.text} for one in found.notes],
        "clocks": [clock_facts(clock) for clock in found.facts.clocks],
        "alerts": [
            {
                "person": one.person,
                "channel": one.channel,
                "title": one.title,
                "state": one.state,
                "sent_at": iso(one.sent_at),
                "delivered_at": iso(one.delivered_at),
                "acknowledged_at": iso(one.acknowledged_at),
                "acted_at": iso(one.acted_at),
            }
            for one in found.alerts
        ],
        "events": [{"at": iso(one.at), "what": one.what, "by": one.by, "why": one.why} for one in found.events],
    }


def csat_facts(csat: Csat | None) -> dict[str, Any] | None:
    """What a client said of how it went, for programs; None where nobody has asked."""
    if csat is None:
        return None
    return {
        "asked_at": iso(csat.asked_at),
        "score": csat.score,
        "answered_at": iso(csat.answered_at),
        "comment": csat.comment,
        "escalated_at": iso(csat.escalated_at),
    }


def _why_urgent(found: "Page") -> str:
    revision = found.facts.revision
    return why_urgent(revision, found.ticket, Texts("en", revision.zone, revision.texts))


def message_id(line: Line) -> str | None:
    """The mail's own Message-ID, where a line came or went by mail and has one."""
    name = (line.external_id or "").partition(" ")[0]
    return f"<{name}>" if line.channel == Channel.EMAIL and "@" in name else None


def _margin(found: "Page", line: Line) -> dict[str, Any] | None:
    """What stands beside a mail, for staff; None where nothing does."""
    margin = found.margins.get(line.id)
    if margin is None:
        return None
    return {
        "subject": margin.subject or None,
        "doubt": margin.doubt or None,
        "beneath": margin.beneath or None,
        "quoted": margin.quoted or None,
        "beside": [{"address": one.address, "takes_part": one.takes_part} for one in margin.beside],
        "passed_on_by": margin.passed_on_by,
    }


def outcome_facts(found: "Page") -> dict[str, Any]:
    """What a command has made of a ticket, for programs; `split_into` is the latest one that was split off it."""
    splits = [one.particulars.get("into") for one in found.events if one.what == "split"]
    return {
        **ticket_facts(found.ticket, found.facts.speaker.name),
        "clocks": [clock_facts(clock) for clock in found.facts.clocks],
        "split_into": splits[-1] if splits else None,
    }


def _margin_words(found: "Page", line: Line) -> list[str]:
    margin = found.margins.get(line.id) or Margin()
    words = [f"(passed on by {margin.passed_on_by})"] if margin.passed_on_by else []
    words += [f"(unverified sender: {margin.doubt})"] if margin.doubt else []
    words += [f"({' '.join(margin.quoted.split())})"] if margin.quoted else []
    named = [f"{one.address}{'' if one.takes_part else ', who gets no reply'}" for one in margin.beside]
    return words + ([f"(also to {'; '.join(named)})"] if named else [])


def clock_facts(clock: Clock) -> dict[str, Any]:
    """One promise for programs; the keys are a contract."""
    return {
        "metric": clock.metric.value,
        "state": clock.state.value,
        "started_at": iso(clock.started_at),
        "due_at": iso(clock.due_at),
        "breached_at": iso(clock.breached_at),
        "satisfied_at": iso(clock.satisfied_at),
    }


def print_page(found: "Page", desk: Beside) -> None:
    """One ticket for people."""
    zone = desk.revision.zone
    _print_ticket(found, zone)
    say()
    _print_words(found, zone)
    say()
    say_table(
        ["clock", "state", "due", "left"],
        [
            [clock.metric.value, clock.state.value, shown(clock.due_at, zone), left(clock.due_at, desk.now)]
            for clock in found.facts.clocks
        ],
        empty="no clocks",
    )
    if found.alerts:
        say()
        rows = [[alert.person, alert.channel, *(shown(at, zone) for at in _moments(alert))] for alert in found.alerts]
        say_table(["alerted", "by", "sent", "delivered", "acknowledged", "acted"], rows, empty="")


def _print_ticket(found: "Page", zone: str) -> None:
    one = found.ticket
    say(f"{number(one.id)}  {plain(one.subject)}")
    say(f"{one.status.value}, {one.urgency}, {one.assignee or 'nobody'} ({one.rule})")
    proof = "" if one.is_verified else ", not verified"
    client = one.client or "no client we know"
    say(f"{plain(found.facts.speaker.name)} of {client} on {one.channel}{proof}, plan {one.plan}")
    if one.passed_over:
        say(f"not picked up by {', '.join(one.passed_over)}")
    if because := _why_urgent(found):
        say(f"{one.urgency} because {plain(because)}")
    if one.snoozed_until is not None:
        say(f"out of the way until {shown(one.snoozed_until, zone)}")
    if found.csat is not None:
        say(f"rated {found.csat.score or 'not yet'} of 5 {plain(found.csat.comment)}".rstrip())
    for address, reason in found.failing.items():
        say(f"nothing arrives at {plain(address.partition(':')[2])}: {plain(reason)}")
    if one.merged_into is not None:
        say(f"goes on as {number(one.merged_into)}")
    if one.not_covered is not None:
        say(f"not covered by the agreement: {plain(one.not_covered)}")


def _print_words(found: "Page", zone: str) -> None:
    for line in found.lines:
        who = found.facts.speaker.name if line.direction == "in" else (line.author or "Maitred")
        say(f"{shown(line.at, zone)}  {plain(who)}{'' if line.direction == 'in' else f' ({line.state})'}")
        for words in plain(line.text).split("\n"):
            say(f"    {words}")
        for words in _margin_words(found, line):
            say(f"    {plain(words)}")
        for attached in line.attachments:
            say(f"    [{plain(attached.name)}, {attached.size} bytes]")
    for noted in found.notes:
        say(f"{shown(noted.at, zone)}  note by {noted.author}: {plain(noted.text)}")


def _moments(alert: "AlertReceipt") -> tuple[Instant | None, ...]:
    return alert.sent_at, alert.delivered_at, alert.acknowledged_at, alert.acted_at
