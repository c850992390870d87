"""Our people ask for a time in words that no call can have, and read why in their own language and time."""

import pytest

from adapters.message import Channel
from adapters.port import Answer
from sla.duration import instant
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, called, calls
from tests.stories.test_calls_life import WITH_TIME


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param("14:00", "14:00 (13:00 for Taras) is too soon: a call has to be agreed at least", id="too soon"),
        pytest.param("tomorrow 09:00", "tomorrow 09:00 (08:00 for Taras) is not a time we can offer.", id="closed"),
        pytest.param("10 May 12:00", "May 10, 12:00 is farther ahead", id="far"),
        pytest.param("tomorrow 15:00 roadmap", "Globex has no calls of that kind. The next free times for", id="kind"),
    ],
)
async def test_what_cannot_be_had_is_refused_in_the_words_and_the_time_of_whoever_asks(
    make_desk: MakeStory, asked: str, said: str
) -> None:
    kinds = '[clients.globex.calls]\nkinds = ["troubleshooting"]\n'
    desk = await called(make_desk, more=f"{CALLS}{kinds}")
    await desk.receives(sender="taras", text="Не працює")
    desk.forget()
    answer = await desk.channels[Channel.SLACK].command("T1/U2", "desk", f"call T-1 {asked}", by="T1/U2")
    assert answer.is_refused
    assert answer.text.startswith(said), answer.text
    assert "\n1. tomorrow 12:00 (11:00 for Taras)\n2. tomorrow 12:30" in answer.text
    assert not set(answer.text) & set("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"), "nothing of it is in the client's language"
    assert await calls(desk) == []
    desk.expect_quiet()


async def test_a_call_that_stands_is_named_in_the_language_of_whoever_asks_for_another(make_desk: MakeStory) -> None:
    german = ('name = "Oleg Hnatiuk"\n', 'name = "Oleg Hnatiuk"\nlanguage = "de"\n')
    desk = await called(make_desk, german)
    await desk.receives(sender="taras", text="Не працює")
    slack = desk.channels[Channel.SLACK]

    async def says(text: str) -> Answer:
        return await slack.command("T1/U2", "desk", text, by="T1/U2")

    assert (await says("call T-1 tomorrow 15:00")).text == "Erledigt."
    for text in ("call T-1 tomorrow 16:00", "call T-1 move tomorrow 15:00"):
        refused = await says(text)
        assert refused.is_refused
        assert refused.text == "Anruf mit Oleg: Problemlösung, morgen, 15:00 Uhr (Taras: 14:00) · gebucht"
    late = await says("call T-1 move tomorrow 08:00")
    assert late.text.startswith(
        "morgen, 08:00 Uhr (Taras: 07:00) können wir nicht anbieten. Die nächsten freien Zeiten:"
    )
    assert "15:00" not in late.text, "not the time that it has"
    assert [one.begins_at for one in await calls(desk)] == [instant(WITH_TIME)]
