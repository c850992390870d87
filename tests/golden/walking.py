"""What becomes of a clock, a ladder or a conversation, walked through step by step: the second opinion on whole lives.

Rows are of the golden format, with all moments and lengths on quarters of an hour. Nothing here knows a due moment
beforehand: time passes, what happens at a moment happens, and then somebody looks whether the promise is used up. Of
the engine it shares no more than the rules, which are those of the semantics (1.4 to 1.10).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.golden.oracle import STEP, Oracle

Row = Mapping[str, Any]
Answer = dict[str, Any]
NOTHING = timedelta()
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def answer(row: Row, hours: Oracle) -> Answer:
    """What the row comes to; `hours` are those of its calendar."""
    return {"clock": _clock, "ladder": _ladder, "conversation": _conversation}[row["op"]](row, hours)


def _clock(row: Row, hours: Oracle) -> Answer:
    return _Life(row, hours).answer()


class _Life:
    """One clock: what it has used of open and of real time, and what of either makes it due."""

    def __init__(self, row: Row, hours: Oracle) -> None:
        self.row, self.hours = row, hours
        self.used = self.wall = NOTHING
        self.state, self.is_met_while_paused = "running", False
        self.due_at: datetime | None = None
        self.told: dict[int, str | None] = {}
        self._promise(row["target"])
        self.need, self.cap = self.length, self._cap()

    def answer(self) -> Answer:
        waiting = [(_at(event["at"]), event) for event in self.row["events"]]
        self.now = waiting[0][0]
        while waiting or (self.state == "running" and self.due_at is None):
            while waiting and waiting[0][0] == self.now:
                self._happen(waiting.pop(0)[1])
            if self.state in {"met", "met_late"}:
                break
            if self.state == "running" and self.due_at is None:
                self._look()
            if self.state == "running" and self.due_at is None:
                self._pass()
            self.now += STEP
        return self._told()

    def _look(self) -> None:
        if self._is_over(self.used, self.wall):
            self.due_at = self.now
            return
        points = {number: self._point(mark) for number, mark in enumerate(self.row.get("reminders", []))}
        own = self._own(self.used, self.wall)
        fallen = [number for number, point in points.items() if number not in self.told and NOTHING < point <= own]
        fallen.sort(key=lambda number: points[number])
        self.told |= dict.fromkeys(fallen, "coalesced")
        self.told |= {number: _text(self.now) for number in fallen[-1:]}

    def _pass(self) -> None:
        self.wall += STEP
        self.used += STEP * self.hours.is_open(self.now)

    def _happen(self, event: Row) -> None:
        kind, state = event["type"], self.state
        if kind == "pause" and state == "running":
            self.state = "paused"
        elif (kind == "resume" and state == "paused") or (kind == "reopen" and state == "stopped"):
            self.state = "running"
        elif kind == "stop" and state in {"running", "paused"}:
            self.state = "stopped"
        elif kind == "satisfy" and state in {"running", "paused"}:
            is_late = self.due_at is not None
            self.is_met_while_paused = state == "paused" and not is_late
            self.state = "met_late" if is_late else "met"
        elif kind == "retarget" and state in {"running", "paused", "stopped"}:
            self._retarget(event)

    def _retarget(self, event: Row) -> None:
        """The same start; never less than the floor, but where less was left before. The cap waits for no floor.

        What was broken stays so, and the new promise is written down. A clock that stands still is asked as though it
        went on now.
        """
        was_wall, was_need, was_cap = self.is_wall, self.need, self.cap
        before = NOTHING if self.due_at is not None else self._left()
        self._promise(event["target"])
        if self.due_at is not None:
            return
        self.need, self.cap = self.length, None
        least = min(self.length, timedelta(seconds=event.get("floor_s", 900)))
        own = self._own(self.used, self.wall)
        floor = self._left(own + least)
        if self._left() < min(floor, before):
            if floor <= before:
                self.need = own + least
            elif was_wall == self.is_wall:
                self.need, self.cap = was_need, was_cap
            else:
                self.need, self.cap = own + least, self.wall + before
        self.cap = min((cap for cap in (self.cap, self._cap()) if cap is not None), default=None)

    def _left(self, need: timedelta | None = None) -> timedelta:
        """Real time until it would be over, if it went on from now."""
        used, wall = self.used, self.wall
        at = self.now
        while not self._is_over(used, wall, need):
            wall += STEP
            used += STEP * self.hours.is_open(at)
            at += STEP
        return at - self.now

    def _is_over(self, used: timedelta, wall: timedelta, need: timedelta | None = None) -> bool:
        return self._own(used, wall) >= (self.need if need is None else need) or (
            self.cap is not None and wall >= self.cap
        )

    def _own(self, used: timedelta, wall: timedelta) -> timedelta:
        return wall if self.is_wall else used

    def _promise(self, target: Row) -> None:
        self.is_wall, self.length = target["unit"] == "wall", timedelta(seconds=target["seconds"])

    def _cap(self) -> timedelta | None:
        cap = self.row.get("off_hours_cap_s")
        return None if cap is None or self.is_wall else self.length + timedelta(seconds=cap)

    def _point(self, mark: Row) -> timedelta:
        """Shares are of the promise; what is counted back is counted from where it is due."""
        return self.length * mark["pct"] / 100 if "pct" in mark else self.need - timedelta(seconds=mark["left_s"])

    def _told(self) -> Answer:
        is_broken = self.state == "running" and self.due_at is not None
        due_at = self.due_at
        if due_at is None and self.state == "met" and not self.is_met_while_paused:
            due_at = self.now + self._left()
        told: Answer = {
            "state": "breached" if is_broken else self.state,
            "breached_at": _text(self.due_at),
            "consumed_s": self._own(self.used, self.wall) // timedelta(seconds=1),
            "target_s": self.length // timedelta(seconds=1),
            "due_at": _text(due_at),
        }
        if self.row.get("reminders"):
            told["reminders_at"] = [self.told.get(number) for number in range(len(self.row["reminders"]))]
        return told


def _ladder(row: Row, hours: Oracle) -> Answer:
    """Each step at its offset; later while an acknowledgement holds or nobody is up; never once it is done."""
    broken_at, clock = _at(row["breached_at"]), hours if row["calendar"] else None
    done_at, down = _maybe(row, "done_at"), [_at(text) for text in row.get("down") or ()]
    heeded_at, heeded_until = _maybe(row, "ack_at"), None
    if heeded_at is not None and row.get("ack_ttl_s"):
        heeded_until = _after(heeded_at, row["ack_ttl_s"], clock)
    fired: list[Answer] = []
    for number, seconds in enumerate(row["steps_s"], start=1):
        at = _after(broken_at, seconds, clock)
        if heeded_at is not None and at >= heeded_at:
            if heeded_until is None:
                continue
            at = max(at, heeded_until)
        if down and down[0] <= at < down[1]:
            at = down[1]
        if done_at is not None and at >= done_at:
            continue
        if fired and fired[-1]["at"] == _text(at):
            milder = fired.pop()
            fired.append({"step": number, "at": _text(at), "coalesced": [*milder.get("coalesced", []), milder["step"]]})
        else:
            fired.append({"step": number, "at": _text(at)})
    return {"fired": fired}


class _Asked:
    """One promise of a conversation: how much is left of it, and since when that counts; both stand while it waits."""

    def __init__(self, metric: str, at: datetime, left: timedelta, clock: Oracle | None) -> None:
        self.metric, self.started_at, self.left, self.since, self.clock = metric, at, left, at, clock
        self.ended: datetime | None = None
        self.satisfied_at: datetime | None = None
        self.is_waiting = self.is_cancelled = False

    def due_at(self) -> datetime | None:
        return None if self.is_waiting else _after(self.since, self.left // timedelta(seconds=1), self.clock)

    def is_late(self, at: datetime) -> bool:
        due_at = self.due_at()
        return due_at is not None and due_at < at

    def wait(self, at: datetime) -> None:
        if not self.is_waiting and not self.is_late(at):
            passed = at - self.since if self.clock is None else self.clock.open_between(self.since, at)
            self.left, self.is_waiting = self.left - passed, True

    def go_on(self, at: datetime) -> None:
        if self.is_waiting:
            self.since, self.is_waiting = at, False

    def answer(self, at: datetime) -> None:
        self.ended = self.satisfied_at = at

    def cancel(self, at: datetime) -> None:
        self.ended, self.is_cancelled = at, True

    def told(self) -> Answer:
        due_at = self.due_at()
        told: Answer = {"metric": self.metric, "started_at": _text(self.started_at), "due_at": _text(due_at)}
        is_late = self.ended is not None and due_at is not None and self.ended > due_at
        if self.is_cancelled:
            return {**told, "state": "breached" if is_late else "cancelled"}
        if self.ended is None:
            return {**told, "state": "running"}
        return {**told, "state": "met_late" if is_late else "met", "satisfied_at": _text(self.satisfied_at)}


class _Talk:
    """The first words ask for a first response, later ones for a next one, each answer begins a follow-up.

    Nothing runs while we wait for somebody; the client's words end that, and so do the vendor's. A ticket that was
    resolved was answered: what is said after that asks for a next response.
    """

    def __init__(self, row: Row, hours: Oracle) -> None:
        self.clock, self.terms = hours if row["calendar"] else None, row["policy"]
        self.asked: list[_Asked] = []
        for event in row["events"]:
            self._happen(event["type"], _at(event["at"]))

    def _happen(self, kind: str, at: datetime) -> None:
        for one in self._open("first", "next", "follow_up"):
            self._touch(one, kind, at)
        if kind == "customer" and not self._open("first", "next"):
            self._ask("next" if any(one.metric == "first" for one in self.asked) else "first", at)
        elif kind == "agent":
            self._ask("follow_up", at)

    def _touch(self, one: _Asked, kind: str, at: datetime) -> None:
        if kind in {"customer", "vendor"}:
            one.go_on(at)
        elif kind in {"wait_customer", "wait_vendor"}:
            one.wait(at)
        elif kind == "agent" or (kind == "resolve" and one.metric == "first"):
            one.answer(at)
        elif kind == "resolve" or (kind == "dismiss" and one.metric == "next"):
            one.cancel(at)

    def _open(self, *metrics: str) -> list[_Asked]:
        return [one for one in self.asked if one.metric in metrics and one.ended is None]

    def _ask(self, metric: str, at: datetime) -> None:
        if metric in self.terms:
            self.asked.append(_Asked(metric, at, timedelta(seconds=self.terms[metric]), self.clock))


def _conversation(row: Row, hours: Oracle) -> Answer:
    return {"clocks": [one.told() for one in _Talk(row, hours).asked]}


def _after(at: datetime, seconds: int, clock: Oracle | None) -> datetime:
    length = timedelta(seconds=seconds)
    return at + length if clock is None else clock.advance(at, length)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe(row: Row, name: str) -> datetime | None:
    return _at(row[name]) if row.get(name) else None


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.strftime(MOMENT)
