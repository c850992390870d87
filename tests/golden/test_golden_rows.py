"""Every row of the golden table through the engine. The expected values were computed by brute force."""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.golden_rows import OPERATIONS, Golden, agrees
from bot.cli.main import app

FILE = Path(__file__).with_name("sla.json")
TABLE = json.loads(FILE.read_text(encoding="utf-8"))
GOLDEN = Golden(TABLE)


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row['op']} {row['id']} {row['title']}") for row in TABLE["rows"]]
)
def test_the_engine_agrees_with_the_golden_table(row: Mapping[str, Any]) -> None:
    answer = GOLDEN.answer(row)

    assert agrees(answer, row["expect"]), f"computed {answer}, expected {row['expect']}"


def test_the_table_is_run_from_the_command_line() -> None:
    run = CliRunner().invoke(app, ["golden", str(FILE)])

    assert (run.exit_code, run.output) == (0, f"{len(TABLE['rows'])} rows, no differences\n")


def test_a_difference_is_told_with_both_answers(tmp_path: Path) -> None:
    table = {**TABLE, "rows": [deepcopy(TABLE["rows"][0]), {"id": "Z1", "title": "of another world", "op": "tea"}]}
    table["rows"][0]["expect"]["due_at"] = "2020-01-01T00:00:00Z"
    file = tmp_path / "rows.json"
    file.write_text(json.dumps(table), encoding="utf-8")
    run = CliRunner().invoke(app, ["golden", str(file)])
    told = CliRunner().invoke(app, ["golden", str(file), "--json"])

    assert run.exit_code == 1
    assert "2020-01-01" in run.output
    assert TABLE["rows"][0]["expect"]["due_at"] in run.output
    assert "unknown operation 'tea'" in run.output
    assert [one["id"] for one in json.loads(told.output)["failed"]] == [TABLE["rows"][0]["id"], "Z1"]


#: One working day of notice for half an hour on the grid: by the desk of the first seed, and by that of the third.
NOTICE = {"op": "booking", "days": 1, "duration_s": 1800, "grid_s": 1800}

