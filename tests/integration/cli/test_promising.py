"""Promises without a bot: when an imagined ticket would be due, and what a whole scene would come to."""

import asyncio
import json
import shutil
from importlib import resources
from pathlib import Path

import pytest

from adapters.fake import FakeChannel
from adapters.message import Channel
from bot.app.simulation.stepping import OwnedTime, Stepping
from bot.desk.desk import Desk
from bot.now import Timekeeper, wall_now
from bot.store.driver.engine import open_database
from tests.integration.cli.conftest import ROOT, Terminal

FRIDAY = "2026-03-06T18:30+03:00"
WORD = {"at": "2026-03-03T12:00:00+03:00", "channel": "telegram", "from": "Lena", "text": "Payroll failed"}
ANSWER = {"at": "2026-03-03T12:20:00+03:00", "person": "vera", "ticket": "T-1", "kind": "answer", "text": "On it"}


def test_an_imagined_ticket_is_due_and_says_why(terminal: Terminal) -> None:
    found = terminal.facts("due", "--policy", "premium", "--urgency", "medium", "--at", FRIDAY)

    assert found["due_at"] == "2026-03-09T07:30:00.000+00:00"
    assert (found["metric"], found["state"]) == ("first_response", "running")
    assert found["explanation"][-1] == "due Mon 2026-03-09 10:30 (all moments in fixed:+03:00)"
    assert "assumed: hours are those of the manager, at GMT+3 all year" in found["explanation"]
    assert not list(terminal.directory.iterdir())


def test_zones_are_those_of_the_package_whatever_the_machine_has(terminal: Terminal) -> None:
    zone = terminal.directory / "zones" / "Europe" / "Bratislava"
    zone.parent.mkdir(parents=True)
    zone.write_bytes((resources.files("tzdata") / "zoneinfo" / "UTC").read_bytes())

    done = terminal.begun(
        *("due", "--policy", "vip", "--urgency", "standard", "--at", "2026-03-27T16:00+01:00", "--json"),
        PYTHONTZPATH=str(zone.parents[1]),
    )

    assert json.loads(done.stdout)["due_at"] == "2026-03-30T08:00:00.000+00:00"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        pytest.param(["--policy", "gold", "--urgency", "low", "--at", FRIDAY], "premium, standard", id="the policy"),
        pytest.param(["--policy", "premium", "--urgency", "mid", "--at", FRIDAY], "critical, high", id="the urgency"),
        pytest.param(["--policy", "premium", "--urgency", "low", "--at", "08/01/2024"], "with its offset", id="a date"),
        pytest.param(
            ["--policy", "premium", "--urgency", "low", "--at", "2026-03-06T18:30"], "with its offset", id="no offset"
        ),
        pytest.param(
            ["--policy", "premium", "--urgency", "low", "--at", "1500-03-06T18:30Z"], "write a year from", id="long ago"
        ),
        pytest.param(
            ["--policy", "premium", "--urgency", "low", "--at", "9999-12-31T23:59Z"], "write a year from", id="far off"
        ),
        pytest.param(
            ["--policy", "premium", "--urgency", "low", "--at", FRIDAY, "--desk", "nowhere"], "nowhere", id="the desk"
        ),
    ],
)
def test_what_is_not_known_is_named_with_what_is(words: list[str], why: str, terminal: Terminal) -> None:
    done = terminal("due", *words)

    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr


def test_a_scene_gives_what_was_said_and_every_clock(terminal: Terminal) -> None:
    done = terminal("simulate", _written(terminal, WORD, ANSWER))

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert terminal("simulate", "scene.jsonl", "--json").stdout == done.stdout
    assert lines[0].keys() == {"at", "to", "channel", "what", "ticket", "text"}
    assert [(one["to"], one["what"]) for one in lines if one.get("channel") == "telegram"] == [
        ("1001", "auto"),
        ("1001", "reply"),
    ]
    assert lines[-1] == {
        "ticket": "T-1",
        "metric": "first_response",
        "started_at": "2026-03-03T09:00:00.000+00:00",
        "due_at": "2026-03-03T10:00:00.000+00:00",
        "state": "met",
        "breached_at": None,
        "satisfied_at": "2026-03-03T09:20:00.000+00:00",
    }


def test_every_plan_can_be_tried_with_another_policy(terminal: Terminal) -> None:
    done = terminal("simulate", "-", "--policy", "standard", given=json.dumps(WORD))

    assert json.loads(done.stdout.splitlines()[-1])["due_at"] == "2026-03-03T14:00:00.000+00:00"


@pytest.mark.parametrize(
    ("events", "code", "why"),
    [
        pytest.param([{"at": "soon"}], 2, "scene.jsonl:1: at: ", id="a line that is no event"),
        pytest.param([ANSWER | {"at": "1500-03-06T18:30Z"}], 2, "scene.jsonl:1: that moment lies", id="centuries ago"),
        pytest.param([ANSWER], 1, "scene.jsonl:1: T-1 is not there yet", id="an event that cannot happen"),
    ],
)
def test_a_scene_that_cannot_be_played_names_file_and_line(
    events: list[dict[str, str]], code: int, why: str, terminal: Terminal
) -> None:
    done = terminal("simulate", _written(terminal, *events))

    assert done.returncode == code
    assert why in done.stderr


@pytest.mark.parametrize("words", [["nowhere.jsonl"], [], ["scene.jsonl", "--history"]])
def test_a_simulation_wants_one_past(words: list[str], terminal: Terminal) -> None:
    assert terminal("simulate", *words).returncode == 2


def test_open_tickets_are_promised_anew_after_a_look_at_what_moves(terminal: Terminal) -> None:
    desk = terminal.directory / "desk"
    shutil.copytree(ROOT / "desk.example", desk)
    settings = {"MAITRED_DESK": "desk", "DATABASE_URL": "sqlite+aiosqlite:///desk.db", "MAITRED_HTTP": "127.0.0.1:0"}
    own = Terminal(terminal.directory, settings)
    assert own("apply").returncode == 0
    asyncio.run(_opened(terminal.directory / "desk.db"))
    policies = desk / "policies.toml"
    slower = policies.read_text().replace(
        'first_response = { within = "1h", quote', 'first_response = { within = "2h", quote'
    )
    policies.write_text(slower)
    assert own("apply").returncode == 0

    planned, done, again = (own.facts("reapply", *words) for words in (["--plan"], [], []))

    assert planned["moved"] == done["moved"]
    (moved,) = done["moved"]
    assert moved["ticket"] == "T-1"
    assert moved["was_due_at"] < moved["due_at"]
    assert (planned["applied"], done["applied"], again["tickets"]) == (False, True, 0)
    (clock,) = [one for one in own.facts("ticket", "T-1")["clocks"] if one["metric"] == "first_response"]
    assert clock["due_at"] == moved["due_at"]


async def _opened(path: Path) -> None:
    """A ticket of Lena's, as a bot would have opened it."""
    database = await open_database(f"sqlite+aiosqlite:///{path}")
    time = OwnedTime(wall_now())
    fake = FakeChannel(Channel.TELEGRAM, now=time.moment)
    desk = Desk(database, {Channel.TELEGRAM: fake}, Timekeeper(wall=time.now))
    fake.connect(desk.journal, desk.press)
    await desk.prepare(is_alone=True)
    await fake.says("1001", "Payroll failed")
    await Stepping(desk, time).settle()
    await desk.drain()
    await database.close()


def _written(terminal: Terminal, *events: dict[str, str]) -> str:
    path = terminal.directory / "scene.jsonl"
    path.write_text("\n".join(map(json.dumps, events)))
    return str(path.relative_to(terminal.directory))
