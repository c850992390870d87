"""Reading a scene: whatever is wrong with it is told line by line, all in one go."""

import json
from typing import Any

import pytest

from adapters.message import Channel
from bot.app.simulation.scene import Acted, SceneError, Spoken, read_scene
from bot.tickets import command as c
from sla.calendar import ALWAYS
from sla.duration import Instant
from sla.promise import ReplyKind

NOON = 1_772_528_400_000
WORD: dict[str, Any] = {"at": "2026-03-03T12:00:00+03:00", "channel": "telegram", "from": "Lena", "text": "Help"}
ACT: dict[str, Any] = {"at": "2026-03-03T12:00:00+03:00", "person": "vera", "ticket": "T-1", "text": "Look at that"}


def test_clients_speak_and_people_act() -> None:
    lines = [json.dumps(WORD | {"conversation": "-77"}), "", json.dumps(ACT | {"kind": "answer"})]

    spoken, acted = read_scene(lines)

    assert spoken == Spoken(1, Instant(NOON), Channel.TELEGRAM, "-77", "Lena", "Help")
    assert isinstance(acted, Acted)
    assert (acted.line, acted.ticket) == (3, 1)
    assert acted.command(now=Instant(NOON), calendar=ALWAYS) == c.Reply("Look at that", ReplyKind.ANSWER)


@pytest.mark.parametrize("text", ["2h", "eta 2h", "ETA: 2h", "14:00"])
def test_an_eta_names_its_moment_in_words(text: str) -> None:
    at_noon_in_utc = ACT | {"at": "2026-03-03T12:00:00Z", "kind": "eta", "text": text}
    (acted,) = read_scene([json.dumps(at_noon_in_utc)])

    assert isinstance(acted, Acted)
    assert acted.command(now=acted.at, calendar=ALWAYS) == c.GiveEta(Instant(acted.at + 2 * 3_600_000))


def test_an_eta_without_a_moment_is_a_mistake_when_it_is_given() -> None:
    (acted,) = read_scene([json.dumps(ACT | {"kind": "eta", "text": "soon"})])

    assert isinstance(acted, Acted)
    with pytest.raises(ValueError, match="tomorrow 10:00"):
        acted.command(now=acted.at, calendar=ALWAYS)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        pytest.param("{at", "no JSON", id="not JSON"),
        pytest.param("[]", "valid dictionary", id="not an object"),
        pytest.param(json.dumps(WORD | {"at": "2026-03-03T12:00:00"}), "which offset", id="a moment without an offset"),
        pytest.param(
            json.dumps(WORD | {"at": "08/01/2024"}),
            "at: the date 08/01/2024 may be read two ways: write 2024-01-08 or 2024-08-01, year first",
            id="a date that may be read two ways",
        ),
        pytest.param(
            json.dumps(WORD | {"at": "noon"}), "'noon' names no moment: write it as 2026", id="no moment at all"
        ),
        pytest.param(json.dumps({"channel": "slack", "from": "Lena"}), "at is missing", id="no moment"),
        pytest.param(json.dumps(WORD | {"txt": "Help"}), "unknown key 'txt': write at, text", id="an unknown key"),
        pytest.param(json.dumps(WORD | {"channel": "fax"}), "channel: ", id="an unknown channel"),
        pytest.param(json.dumps(WORD | {"person": "vera"}), "either a client speaks", id="both sides at once"),
        pytest.param(json.dumps({"at": WORD["at"], "text": "Help"}), "either a client speaks", id="nobody"),
        pytest.param(json.dumps(WORD | {"channel": None}), "add a channel", id="spoken nowhere"),
        pytest.param(json.dumps(WORD | {"kind": "answer"}), 'has a "kind"', id="a client who answers"),
        pytest.param(json.dumps(ACT | {"kind": "shout"}), "unknown kind 'shout'", id="an unknown kind"),
        pytest.param(json.dumps(ACT | {"ticket": "one"}), "T-12", id="a ticket without a number"),
        pytest.param(json.dumps(ACT | {"ticket": None}), "Name a ticket", id="nothing to act on"),
    ],
)
def test_a_mistake_names_its_line_and_its_mend(written: str, words: str) -> None:
    with pytest.raises(SceneError) as raised:
        read_scene([json.dumps(WORD), written])

    (mistake,) = raised.value.mistakes
    assert mistake.line == 2
    assert words in mistake.words


def test_all_mistakes_are_told_together() -> None:
    earlier = WORD | {"at": "2026-03-03T11:00:00+03:00"}
    with pytest.raises(SceneError) as raised:
        read_scene([json.dumps(WORD), "?", json.dumps(earlier), "{}"])

    assert [one.line for one in raised.value.mistakes] == [2, 3, 4]
    assert "happened before line 1" in raised.value.mistakes[1].words
