"""What is said of leave as it is said: who stands in, also where somebody else was named, and when they are back."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from adapters.port import Answer
from bot.tickets.command import GiveEta, Reply
from sla.duration import instant
from tests.builders import document, story_desk
from tests.harness import NOON, Story

DATABASES = ("sqlite", "postgresql")
VERA, MIRA = "T1/U1", "T1/U3"


@pytest.fixture
async def asked(desk: Story) -> Story:
    """Acme's ticket is Vera's."""
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    return desk


async def says(desk: Story, text: str, *, by: str = VERA) -> Answer:
    answer = await desk.channels[Channel.SLACK].command(by, "desk", text)
    await desk.settle()
    return answer


async def test_where_whoever_was_named_is_away_the_one_of_the_desk_stands_in_and_is_said_to(asked: Story) -> None:
    await says(asked, "away until friday", by=MIRA)
    answer = await says(asked, "away until thursday backup mira")
    assert answer.text == "Vera Kova is away and back Thursday 10:00. Oleg Hnatiuk stands in."
    assert (await asked.ticket()).assignee == "oleg"


async def test_where_whoever_was_named_has_left_the_one_of_the_desk_stands_in_and_is_said_to(asked: Story) -> None:
    await says(asked, "away from tomorrow until friday backup mira")
    await asked.apply(document(_without_mira()))
    asked.forget()
    await asked.go_to(NOON + timedelta(days=1))
    assert (await asked.ticket()).assignee == "oleg"
    asked.expect_ping(
        "oleg", containing="Vera Kova is away and back Friday 10:00. Oleg Hnatiuk stands in. 1 ticket is yours"
    )


async def test_what_leave_brings_as_a_shift_begins_is_told_with_it_and_not_once_more(asked: Story) -> None:
    await asked.does("vera", GiveEta(instant(NOON + timedelta(hours=10))))
    await asked.receives(sender="taras", text="The export is slow")
    await asked.does("oleg", Reply("Looking"), ticket=2)
    await says(asked, "away from tomorrow 10:00 until friday")
    await asked.go_to(NOON + timedelta(hours=9))
    await asked.receives(sender="taras", text="Any news?")
    asked.forget()
    await asked.go_to(NOON + timedelta(hours=22, seconds=10))
    asked.expect_ping("oleg", containing="1 ticket is yours meanwhile")
    assert "T-1" not in asked.expect_ping("oleg", containing="1 ticket waited for you\nT-2")


def _without_mira() -> str:
    kept = story_desk(('people = ["oleg", "mira"]', 'people = ["oleg"]'), ('backup = "mira"', 'backup = "tara"'))
    before, _, rest = kept.partition("[people.mira]")
    return before + rest[rest.index("[people.tara]") :]


@pytest.mark.parametrize("before", [pytest.param("away until friday", id="sooner"), pytest.param("away", id="at all")])
async def test_whoever_is_back_sooner_than_they_said_reads_the_new_end(asked: Story, before: str) -> None:
    await says(asked, before)
    answer = await says(asked, "away until tomorrow")
    assert answer.text == "Vera Kova is away and back tomorrow 10:00. Oleg Hnatiuk stands in."
    asked.forget()
    await asked.go_to(NOON + timedelta(days=1))
    assert (await asked.ticket()).assignee == "vera"
    asked.expect_ping("vera", containing="1 ticket moved on while you were away")


async def test_back_before_leave_has_begun_says_how_what_is_planned_is_called_off(asked: Story) -> None:
    await says(asked, "away from tomorrow until friday")
    refused = await says(asked, "back")
    assert refused.is_refused
    assert refused.text.startswith("Vera Kova is not away; nothing was changed.")
    words = refused.text.rpartition(": ")[2]
    assert (await says(asked, words)).text == "Vera Kova is there again."
    assert (await says(asked, "back")).text == "Vera Kova is not away; nothing was changed."
    await asked.go_to(NOON + timedelta(days=1))
    assert (await asked.ticket()).assignee == "vera"
