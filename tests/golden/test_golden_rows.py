"""Every row of the golden table through the engine. The expected values were computed by brute force."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.golden_rows import OPERATIONS, Golden, agrees
from bot.cli.main import app
from bot.cli.printed import USAGE, CommandError

FILE = Path(__file__).with_name("sla.json")
TABLE = json.loads(FILE.read_text(encoding="utf-8"))
GOLDEN = Golden(TABLE)

Row = Mapping[str, Any]

#: A row each of the simplest operation and of a ladder, for what can be wrong with one.
SCENE = {"op": "advance", "calendar": "LA_9_17", "start": "2026-02-02T10:00:00Z", "seconds": 3600}
FALL = {"op": "ladder", "calendar": None, "breached_at": "2026-02-02T10:00:00Z", "steps_s": [0, 1800, 7200]}


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row['op']} {row['id']} {row['title']}") for row in TABLE["rows"]]
)
def test_the_engine_agrees_with_the_golden_table(row: Row) -> None:
    answer = GOLDEN.answer(row)

    assert agrees(answer, row["expect"]), f"computed {answer}, expected {row['expect']}"


def golden(file: Path, *options: str) -> tuple[int, str]:
    """The exit code, and what is said."""
    run = CliRunner().invoke(app, ["golden", str(file), *options], catch_exceptions=False)
    return run.exit_code, run.output


def table_of(where: Path, *rows: object) -> Path:
    """A file of these rows, with the calendars of the golden table."""
    file = where / "rows.json"
    file.write_text(json.dumps({**TABLE, "rows": rows}), encoding="utf-8")
    return file


def test_the_table_is_run_from_the_command_line() -> None:
    assert golden(FILE) == (0, f"{len(TABLE['rows'])} rows, no differences\n")


def test_a_difference_is_told_with_both_answers(tmp_path: Path) -> None:
    other = {**TABLE["rows"][0], "expect": {"due_at": "2020-01-01T00:00:00Z"}}
    file = table_of(tmp_path, other, {"id": "Z1", "title": "of another world", "op": "tea"})
    code, said = golden(file)
    _, told = golden(file, "--json")

    assert code == 1
    assert "2020-01-01" in said
    assert TABLE["rows"][0]["expect"]["due_at"] in said
    assert "unknown operation 'tea'" in said
    assert [one["id"] for one in json.loads(told)["failed"]] == [TABLE["rows"][0]["id"], "Z1"]


#: Rows that mean nothing, each for a reason that is told.
MEANINGLESS = [
    pytest.param({**SCENE, "calendar": "MARS"}, "the row names 'MARS', and there is none", id="of no calendar"),
    pytest.param({**SCENE, "start": "2026-03-29T10:00"}, "add an offset", id="of no zone"),
    pytest.param({**SCENE, "start": "08/01/2024"}, "Invalid isoformat string", id="of no date"),
    pytest.param({**SCENE, "seconds": -60}, "open time can be counted forward only", id="backwards"),
    pytest.param({**SCENE, "seconds": 1.5}, "seconds: 1.5 is no whole number of seconds", id="half a second"),
    pytest.param({**SCENE, "seconds": True}, "seconds: True is no whole number of seconds", id="yes seconds"),
    pytest.param({**FALL, "down": ["2026-02-02T09:00:00Z"]}, "list index out of range", id="down for ever"),
    pytest.param(
        {"op": "burn", "bucket_h": 20, "rollover_pct": 50, "used_h": [-1]}, "less than nothing", id="unburned"
    ),
    pytest.param({"op": "uptime", "tz": "EST", "date": "2026-02-30", "permille": 999}, "day is out of range", id="30"),
    pytest.param({}, "the row names 'op', and there is none", id="of no operation"),
    pytest.param("tea", "string indices must be integers", id="no row at all"),
]


@pytest.mark.parametrize(("row", "reason"), MEANINGLESS)
def test_a_row_that_means_nothing_is_a_difference_with_its_reason(tmp_path: Path, row: object, reason: str) -> None:
    code, said = golden(table_of(tmp_path, TABLE["rows"][0], row, TABLE["rows"][1]))

    assert code == 1
    assert reason in said
    assert said.endswith("3 rows, 1 difference\n")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        pytest.param(b"\xff\xfe", "is not JSON", id="no text"),
        pytest.param(b'{"rows": [', "is not JSON", id="broken off"),
        pytest.param(b"[" * 100_000, "is nested too deeply to be read", id="nested without an end"),
        pytest.param(b"[]", "has no list of `rows`", id="another file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, written: bytes, reason: str) -> None:
    file = tmp_path / "rows.json"
    file.write_bytes(written)

    with pytest.raises(CommandError, match=reason) as refused:
        golden(file)

    assert refused.value.code == USAGE


#: One working day of notice for half an hour on the grid: by the desk of the first seed, and by that of the third.
NOTICE = {"op": "booking", "days": 1, "duration_s": 1800, "grid_s": 1800}


def moment(text: str) -> str:
    """A time of day alone is one of Monday, 2 February, in UTC."""
    return f"2026-02-02T{text}:00Z" if len(text) == len("10:00") else text


def business(seconds: int) -> Row:
    return {"unit": "business", "seconds": seconds}


def wall(seconds: int) -> Row:
    return {"unit": "wall", "seconds": seconds}


def happens(at: str, kind: str, **more: object) -> Row:
    return {"at": moment(at), "type": kind, **more}


def clock(calendar: str | None, target: Row, *events: Row, **more: object) -> Row:
    return {"op": "clock", "calendar": calendar, "target": target, "events": events, **more}


def talk(policy: Row, *events: Row) -> Row:
    return {"op": "conversation", "calendar": None, "policy": policy, "events": events}


def broken(at: str, used: int, of: int, **more: object) -> Row:
    """What a clock comes to that nobody answered; `used` of `of` seconds."""
    due_at = moment(at)
    told = {"state": "breached", "breached_at": due_at, "due_at": due_at, "consumed_s": used, "target_s": of}
    return {**told, **more}


def rungs(*fired: tuple[int, str], **more: object) -> Row:
    """The steps of a ladder with their moments; `more` is told of the last."""
    told: list[Row] = [{"step": step, "at": moment(at)} for step, at in fired]
    return {"fired": [*told[:-1], {**told[-1], **more}] if told else []}


def promise(metric: str, started: str, due: str, state: str, satisfied: str = "") -> Row:
    moments = {"started_at": started, "due_at": due, **({"satisfied_at": satisfied} if satisfied else {})}
    return {"metric": metric, "state": state, **{name: moment(at) for name, at in moments.items()}}


#: What the file of rows has no row of: followed through by hand.
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
            clock(
                "RT_DESK_9_21",
                business(18_000),
                happens("2026-03-06T19:00:00Z", "start"),
                happens("2026-03-07T07:00:00Z", "retarget", target=business(900), **floor),
                off_hours_cap_s=86_400,
            ),
            broken("2026-03-07T19:15:00Z", 0, 900),
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
        {**FALL, "calendar": "RT_DESK_9_21", "breached_at": "2026-02-02T20:50:00+03:00"},
        rungs((1, "17:50"), (2, "2026-02-03T06:20:00Z"), (3, "2026-02-03T07:50:00Z")),
        id="a ladder sleeps at night",
    ),
    pytest.param(
        {**FALL, "ack_at": "2026-02-02T10:10:00Z", "ack_ttl_s": 3600},
        rungs((1, "10:00"), (2, "11:10"), (3, "12:00")),
        id="an acknowledgement that runs out lets the ladder go on where it is later",
    ),
    pytest.param(
        {**FALL, "down": ["2026-02-02T09:00:00Z", "2026-02-02T11:00:00Z"], "done_at": "2026-02-02T11:30:00Z"},
        rungs((2, "11:00"), coalesced=[1]),
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
        clock(None, wall(3600), happens("10:00", "start"), happens("12:00", "stop"), happens("13:00", "reopen")),
        broken("11:00", 3600, 3600),
        id="a resolution that was late is late still when the ticket is reopened",
    ),
    pytest.param(
        clock(
            "LA_9_17",
            business(14_400),
            happens("09:00", "start"),
            happens("11:00", "stop"),
            happens("2026-02-03T10:00:00+01:00", "retarget", target=business(10_800)),
            happens("2026-02-04T10:00:00+01:00", "reopen"),
        ),
        broken("2026-02-04T10:00:00Z", 10_800, 10_800),
        id="promised otherwise while it is resolved, it comes back under the new promise",
    ),
    pytest.param(
        clock(
            "LA_9_17",
            business(14_400),
            happens("09:00", "start"),
            happens("10:00", "pause"),
            happens("11:00", "stop"),
            happens("2026-02-03T10:00:00+01:00", "pause"),
            happens("2026-02-04T10:00:00+01:00", "reopen"),
        ),
        broken("2026-02-04T12:00:00Z", 14_400, 14_400),
        id="what is resolved waits for nobody, so a reopening goes on at once",
    ),
    pytest.param(
        clock(
            None,
            wall(18_000),
            happens("10:00", "start"),
            happens("12:00", "retarget", target=wall(7_200), floor_s=3_600),
            reminders=[{"pct": 80}, {"left_s": 1800}],
        ),
        broken("13:00", 10_800, 7_200, reminders_at=["2026-02-02T12:00:00Z", "2026-02-02T12:30:00Z"]),
        id="half an hour before due is before the moment it is due, floor and all",
    ),
    pytest.param(
        clock(
            None,
            wall(36_000),
            happens("10:00", "start"),
            happens("16:00", "retarget", target=wall(28_800)),
            reminders=[{"pct": 50}, {"left_s": 18_000}, {"left_s": 14_400}],
        ),
        broken(
            "18:00",
            28_800,
            28_800,
            reminders_at=["coalesced", "2026-02-02T15:00:00Z", "2026-02-02T16:00:00Z"],
        ),
        id="two reminders at one moment are told by the one that is listed later, and neither again after a change",
    ),
    pytest.param(
        clock(
            None,
            wall(39_600),
            happens("00:00", "start"),
            happens("05:45", "retarget", target=wall(25_200)),
            reminders=[{"pct": 50}, {"left_s": 18_000}],
        ),
        broken("07:00", 25_200, 25_200, reminders_at=["2026-02-02T05:30:00Z", "2026-02-02T05:45:00Z"]),
        id="a reminder that a change brings before one that was told is told all the same",
    ),
    pytest.param(
        talk(
            {"first": 3600, "next": 7200},
            happens("10:00", "customer"),
            happens("10:30", "wait_customer"),
            happens("12:00", "customer"),
            happens("12:15", "resolve"),
            happens("13:00", "customer"),
        ),
        {
            "clocks": [
                promise("first", "10:00", "12:30", "met", "12:15"),
                promise("next", "13:00", "15:00", "running"),
            ]
        },
        id="a first response waits with the client too, and after a resolution the next one is owed",
    ),
    pytest.param(
        {
            **FALL,
            "steps_s": [0, 1800],
            "down": ["2026-02-02T09:00:00Z", "2026-02-02T11:00:00Z"],
            "done_at": "2026-02-02T10:45:00Z",
        },
        rungs(),
        id="what was answered before anybody was up again is told to nobody",
    ),
    pytest.param(
        clock(
            "LA_9_17",
            {"unit": "business_days", "days": 1},
            happens("09:00", "start"),
            happens("11:00", "calendar", calendar="LA_9_21", reresolve=True),
        ),
        broken("2026-02-03T09:00:00Z", 43_200, 43_200),
        id="a business day is resolved anew where an edited calendar asks for it",
    ),
    pytest.param(
        talk(
            {"first": 3600, "next": 3600},
            happens("10:00", "customer"),
            happens("10:05", "bot"),
            happens("10:30", "agent"),
            happens("10:40", "customer"),
            happens("11:00", "dismiss"),
        ),
        {
            "clocks": [
                promise("first", "10:00", "11:00", "met", "10:30"),
                promise("next", "10:40", "11:40", "cancelled"),
            ]
        },
        id="a machine answers nothing, and what needs no answer is not waited for",
    ),
]


@pytest.mark.parametrize(("row", "expect"), OTHERS)
def test_so_do_rows_that_the_table_lacks(row: Row, expect: Row) -> None:
    answer = GOLDEN.answer(row)

    assert agrees(answer, expect), f"computed {answer}, expected {expect}"


def test_every_operation_is_tried() -> None:
    tried = {row["op"] for row in TABLE["rows"]} | {str(param.values[0]["op"]) for param in OTHERS}  # type: ignore[index]

    assert tried == OPERATIONS.keys()
