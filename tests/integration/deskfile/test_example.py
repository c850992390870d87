"""The example desk is right, is what its editors' schema says, and reads as its plan in tests/golden says."""

import json
import os
import shutil
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import jsonschema
import pytest

from bot.deskfile.document import digest
from bot.deskfile.load import load
from bot.deskfile.plan import plan
from bot.deskfile.reading import read
from bot.deskfile.revise import revision_from_document
from bot.deskfile.schema import SCHEMA_FILE, schema, schema_text
from bot.tickets.people.radar import radar
from routing.people import ClientId, PersonId
from sla.duration import instant
from sla.layers import promised
from sla.policy import Metric

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "desk.example"
GOLDEN_PLAN = ROOT / "tests" / "golden" / "desk_example_plan.txt"
TODAY = date(2026, 3, 2)
NOON = instant(datetime(2026, 3, 3, 9, 0, tzinfo=UTC))


def test_the_example_desk_has_no_mistake_and_needs_no_advice() -> None:
    assert load(EXAMPLE, today=TODAY).problems == ()


def test_the_example_desk_is_applied_as_its_golden_plan_says() -> None:
    """After a change of the example: read the plan that pytest shows, then write it to the golden file."""
    document = load(EXAMPLE, today=TODAY).document
    assert document is not None
    assert "\n".join(map(str, plan(None, document))) + "\n" == GOLDEN_PLAN.read_text(encoding="utf-8")


def test_the_example_desk_serves_its_clients_as_promised() -> None:
    document = load(EXAMPLE, today=TODAY).document
    assert document is not None
    revision = revision_from_document(document, 1)
    acme = revision.clients[ClientId("acme")]
    within = {
        (plan.name, urgency): (str(target.within), target.layer)
        for plan in revision.plans.values()
        for policy in (revision.policies[plan.policy],)
        for urgency in policy.urgencies
        if (target := promised(policy, urgency, Metric.FIRST_RESPONSE, "email", revision.calendars, at=NOON))
    }
    assert acme.manager == PersonId("vera")
    assert within["Premium", "medium"] == ("1:00:00", "premium")
    assert within["Premium", "feature"] == ("5:00:00", "premium")
    assert within["Standard", "medium"] == ("5:00:00", "standard")
    assert len(within) == sum(len(revision.policies[plan.policy].urgencies) for plan in revision.plans.values())


@pytest.mark.parametrize("month", [3, 8, 12], ids=["in spring", "in summer", "over the holidays"])
def test_the_example_desk_has_somebody_behind_every_promise(month: int) -> None:
    document = load(EXAMPLE, today=TODAY).document
    assert document is not None
    revision = revision_from_document(document, 1)
    assert radar(revision, since=instant(datetime(2026, month, 2, 8, 0, tzinfo=UTC))) == ()


@pytest.mark.parametrize("file", sorted(EXAMPLE.rglob("*.toml")), ids=lambda file: file.name)
def test_editors_accept_the_example_desk(file: Path) -> None:
    written = json.loads(json.dumps(tomllib.loads(file.read_text(encoding="utf-8")), default=str))
    jsonschema.validate(written, schema(), cls=jsonschema.Draft202012Validator)


def test_editors_refuse_an_unknown_key() -> None:
    with pytest.raises(jsonschema.ValidationError, match="calender"):
        jsonschema.validate({"people": {"vera": {"calender": "office"}}}, schema())


def test_the_schema_file_is_what_the_tables_say() -> None:
    """If this fails: `python -m bot.deskfile.schema`."""
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


def test_a_desk_in_one_file_is_the_same_desk(tmp_path: Path) -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted(EXAMPLE.rglob("*.toml")))
    (tmp_path / "all.toml").write_text(text, encoding="utf-8")
    whole, split = load(tmp_path, today=TODAY).document, load(EXAMPLE, today=TODAY).document
    assert whole is not None
    assert split is not None
    assert digest(whole) == digest(split)


def test_a_pipe_in_the_desk_directory_is_a_mistake_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")

    _, problems = read(tmp_path)

    assert [(one.file, one.message) for one in problems] == [("pipe.toml", "this is no file: remove it")]


def test_copies_that_editors_keep_under_hidden_names_are_not_read(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "desk")
    shutil.copy(EXAMPLE / "people.toml", tmp_path / "desk" / ".people.toml")
    assert load(tmp_path / "desk", today=TODAY).problems == ()


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "desk")
    (tmp_path / "desk" / "people.toml").write_bytes('[people.vera]\nname = "Ren\xe9"\n'.encode("latin-1"))
    loaded = load(tmp_path / "desk", today=TODAY)
    assert [str(problem) for problem in loaded.problems] == [
        "people.toml:2: this is not UTF-8 text: save the file as UTF-8"
    ]
    assert loaded.document is None


def test_an_empty_directory_says_how_to_begin(tmp_path: Path) -> None:
    (problem,) = load(tmp_path, today=TODAY).problems
    assert problem.message == "there are no *.toml files here: copy desk.example/ to begin with"
