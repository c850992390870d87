"""Whatever happens at whatever hour: nobody is called outside their hours, but who is on call for what is urgent.

What a colleague does by hand (gives a ticket to somebody, merges it) is told at once; so is what the ladder of a
promise in real time says, and what the client says to whoever took on at night what was paged for. All are meant.
"""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.deskfile.revise import revision_from_document
from bot.tickets import command as c
from bot.tickets.ladder.calling import LOUD
from bot.tickets.revision import Revision
from routing.people import PersonId
from sla.duration import Instant, millis
from tests.builders import document, story_desk
from tests.unit.tickets.played import Played

PICKED_UP = ('pick_up = "never"\n', 'pick_up = "15m"\n')
#: Mira stays later, and a line answers at night.
LATE = (
    'name = "Mira Solano"\nroles = ["manager"]\ncalendar = "office"',
    'name = "Mira Solano"\nroles = ["manager"]\ncalendar = "long"',
)
PAGED = ('default_urgency = "medium"', 'default_urgency = "medium"\noff_hours_ladder = "oncall"')
ONCALL = """
[lines.oncall]
people = ["tara", "oleg"]
calendar = "office"
turns_from = 2026-03-02
[ladders.oncall]
steps = [{ after = "0m", tell = "oncall" }, { after = "15m", tell = "lead" }]
"""
#: What somebody does by hand, and what is said to whoever asked for it.
BY_HAND = ("handed:", "relieved:", "escalated:", "asked:")

texts = st.sampled_from(["Payroll failed", "Payroll is down", "And the export?", "ok"])
lengths = st.sampled_from([timedelta(minutes=m) for m in (1, 20, 61, 300, 700)] + [timedelta(days=1)])
DEEDS: tuple[c.Command, ...] = (
    c.Take(),
    c.Reply("Looking"),
    c.AskDetails("Which?"),
    c.Resolve("Done"),
    c.HandOver(None),
)


def desk(*more: tuple[str, str]) -> Revision:
    return revision_from_document(document(story_desk(PICKED_UP, LATE, PAGED, *more, more=ONCALL)), 1)


OFFICE = desk()
#: A promise of real time runs at night.
AROUND_THE_CLOCK = desk(('first_response = { within = "4h" }', 'first_response = { within = "4h", unit = "wall" }'))


@pytest.mark.parametrize("client", ["acme", "initech"])
@pytest.mark.parametrize(
    "revision", [pytest.param(OFFICE, id="office hours"), pytest.param(AROUND_THE_CLOCK, id="real time")]
)
@settings(max_examples=25)
@given(data=st.data())
def test_nobody_is_called_outside_their_hours(client: str, revision: Revision, data: st.DataObject) -> None:
    played = Played(client, revision=revision)
    played.waits(Instant(played.now + millis(data.draw(lengths, label="before"))))
    played.says(data.draw(texts, label="first"))
    for _ in range(data.draw(st.integers(1, 10), label="steps")):
        played.waits(Instant(played.now + 1))  # words of the millisecond in which they are answered are answered
        match data.draw(st.sampled_from(["client", "staff", "time", "time"]), label="who"):
            case "client":
                played.says(data.draw(texts, label="says"))
            case "staff":
                played.does(
                    data.draw(st.sampled_from(["vera", "mira", "dana"]), label="by"), data.draw(st.sampled_from(DEEDS))
                )
            case _:
                played.waits(Instant(played.now + millis(data.draw(lengths, label="for"))))
    for at, ticket, ping in played.pinged:
        person = revision.people[ping.person]
        is_climbing = ping.is_alert and ping.person != ticket.assignee
        assert (
            revision.coverage.is_on_shift(person, at)
            or ping.key.startswith(BY_HAND)
            or (ping.key.startswith("page:") and ticket.urgency in LOUD)
            or (ping.key.startswith("wrote:") and ticket.ladder is not None and ticket.ladder.on_call == ping.person)
            or (is_climbing and revision is AROUND_THE_CLOCK)
        ), f"{ping.person} was called at {at}: {ping.title}"
    assert all(PersonId(one) != ticket.assignee for _, ticket, _ in played.pinged for one in ticket.passed_over[:-1])
