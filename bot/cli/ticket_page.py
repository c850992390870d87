"""One ticket as a terminal shows it: whole for programs, and in lines for people."""

from typing import TYPE_CHECKING, Any

from bot.cli.beside import Beside
from bot.cli.facts import ticket_facts
from bot.cli.printed import iso, left, plain, say, say_table, shown
from bot.tickets.ticket import number
from sla.clock import Clock

if TYPE_CHECKING:  # see beside.py
    from bot.store.reads import Page


def page_facts(found: "Page") -> dict[str, Any]:
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
        "clocks": [clock_facts(clock) for clock in found.facts.clocks],
        "events": [{"at": iso(one.at), "what": one.what, "by": one.by, "why": one.why} for one in found.events],
    }


def outcome_facts(found: "Page") -> dict[str, Any]:
    """What a command has made of a ticket, for programs; `split_into` is the latest one that was split off it."""
    splits = [one.particulars.get("into") for one in found.events if one.what == "split"]
    return {
        **ticket_facts(found.ticket, found.facts.speaker.name),
        "clocks": [clock_facts(clock) for clock in found.facts.clocks],
        "split_into": splits[-1] if splits else None,
    }


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
    one, zone = found.ticket, desk.revision.zone
    say(f"{number(one.id)}  {plain(one.subject)}")
    say(f"{one.status.value}, {one.urgency}, {one.assignee or 'nobody'} ({one.rule})")
    proof = "" if one.is_verified else ", not verified"
    client = one.client or "no client we know"
    say(f"{plain(found.facts.speaker.name)} of {client} on {one.channel}{proof}, plan {one.plan}")
    if one.merged_into is not None:
        say(f"goes on as {number(one.merged_into)}")
    if one.not_covered is not None:
        say(f"not covered by the agreement: {plain(one.not_covered)}")
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
