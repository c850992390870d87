"""Whatever people do in whatever order: promises are watched, versions rise by one, notes stay inside."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.tickets import command as c
from bot.tickets.command import Command
from bot.tickets.facts import Say
from routing.people import PersonId
from sla.duration import Instant, millis
from sla.policy import Metric
from sla.promise import ReplyKind
from tests.unit.tickets.played import Played

CANARY = "canary-8c1f"
PEOPLE = ("vera", "oleg", "mira", "tara", "dana")

texts = st.sampled_from(["Payroll failed", "Thanks!", "And the export?", "ok", "T-1 again"])
lengths = st.sampled_from(
    [timedelta(0), *(timedelta(minutes=m) for m in (1, 20, 61, 300)), timedelta(days=1), timedelta(days=4)]
)


def commands(now: Instant) -> list[Command]:
    """Everything our people can do at that moment, in every way that makes a difference."""
    return [
        c.Take(),
        *(c.Reply("Looking", kind) for kind in ReplyKind),
        *(c.NameReply(kind) for kind in ReplyKind if kind is not ReplyKind.UNSET),
        c.NameReply(ReplyKind.ETA, Instant(now + 6_000_000)),
        c.AddNote(f"{CANARY} they owe us"),
        c.AskDetails("Which month?"),
        *(c.GiveEta(Instant(now + minutes * 60_000)) for minutes in (30, 6_000)),
        c.WaitThirdParty("bank"),
        c.Resume(),
        c.Resolve(),
        c.Resolve("Fixed"),
        *(c.HandOver(to) for to in (None, *(PersonId(name) for name in PEOPLE))),
        c.Escalate("Help"),
        *(c.SetUrgency(level) for level in ("critical", "low", "asap")),
        c.NeedsNoAnswer(),
        c.Acknowledge(),
        c.MarkSpam(),
        c.NotCovered("6.2, software of others"),
        *(c.Agree(metric, timedelta(hours=2)) for metric in (Metric.FIRST_RESPONSE, Metric.FOLLOW_UP)),
    ]


@pytest.mark.parametrize("client", ["acme", "globex"])
@pytest.mark.parametrize("between", ["nothing", "an hour", "the client"])
def test_no_two_commands_leave_a_promise_unwatched(client: str, between: str) -> None:
    count = len(commands(Instant(0)))
    for first, second in product(range(count), repeat=2):
        played = Played(client)
        played.says("Payroll failed")
        played.does("dana", commands(played.now)[first])
        if between == "an hour":
            played.waits(Instant(played.now + 3_660_000))
        elif between == "the client":
            played.says("It fails again")
        played.does("dana", commands(played.now)[second])


@pytest.mark.parametrize("client", ["acme", "globex", "initech"])
@settings(max_examples=80)
@given(data=st.data())
def test_no_sequence_leaves_a_promise_unwatched(client: str, data: st.DataObject) -> None:
    played = Played(client)
    played.says("Payroll failed")
    for _ in range(data.draw(st.integers(1, 14), label="steps")):
        match data.draw(st.sampled_from(["client", "staff", "staff", "time"]), label="who"):
            case "client":
                played.says(data.draw(texts, label="says"))
            case "staff":
                person = data.draw(st.sampled_from(PEOPLE), label="by")
                played.does(person, data.draw(st.sampled_from(commands(played.now)), label="does"))
            case _:
                played.waits(Instant(played.now + millis(data.draw(lengths, label="waits"))))
    assert CANARY not in played.words
    # Long after, every promise is kept or its breach recorded, and nobody was told anything twice.
    played.waits(Instant(played.now + millis(timedelta(days=30))))
    pings = [effect.key for effect in played.told if not isinstance(effect, Say) and hasattr(effect, "key")]
    assert len(pings) == len(set(pings))
