"""The controls of P9: the same question to `businesstimedelta` and `business-duration`.

Run by the Python of a throw-away environment that `bench.due` makes; it imports nothing of ours. The question comes as
JSON on standard input, the figures go out as JSON.
"""

import datetime as dt
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import businesstimedelta
import pytz
from business_duration import businessDuration


def main() -> None:
    """Time both; `business-duration` answers the inverse question, how many business hours lie between two moments."""
    asked = json.load(sys.stdin)
    zone = pytz.timezone(asked["zone"])  # the library speaks the dialect of pytz
    moments = [dt.datetime.fromtimestamp(at / 1000, zone) for at in asked["at"]]
    holidays = {dt.date.fromisoformat(day): "a holiday" for day in asked["holidays"]}
    rules = businesstimedelta.Rules(
        [
            businesstimedelta.WorkDayRule(
                start_time=dt.time(9), end_time=dt.time(17), working_days=[0, 1, 2, 3, 4], tz=zone
            ),
            businesstimedelta.HolidayRule(holidays, tz=zone),
        ]
    )
    length = businesstimedelta.BusinessTimeDelta(rules, hours=asked["hours"])
    due = [moment + length for moment in moments]
    named = {"businesstimedelta": _timed(lambda: [moment + length for moment in moments], asked["rounds"])}
    named["businesstimedelta"]["due"] = [round(one.timestamp() * 1000) for one in due]
    naive = [(moment.replace(tzinfo=None), end.replace(tzinfo=None)) for moment, end in zip(moments, due)]  # noqa: B905 - as long

    def between() -> list[Any]:
        return [
            businessDuration(
                startdate=start,
                enddate=end,
                starttime=dt.time(9),
                endtime=dt.time(17),
                weekendlist=[5, 6],
                holidaylist=holidays,
                unit="hour",
            )
            for start, end in naive[:200]
        ]

    named["business-duration (200 spans)"] = {**_timed(between, 1), "due": None}
    print(json.dumps(named))


def _timed(work: Callable[[], list[Any]], rounds: int) -> dict[str, Any]:
    best = None
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        answers = len(work())
        told = {"answers": answers, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        if best is None or told["wall"] < best["wall"]:
            best = told
    return dict(best or {})


if __name__ == "__main__":
    main()