#: What the file of rows has no row of: followed through by hand.
CRITICAL = {"unit": "business", "seconds": 900}
OTHERS = [
    pytest.param(
        {**NOTICE, "calendar": "RT_MGR_10_19", "start": "2026-02-02T15:00:00+03:00"},
        {"earliest_start": "2026-02-03T12:00:00Z", "notice_ends": "2026-02-03T12:00:00Z"},
        id="P01 Monday 15:00 -> Tuesday 15:00",
    ),
    pytest.param(
        {**NOTICE, "calendar": "LA_9_17_EASTER", "start": "2026-04-02T16:45:00+02:00"},
        {"earliest_start": "2026-04-08T07:00:00Z", "notice_ends": "2026-04-07T14:45:00Z"},
        id="P06 Maundy Thursday 16:45 -> Wednesday 9:00, Tuesday has no half hour left",
    ),
    pytest.param(
        {**NOTICE, "calendar": "LA_9_17_XMAS", "start": "2026-12-23T15:00:00+01:00"},
        {"earliest_start": "2026-12-28T08:00:00Z", "notice_ends": "2026-12-24T11:00:00Z"},
        id="P07 the day before Christmas Eve -> Monday 9:00, the half day ends before 15:00",
    ),
    pytest.param(
        {**NOTICE, "calendar": "LA_9_17", "start": "2026-03-27T15:00:00+01:00"},
        {"earliest_start": "2026-03-30T13:00:00Z", "notice_ends": "2026-03-30T13:00:00Z"},
        id="Friday 15:00 -> Monday 15:00 by the wall, an hour less by the sun",
    ),
    *(
        pytest.param(
            {
                "op": "clock",
                "calendar": "RT_DESK_9_21",
                "off_hours_cap_s": 86_400,
                "target": {"unit": "business", "seconds": 18_000},
                "events": [
                    {"at": "2026-03-06T19:00:00Z", "type": "start"},
                    {"at": "2026-03-07T07:00:00Z", "type": "retarget", "target": CRITICAL, **floor},
                ],
            },
            {
                "state": "breached",
                "due_at": "2026-03-07T19:15:00Z",
                "breached_at": "2026-03-07T19:15:00Z",
                "consumed_s": 0,
                "target_s": 900,
            },
            id=f"raised on Saturday: a day of closed hours and a quarter of an hour at most, {of_floor}",
        )
        for floor, of_floor in (({}, "whatever the floor"), ({"floor_s": 0}, "without a floor"))
    ),
    pytest.param(
        {"op": "next_open", "calendar": "LA_9_17_EASTER", "start": "2026-04-02T17:00:00+02:00"},
        {"at": "2026-04-07T07:00:00Z"},
        id="after Maundy Thursday comes Tuesday",
    ),
    pytest.param(
        {
            "op": "ladder",
            "calendar": "RT_DESK_9_21",
            "breached_at": "2026-02-02T20:50:00+03:00",
            "steps_s": [0, 1800, 7200],
        },
        {
            "fired": [
                {"step": 1, "at": "2026-02-02T17:50:00Z"},
                {"step": 2, "at": "2026-02-03T06:20:00Z"},
                {"step": 3, "at": "2026-02-03T07:50:00Z"},
            ]
        },
        id="a ladder sleeps at night",
    ),
    pytest.param(
        {
            "op": "ladder",
            "calendar": None,
            "breached_at": "2026-02-02T10:00:00Z",
            "steps_s": [0, 1800, 7200],
            "ack_at": "2026-02-02T10:10:00Z",
            "ack_ttl_s": 3600,
        },
        {
            "fired": [
                {"step": 1, "at": "2026-02-02T10:00:00Z"},
                {"step": 2, "at": "2026-02-02T11:10:00Z"},
                {"step": 3, "at": "2026-02-02T12:00:00Z"},
            ]
        },
        id="an acknowledgement that runs out lets the ladder go on where it is later",
    ),
    pytest.param(
        {
            "op": "ladder",
            "calendar": None,
            "breached_at": "2026-02-02T10:00:00Z",
            "steps_s": [0, 1800, 7200],
            "down": ["2026-02-02T09:00:00Z", "2026-02-02T11:00:00Z"],
            "done_at": "2026-02-02T11:30:00Z",
        },
        {"fired": [{"step": 2, "at": "2026-02-02T11:00:00Z", "coalesced": [1]}]},
        id="after a downtime the highest step speaks for all, and an answer ends the ladder",
    ),
    pytest.param(
        {"op": "burn", "bucket_h": 20, "rollover_pct": 50, "used_h": [4, 25, 40]},
        {
            "months": [
                {"available": 20, "overage": 0, "rolled_to_next": 10},
                {"available": 30, "overage": 0, "rolled_to_next": 5},
                {"available": 25, "overage": 15, "rolled_to_next": 0},
            ]
        },
        id="unused hours roll over, up to half of the bucket, and are spent first",
    ),
    pytest.param(
        {
            "op": "clock",
            "calendar": None,
            "target": {"unit": "wall", "seconds": 3600},
            "events": [
                {"at": "2026-02-02T10:00:00Z", "type": "start"},
                {"at": "2026-02-02T12:00:00Z", "type": "stop"},
                {"at": "2026-02-02T13:00:00Z", "type": "reopen"},
            ],
        },
        {
            "state": "breached",
            "breached_at": "2026-02-02T11:00:00Z",
            "due_at": "2026-02-02T11:00:00Z",
            "consumed_s": 3600,
            "target_s": 3600,
        },
        id="a resolution that was late is late still when the ticket is reopened",
    ),
    pytest.param(
        {
            "op": "clock",
            "calendar": "LA_9_17",
            "target": {"unit": "business", "seconds": 14400},
            "events": [
                {"at": "2026-02-02T10:00:00+01:00", "type": "start"},
                {"at": "2026-02-02T12:00:00+01:00", "type": "stop"},
                {
                    "at": "2026-02-03T10:00:00+01:00",
                    "type": "retarget",
                    "target": {"unit": "business", "seconds": 10800},
                },
                {"at": "2026-02-04T10:00:00+01:00", "type": "reopen"},
            ],
        },
        {
            "state": "breached",
            "breached_at": "2026-02-04T10:00:00Z",
            "due_at": "2026-02-04T10:00:00Z",
            "consumed_s": 10800,
            "target_s": 10800,
        },
        id="promised otherwise while it is resolved, it comes back under the new promise",
    ),
    pytest.param(
        {
            "op": "clock",
            "calendar": "LA_9_17",
            "target": {"unit": "business", "seconds": 14400},
            "events": [
                {"at": "2026-02-02T10:00:00+01:00", "type": "start"},
                {"at": "2026-02-02T11:00:00+01:00", "type": "pause"},
                {"at": "2026-02-02T12:00:00+01:00", "type": "stop"},
                {"at": "2026-02-03T10:00:00+01:00", "type": "pause"},
                {"at": "2026-02-04T10:00:00+01:00", "type": "reopen"},
            ],
        },
        {
            "state": "breached",
            "breached_at": "2026-02-04T12:00:00Z",
            "due_at": "2026-02-04T12:00:00Z",
            "consumed_s": 14400,
            "target_s": 14400,
        },
        id="what is resolved waits for nobody, so a reopening goes on at once",
    ),
    pytest.param(
        {
            "op": "clock",
            "calendar": None,
            "target": {"unit": "wall", "seconds": 18000},
            "reminders": [{"pct": 80}, {"left_s": 1800}],
            "events": [
                {"at": "2026-02-02T10:00:00Z", "type": "start"},
                {
                    "at": "2026-02-02T12:00:00Z",
                    "type": "retarget",
                    "target": {"unit": "wall", "seconds": 7200},
                    "floor_s": 3600,
                },
            ],
        },
        {
            "state": "breached",
            "breached_at": "2026-02-02T13:00:00Z",
            "due_at": "2026-02-02T13:00:00Z",
            "consumed_s": 10800,
            "target_s": 7200,
            "reminders_at": ["2026-02-02T12:00:00Z", "2026-02-02T12:30:00Z"],
        },
        id="half an hour before due is before the moment it is due, floor and all",
    ),
    pytest.param(
        {
            "op": "conversation",
            "calendar": None,
            "policy": {"first": 3600, "next": 7200},
            "events": [
                {"at": "2026-02-02T10:00:00Z", "type": "customer"},
                {"at": "2026-02-02T10:30:00Z", "type": "wait_customer"},
                {"at": "2026-02-02T12:00:00Z", "type": "customer"},
                {"at": "2026-02-02T12:15:00Z", "type": "resolve"},
                {"at": "2026-02-02T13:00:00Z", "type": "customer"},
            ],
        },
        {
            "clocks": [
                {
                    "metric": "first",
                    "started_at": "2026-02-02T10:00:00Z",
                    "due_at": "2026-02-02T12:30:00Z",
                    "state": "met",
                    "satisfied_at": "2026-02-02T12:15:00Z",
                },
                {
                    "metric": "next",
                    "started_at": "2026-02-02T13:00:00Z",
                    "due_at": "2026-02-02T15:00:00Z",
                    "state": "running",
                },
            ]
        },
        id="a first response waits with the client too, and after a resolution the next one is owed",
    ),
    pytest.param(
        {
            "op": "ladder",
            "calendar": None,
            "breached_at": "2026-02-02T10:00:00Z",
            "steps_s": [0, 1800],
            "down": ["2026-02-02T09:00:00Z", "2026-02-02T11:00:00Z"],
            "done_at": "2026-02-02T10:45:00Z",
        },
        {"fired": []},
        id="what was answered before anybody was up again is told to nobody",
    ),
    pytest.param(
        {
            "op": "clock",
            "calendar": "LA_9_17",
            "target": {"unit": "business_days", "days": 1},
            "events": [
                {"at": "2026-02-02T10:00:00+01:00", "type": "start"},
                {"at": "2026-02-02T12:00:00+01:00", "type": "calendar", "calendar": "LA_9_21", "reresolve": True},
            ],
        },
        {
            "state": "breached",
            "breached_at": "2026-02-03T09:00:00Z",
            "due_at": "2026-02-03T09:00:00Z",
            "consumed_s": 43200,
            "target_s": 43200,
        },
        id="a business day is resolved anew where an edited calendar asks for it",
    ),
    pytest.param(
        {
            "op": "conversation",
            "calendar": None,
            "policy": {"first": 3600, "next": 3600},
            "events": [
                {"at": "2026-02-02T10:00:00Z", "type": "customer"},
                {"at": "2026-02-02T10:05:00Z", "type": "bot"},
                {"at": "2026-02-02T10:30:00Z", "type": "agent"},
                {"at": "2026-02-02T10:40:00Z", "type": "customer"},
                {"at": "2026-02-02T11:00:00Z", "type": "dismiss"},
            ],
        },
        {
            "clocks": [
                {
                    "metric": "first",
                    "started_at": "2026-02-02T10:00:00Z",
                    "due_at": "2026-02-02T11:00:00Z",
                    "state": "met",
                    "satisfied_at": "2026-02-02T10:30:00Z",
                },
                {
                    "metric": "next",
                    "started_at": "2026-02-02T10:40:00Z",
                    "due_at": "2026-02-02T11:40:00Z",
                    "state": "cancelled",
                },
            ]
        },
        id="a machine answers nothing, and what needs no answer is not waited for",
    ),
]


@pytest.mark.parametrize(("row", "expect"), OTHERS)
def test_so_do_rows_that_the_table_lacks(row: Mapping[str, Any], expect: Mapping[str, Any]) -> None:
    answer = GOLDEN.answer(row)

    assert agrees(answer, expect), f"computed {answer}, expected {expect}"


def test_every_operation_is_tried() -> None:
    tried = {row["op"] for row in TABLE["rows"]} | {str(param.values[0]["op"]) for param in OTHERS}  # type: ignore[index]

    assert tried == OPERATIONS.keys()
