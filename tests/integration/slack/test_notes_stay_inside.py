"""What is for us alone, written in Slack in whatever order: it never reaches a client through the real adapter either.

The sequences are those of tests/stories/test_notes_stay_inside.py; here Slack is the emulator, and what is judged is
what our app told it, call by call.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.errors import PermanentError, UncertainError
from adapters.message import Channel
from tests.integration.slack.stage import SlackStage
from tests.kept import LOOP
from tests.peers.slack_front import SlackFront
from tests.peers.slack_peer import Emulators
from tests.retold import retelling
from tests.stories.test_notes_stay_inside import ALERTS, CANARY, CARDS, DESKS, STAFF, Play

SLACK = Channel.SLACK
#: What is written in these is said to nobody in a place: a person opened their own page or a form.
OF_ONE_PERSON = ("views.open", "views.publish")


class SlackPlay(Play):
    """The same acts; Slack itself does not go away, because what it takes then nobody would see."""

    async def note_in_a_form(self) -> None:
        address = self.address()
        if any(card.card is not None and card.card.buttons for card in self.slack.cards(address)):
            number = self.data.draw(st.sampled_from(["T-1", "T-2"]), label="ticket")
            if (await self.slack.command(address, "ticket.note", number)).form is not None:
                await self.slack.command(address, "ticket.note", number, fields={"text": CANARY})

    async def trouble(self) -> None:
        others = [one for one in Channel if one is not SLACK]
        error = self.data.draw(st.sampled_from([PermanentError("no"), UncertainError("perhaps")]), label="trouble")
        self.desk.channels[self.data.draw(st.sampled_from([SLACK, *others]), label="channel")].fail_next(error)


async def told_to_clients(slack: SlackFront, stage: SlackStage, ours: list[str]) -> list[str]:
    """Every call that put something in front of somebody who is not of ours, as Slack was given it."""
    inside = {await stage.channel_of(place) for place in (*ours, ALERTS, CARDS)}
    said = [call for call in slack.api.calls if call.method not in OF_ONE_PERSON and "channel" in call.arguments]
    return [json.dumps(dict(call.arguments)) for call in said if call.arguments["channel"] not in inside]


async def played(slack: SlackFront, desk: str, data: st.DataObject, template: Path, folder: Path) -> None:
    stages: list[SlackStage] = []

    def on_stage(_database: object, now: Callable[[], datetime]) -> SlackStage:
        stages.append(SlackStage(slack, now=now))
        return stages[0]

    async with retelling(SLACK, on_stage, template, folder) as make:
        story = await make(DESKS[desk])
        story.works_on = SLACK
        play = SlackPlay(story, data)
        await story.receives(SLACK, sender="lena", text="Hello")
        for _ in range(data.draw(st.integers(1, 8), label="steps")):
            await play.step()
        await story.fast_forward(minutes=5)
        saw = await play.clients_saw()
        told = await told_to_clients(slack, stages[0], [story.identity(one, SLACK).address for one in STAFF])
    assert any("chat" in call.method for call in slack.api.calls)
    assert saw
    assert told
    assert not [text for text in (*saw, *told) if CANARY in text]


@pytest.mark.parametrize("desk", list(DESKS))
@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_client_in_slack_ever_sees_a_note(
    slack_emulators: Emulators,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    desk: str,
    data: st.DataObject,
) -> None:
    async def play() -> None:
        slack = SlackFront(slack_emulators.current())
        await slack.start()
        try:
            await played(slack, desk, data, sqlite_template, tmp_path_factory.mktemp("notes"))
        finally:
            await slack.stop()

    with asyncio.Runner(loop_factory=lambda: LOOP) as runner:
        runner.run(play())
