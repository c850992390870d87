"""A scene on a desk of its own: what was said, what was promised, and that the same past gives the same promises."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from adapters.message import Channel
from bot.app.simulation.history import differences, remembered
from bot.app.simulation.scene import Event, read_scene
from bot.app.simulation.simulating import Played, Promised, play
from bot.tickets import command as c
from bot.tickets.ticket import TicketId
from sla.clock import State
from sla.duration import Instant, instant
from sla.policy import Metric
from sla.promise import ReplyKind
from tests.builders import STORY_DESK, document, story_desk
from tests.harness import Story
from tests.policies.scenario import ROOT, example

DESK = document(STORY_DESK)


def scene(*events: tuple[str, Mapping[str, Any]]) -> list[Event]:
    """Events at times of one Tuesday, at +03:00."""
    return read_scene(json.dumps({"at": f"2026-03-03T{time}:00+03:00", **event}) for time, event in events)


def lena(text: str) -> dict[str, Any]:
    return {"channel": "telegram", "from": "Lena", "text": text}


def vera(text: str, **more: str) -> dict[str, Any]:
    return {"person": "vera", "channel": "telegram", "conversation": "1001", "text": text, **more}


def told(played: Played, to: str) -> list[tuple[str, str]]:
    """What one receiver was told: what it was, and its first line. Cards that changed where they stood aside."""
    return [(one.what, one.text.split("\n")[0]) for one in played.said if one.to == to and one.what != "card_changed"]


async def test_a_conversation_is_played_to_its_end() -> None:
    played = await play(
        DESK,
        scene(("12:00", lena("Payroll failed")), ("12:20", vera("On it", kind="answer")), ("12:25", lena("When?"))),
    )

    assert played.impossible == []
    assert [(one.ticket, one.clock.metric.value, one.clock.state) for one in played.promised] == [
        (1, "first_response", State.MET),
        (1, "next_response", State.BREACHED),
    ]
    assert told(played, "1001") == [
        ("auto", "Thank you, we have it (T-1). Vera answers by 10:00 (your time)."),
        ("reply", "On it"),
    ]
    assert [what for what, _ in told(played, "vera")] == ["card", "ping", "ping", "ping", "alert"]
    assert [text for _, text in told(played, "dana")] == [
        "Last call for T-1 (Acme): 3 min left for the next response, due 13:25",
        "T-1 (Acme): next response is overdue since 13:25",
    ]
    assert {one.ticket for one in played.said} == {1}
    assert [one.at for one in played.said] == sorted(one.at for one in played.said)


async def test_time_runs_on_only_as_long_as_it_is_told_to() -> None:
    until = Instant(scene(("12:30", lena("x")))[0].at)

    played = await play(DESK, scene(("12:00", lena("Payroll failed"))), until=until)

    (promised,) = played.promised
    assert promised.clock.state is State.RUNNING
    assert [text for _, text in told(played, "vera")] == ["T-1 · Acme: Payroll failed"]


async def test_what_cannot_happen_is_left_out_and_told() -> None:
    played = await play(
        DESK,
        scene(
            ("12:00", vera("Too early")),
            ("12:01", lena("Payroll failed")),
            ("12:02", {"person": "nobody", "ticket": "T-1", "text": "?"}),
            ("12:03", {"person": "vera", "ticket": "T-7", "kind": "take"}),
            ("12:04", vera("soon", kind="eta")),
            ("12:05", vera("Done", kind="fix")),
        ),
    )

    reasons = [(event.line, why) for event, why in played.impossible]
    assert [line for line, _ in reasons] == [1, 3, 4, 5]
    assert "nothing was said in 1001 on telegram yet" in reasons[0][1]
    assert "nobody of yours is called 'nobody'" in reasons[1][1]
    assert "T-7 is not there yet" in reasons[2][1]
    assert "tomorrow 10:00" in reasons[3][1]
    assert [one.clock.state for one in played.promised] == [State.MET]


async def test_the_scene_of_the_documentation_can_be_played() -> None:
    page = (ROOT / "docs" / "how-to" / "try-a-change.md").read_text("utf-8")
    (written,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)

    played = await play(example(), read_scene(written.splitlines()))

    assert played.impossible == []
    assert [one.clock.metric for one in played.promised] == ["first_response"]


async def test_what_happens_while_a_channel_rests_happens_when_it_did() -> None:
    word, noon = {"channel": "telegram", "text": "Payroll failed"}, "2026-03-03T12:00"
    words = [{**word, "at": f"{noon}:00.{tenth}00+03:00", "from": f"500{tenth}"} for tenth in (0, 0, 3, 6, 9)]
    answer = {**vera("On it", kind="answer"), "conversation": "5000", "at": f"{noon}:00.901+03:00"}
    events = read_scene(map(json.dumps, [*words, answer]))

    played = await play(DESK, events, until=Instant(events[0].at + 60_000))

    assert played.impossible == []
    first = [one for one in played.promised if one.clock.metric is Metric.FIRST_RESPONSE]
    assert [one.clock.started_at - events[0].at for one in first] == [0, 300, 600, 900]
    assert [one.clock.satisfied_at for one in first] == [events[-1].at, None, None, None]
    assert {one.to for one in played.said if one.what == "auto"} == {"5000", "5003", "5006", "5009"}


async def test_nothing_happens_without_events() -> None:
    assert await play(DESK, []) == Played()


async def test_the_same_past_on_the_same_desk_makes_no_difference(desk: Story) -> None:
    events, was, now = await past(desk)

    assert differences(was, await play(DESK, events, until=now)) == []


async def test_nor_where_tickets_were_merged_split_left_out_or_agreed_on(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=5)
    await desk.receives(sender="lena", text="And the export is slow")
    export = next(line.id for line in await desk.lines() if line.text.startswith("And"))
    await desk.does("vera", c.Split(export))
    await desk.does("vera", c.Agree(Metric.FIRST_RESPONSE, timedelta(hours=3)), ticket=2)
    await desk.receives(sender="bill", text="Our export stops")
    await desk.receives(Channel.EMAIL, sender="bill", text="The daily export stops")
    await desk.does("oleg", c.Merge(TicketId(3)), ticket=4)
    await desk.receives(sender="taras", text="A plugin of yours?")
    await desk.does("oleg", c.NotCovered("6.2"), ticket=5)
    await desk.fast_forward(minutes=90)
    desk.forget()
    events, was = await remembered(desk.database, desk.desk.revisions, now=desk.time.at)

    assert len(was) == 4
    assert differences(was, await play(DESK, events, until=desk.time.at)) == []


async def test_what_was_asked_for_as_another_matter_and_what_was_reworded_is_played_as_it_was_said(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=5)
    await desk.receives(sender="lena", text="/new The login is slow")
    first = await desk.receives(sender="taras", text="The export fails")
    await desk.fast_forward(minutes=5)
    await desk.edits("taras", first, "/status")
    await desk.does("vera", c.Reply("Looking", ReplyKind.ANSWER), ticket=2)
    await desk.fast_forward(minutes=90)
    desk.forget()
    events, was = await remembered(desk.database, desk.desk.revisions, now=desk.time.at)

    assert [(one.ticket, one.clock.metric) for one in was] == [(number, Metric.FIRST_RESPONSE) for number in (1, 2, 3)]
    assert differences(was, await play(DESK, events, until=desk.time.at)) == []


async def test_another_desk_shows_which_promises_would_have_gone_otherwise(desk: Story) -> None:
    events, was, now = await past(desk)
    slower = document(STORY_DESK.replace('first_response = { within = "1h"', 'first_response = { within = "2h"'))

    found = differences(was, await play(slower, events, until=now))

    assert [(one.was and one.was.clock.state, one.would_be and one.would_be.clock.state) for one in found] == [
        (State.MET_LATE, State.MET),
        (State.MET, State.MET),  # another moment, the same end
    ]


async def past(desk: Story) -> tuple[list[Event], list[Promised], Instant]:
    """A story with one promise broken, an ETA, a question and a hand-over, as its database remembers it."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=70)
    await desk.does("vera", c.Reply("Sorry, I look into it", ReplyKind.ANSWER))
    await desk.receives(Channel.EMAIL, sender="bill", text="Our export stops")
    await desk.does("oleg", c.AskDetails("Which one?"), ticket=2)
    await desk.fast_forward(minutes=30)
    await desk.receives(Channel.EMAIL, sender="bill", text="The daily one")
    await desk.does("oleg", c.GiveEta(instant(desk.time.moment().replace(hour=15))), ticket=2)
    await desk.does("oleg", c.HandOver(None, "lunch"), ticket=2)
    await desk.fast_forward(minutes=30)
    await desk.does("vera", c.Resolve("Fixed"))
    desk.forget()
    now = desk.time.at
    return *await remembered(desk.database, desk.desk.revisions, now=now), now


async def test_the_whole_ladder_is_played() -> None:
    steps = 'steps = [{ after = "0m", tell = "lead" }, { after = "30m", tell = "executive" }]'
    desk = document(story_desk(('steps = [{ after = "0m", tell = "lead" }]', steps)))

    played = await play(desk, scene(("12:00", lena("Payroll failed")), ("13:10", lena("Hello?"))))

    alerts = [(one.to, one.at, one.ticket) for one in played.said if one.what == "alert"]
    due = scene(("13:00", lena("x")))[0].at
    assert [(to, (at - due) // 60_000) for to, at, _ in alerts] == [
        ("dana", -3),
        ("vera", 0),
        ("dana", 0),
        ("ines", 30),
    ]
    assert {ticket for _, _, ticket in alerts} == {1}
