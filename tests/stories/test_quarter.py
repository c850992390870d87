"""A quarter on the real desk: nobody who waits is ever with nobody, and nobody hears the same thing twice.

The transcript is a file that people review; `python -m scripts.quarter` writes it anew. Its judge is code of its own.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest

from tests.quarter.book import CALLING, Book, desk_from_toml, read_moment
from tests.quarter.callings import Callings
from tests.quarter.checker import Judge
from tests.quarter.playing import DESK, GOLDEN, played
from tests.quarter.sequels import Sequels
from tests.quarter.telling import Told
from tests.quarter.transcript import Line, lines_from_transcript, transcript_from_lines

LANGUAGES = ("Thank you, we have it", "отримали Ваше повідомлення", "lo hemos recibido", "Ihre Nachricht ist da")


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """The quarter as it is kept."""
    return lines_from_transcript(GOLDEN.read_text(encoding="utf-8"))


def judge(lines: Sequence[Line]) -> Judge:
    return Judge(desk_from_toml(DESK.read_text(encoding="utf-8")), lines)


def callings(lines: Sequence[Line]) -> Callings:
    return Callings(Book(desk_from_toml(DESK.read_text(encoding="utf-8")), lines))


@pytest.mark.timeout(600)
async def test_the_quarter_comes_out_as_it_is_kept(story_url: str) -> None:
    player = await played(story_url)
    assert player.stands_still == []
    fresh = transcript_from_lines(player.lines)
    kept = GOLDEN.read_text(encoding="utf-8")
    differs = [(one, other) for one, other in zip(fresh.splitlines(), kept.splitlines(), strict=False) if one != other]
    assert not differs, f"first of {len(differs)}: {differs[0]}; look, then run python -m scripts.quarter"
    assert fresh == kept


def test_every_minute_of_it_somebody_has_what_waits_and_nobody_is_told_twice(lines: list[Line]) -> None:
    assert list(judge(lines).faults()) == []


def test_all_of_ours_are_called_when_they_should_be_and_only_then(lines: list[Line]) -> None:
    assert list(callings(lines).faults()) == []


def sequels(lines: Sequence[Line]) -> Sequels:
    return Sequels(Book(desk_from_toml(DESK.read_text(encoding="utf-8")), lines))


def test_what_must_follow_a_deed_or_a_word_of_command_follows(lines: list[Line]) -> None:
    assert list(sequels(lines).faults()) == []


@pytest.mark.parametrize(
    ("is_gone", "misses"),
    [
        pytest.param(lambda line: " is back: " in line.text, Sequels.not_back, id="what was put off"),
        pytest.param(
            lambda line: line.what == "auto" and "support agreement" in line.text,
            Sequels.not_said,
            id="what is not covered",
        ),
        pytest.param(
            lambda line: line.what == "auto" and " go on with both as " in line.text,
            Sequels.not_said,
            id="what was merged",
        ),
        pytest.param(lambda line: "the client asks for the" in line.text, Sequels.not_escalated, id="who is asked for"),
        pytest.param(
            lambda line: line.what == "alert" and "asks for help" in line.text, Sequels.not_escalated, id="help"
        ),
        pytest.param(lambda line: line.what == "auto", Sequels.not_answered, id="answers"),
    ],
)
def test_the_judge_misses_what_does_not_follow(
    lines: list[Line], is_gone: Callable[[Line], bool], misses: Callable[[Sequels], Iterator[str]]
) -> None:
    left = [line for line in lines if not (line.kind == "told" and is_gone(line))]
    assert len(left) < len(lines)
    assert list(misses(sequels(left)))


@pytest.mark.parametrize(
    ("instead", "says"),
    [
        pytest.param("Nivel 2 de 3: Ines Prado", "others stand there", id="somebody of another level"),
        pytest.param("Nivel 3 de 3: Ines Prado", "they did not hear of it", id="who was not told"),
        pytest.param("Nivel 1 de 3: Hugo Brandt", "others stand there", id="a lower level than it reached"),
    ],
)
def test_the_judge_sees_that_a_client_is_told_another_level(lines: list[Line], instead: str, says: str) -> None:
    told = "Nivel 2 de 3: Hugo Brandt"
    assert any(told in line.text for line in lines)
    other = [dataclasses.replace(line, text=line.text.replace(told, instead)) for line in lines]
    assert any(says in one for one in sequels(other).not_that_level())


def test_the_judge_sees_that_who_heard_long_ago_is_told_again(lines: list[Line]) -> None:
    place = next(place for place, line in enumerate(lines) if "Nivel 2 de 3: Hugo Brandt" in line.text)
    told, alert = lines[place : place + 2]
    first = [
        dataclasses.replace(told, text=told.text.replace("2 de 3: Hugo Brandt", "1 de 3: Dana Orlyk")),
        dataclasses.replace(alert, who="dana"),
    ]
    again = [*lines[:place], *first, *lines[place + 2 :]]
    assert any("had heard of it long before" in one for one in sequels(again).not_that_level())


def test_the_judge_sees_that_a_level_is_passed_over(lines: list[Line]) -> None:
    told = "Nivel 2 de 3: Hugo Brandt"
    number = next(line.ticket for line in lines if told in line.text)
    left = [line for line in lines if not (line.ticket == number and line.who == "dana" and line.what == "alert")]
    assert any("a level below was passed over" in one for one in sequels(left).not_that_level())


def test_the_judge_sees_that_a_client_is_told_the_same_level_again(lines: list[Line]) -> None:
    place = next(place for place, line in enumerate(lines) if "Nivel 2 de 3: Hugo Brandt" in line.text)
    told, alert = lines[place : place + 2]
    assert (alert.who, alert.what) == ("hugo", "alert")
    later = f"{read_moment(told.at) + timedelta(minutes=40):%Y-%m-%dT%H:%M:%SZ}"
    again = [dataclasses.replace(one, at=later) for one in (alert, told)]
    acts = [place for place, line in enumerate(lines) if line.kind == "act" and line.ticket == told.ticket]
    left = [line for at, line in enumerate(lines) if at not in acts or line.at <= told.at or line.at > later]
    place = next(place for place, line in enumerate(left) if line.at > later)
    assert any(
        "they were told level 2" in one for one in sequels([*left[:place], *again, *left[place:]]).not_that_level()
    )


def test_the_judge_sees_what_must_not_follow(lines: list[Line]) -> None:
    place = next(place for place, line in enumerate(lines) if line.what == "Take refused")
    both = [*lines[:place], dataclasses.replace(lines[place], what="Take"), *lines[place + 1 :]]
    assert [one.partition(" at ")[0] for one in sequels(both).faults()] == [
        f"T-{lines[place].ticket} was taken by 2 of 2"
    ]
    note = next(line.text for line in lines if line.what == "AddNote")
    place = next(place for place, line in enumerate(lines) if line.what == "reply")
    leaked = [*lines[:place], dataclasses.replace(lines[place], text=note), *lines[place + 1 :]]
    assert any(note in one for one in sequels(leaked).given_away())
    place = next(place for place, line in enumerate(lines) if line.what == "NotCovered")
    called = dataclasses.replace(
        lines[place],
        at=f"{read_moment(lines[place].at) + timedelta(minutes=3):%Y-%m-%dT%H:%M:%SZ}",
        kind="told",
        where="slack:desk:T1/U1",
        what="ping",
        text="Last call for it",
    )
    pressed = [*lines[: place + 1], called, *lines[place + 1 :]]
    assert any("is not covered" in one for one in sequels(pressed).pressed_for_what_is_left_out())


def _of_ours(line: Line) -> bool:
    return line.kind == "told" and line.what in CALLING and (bool(line.who) or line.where == "slack:desk:T1/CLEADS")


def _later(line: Line) -> Line:
    return dataclasses.replace(line, at=f"{read_moment(line.at) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")


@pytest.mark.parametrize(
    ("words", "misses"),
    [
        pytest.param("outside working hours", Callings.not_paged, id="pages"),
        pytest.param("is not on shift", Callings.not_paged, id="pages of what somebody has"),
        pytest.param("waited for you", Callings.not_called, id="what waited for a shift"),
        pytest.param("is yours now", Callings.not_given, id="what went on to somebody"),
        pytest.param("went on to", Callings.not_relieved, id="what was taken from somebody"),
        pytest.param("went to others", Callings.not_relieved, id="what was taken while they were not there"),
        pytest.param("yours meanwhile", Callings.not_given, id="what a stand-in gets"),
        pytest.param("Welcome back", Callings.not_welcomed, id="what moved on meanwhile"),
        pytest.param(" wrote on T-", Callings.not_called, id="a client's words"),
        pytest.param("is overdue since", Callings.not_climbed, id="steps of a ladder"),
        pytest.param("Last call", Callings.not_reminded, id="last calls"),
        pytest.param("left for the", Callings.not_reminded, id="reminders"),
        pytest.param("has not picked it up", Callings.not_picked_up, id="what nobody picked up"),
        pytest.param(" · ", Callings.not_given, id="cards"),
    ],
)
def test_the_judge_misses_each_kind_of_call(
    lines: list[Line], words: str, misses: Callable[[Callings], Iterator[str]]
) -> None:
    left = [line for line in lines if not (_of_ours(line) and words in line.text)]
    assert len(left) < len(lines)
    assert list(misses(callings(left)))


def test_the_judge_misses_most_single_calls_that_are_lost_or_an_hour_late(lines: list[Line]) -> None:
    """Not all of them: some say again what their reader knows, or hang on what it cannot reckon plainly."""
    told: dict[int, Line] = {}
    for line in lines:
        if _of_ours(line) and line.who and line.ticket and line.ticket % 3 == 0:
            told.setdefault(line.ticket, line)
    assert len(told) > 20
    gone = [line for line in lines if line is not told.get(line.ticket or 0)]
    late = sorted([*gone, *map(_later, told.values())], key=lambda one: one.at)
    for broken in (gone, late):
        found = " ".join(callings(broken).faults())
        assert sum(re.search(rf"T-{ticket}\b", found) is not None for ticket in told) > 0.7 * len(told)


def test_the_judge_sees_who_is_called_at_night_and_who_is_told_twice(lines: list[Line]) -> None:
    place = next(place for place, line in enumerate(lines) if _of_ours(line) and line.ticket and line.what == "ping")
    night = dataclasses.replace(lines[place], at=f"{lines[place].at[:11]}23:30:00Z")
    assert any("does not work" in one for one in callings([*lines[: place + 1], night]).called_at_night())
    again = [*lines[: place + 1], lines[place], *lines[place + 1 :]]
    assert any("was told twice" in one for one in judge(again).faults())


def test_it_is_a_quarter_worth_the_name(lines: list[Line]) -> None:
    kinds = Counter(line.kind for line in lines)
    assert kinds["said"] > 500
    assert (kinds["leave"], kinds["down"], kinds["up"]) == (9, 1, 1)
    assert {line.where.partition(":")[0] for line in lines if line.kind == "said"} == {
        "telegram",
        "slack",
        "email",
        "inapp",
    }
    assert {line.who for line in lines if line.kind == "told"} >= {"vera", "oleg", "mira", "pau", "bob"}
    assert any(line.where == "slack:desk:T1/CLEADS" and line.what == "alert" for line in lines)
    texts = " ".join(line.text for line in lines if line.kind == "told")
    assert [words for words in LANGUAGES if words not in texts] == []
    assert judge(lines).waited() > 30_000
    down, up = (read_moment(line.at) for line in lines if line.kind in {"down", "up"})
    assert (up - down).days == 3


def _without_its_person(line: Line) -> Line:
    return dataclasses.replace(line, who="")


def _with_somebody_away(line: Line) -> Line:
    return dataclasses.replace(line, who="mira")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(_without_its_person, "with nobody", id="nobody has it"),
        pytest.param(_with_somebody_away, "with mira", id="whoever has it is on leave"),
    ],
)
def test_the_judge_sees_what_is_left_alone(lines: list[Line], change: Callable[[Line], Line], words: str) -> None:
    """In the week in which Mira is away, a ticket that waits at noon is put on nobody, and on her."""
    place = next(
        place
        for place, line in enumerate(lines)
        if line.kind == "ticket" and line.what.endswith(", waits") and "2026-03-11T09" < line.at < "2026-03-17T13"
        if line.who and "T09" < line.at[10:] < "T13" and read_moment(line.at).weekday() < 5
    )
    broken = [*lines[:place], change(lines[place]), *lines[place + 1 :]]
    faults = [one for one in judge(broken).left_alone() if words in one]
    assert faults
    assert faults[0].startswith(f"T-{lines[place].ticket} ")


def test_the_judge_sees_what_is_said_twice_and_who_was_never_told(lines: list[Line]) -> None:
    place = next(place for place, line in enumerate(lines) if line.kind == "told" and line.what == "auto")
    again = [*lines[: place + 1], lines[place], *lines[place + 1 :]]
    assert any("was told twice" in one for one in judge(again).told_twice())
    ticket = lines[place].ticket
    named = re.compile(rf"\bT-{ticket}\b")
    silent = [line for line in lines if line.kind != "told" or not (line.ticket == ticket or named.search(line.text))]
    assert f"the client of T-{ticket} was never told anything" in set(judge(silent).never_told())
    assert any("who was never shown it" in one for one in judge(silent).never_told())


def test_the_judge_reckons_for_itself_when_somebody_comes(lines: list[Line]) -> None:
    """It reads days and times in four languages, and believes none of them."""
    known = judge(lines)
    read = [found for line in lines if line.what == "auto" and (found := known.told_in(line)) != Told()]
    assert Counter(found.opens_at is not None for found in read)[True] > 90
    assert Counter(found.answers_by is not None for found in read)[True] > 90
    place = next(place for place, line in enumerate(lines) if "We are back tomorrow 02:00" in line.text)
    for words in ("tomorrow 03:00", "Friday 02:00", "tomorrow 01:59"):
        wrong = dataclasses.replace(lines[place], text=lines[place].text.replace("tomorrow 02:00", words))
        faults = list(judge([*lines[:place], wrong, *lines[place + 1 :]]).told_wrong_times())
        assert [one.startswith(f"T-{wrong.ticket} at {wrong.at}") for one in faults] == [True]
    place = next(place for place, line in enumerate(lines) if "Vera буде на звʼязку" in line.text)
    other = dataclasses.replace(lines[place], text=lines[place].text.replace("Vera", "Bob"))
    assert any("Bob is not there then" in one for one in judge([*lines[:place], other]).told_wrong_times())
    early = dataclasses.replace(lines[place], text="Thank you, we have it (T-1). We answer by 00:01 (your time).")
    assert any("nobody comes before" in one for one in judge([*lines[:place], early]).told_wrong_times())


def test_the_judge_sees_who_is_called_on_leave(lines: list[Line]) -> None:
    place = next(place for place, line in enumerate(lines) if line.kind == "told" and line.at > "2026-03-12")
    called = dataclasses.replace(lines[place], who="mira", what="ping", ticket=1)
    assert any("mira is on leave" in one for one in judge([*lines[:place], called, *lines[place:]]).faults())


def test_the_judge_misses_what_was_lost_let_go_or_told_to_another_client(lines: list[Line]) -> None:
    new = next(line for line in lines if line.kind == "ticket" and line.what == "new, waits")
    lost = [line for line in lines if line.kind == "said" or line.ticket != new.ticket]
    assert any("it waits nowhere" in one for one in judge(lost).unheard())
    idle = [line for line in lines if line.kind != "act" or line.ticket != new.ticket]
    assert any("nobody did anything" in one for one in judge(idle).let_go())
    told = next(line for line in lines if line.kind == "told" and line.where == new.where)
    leaked = dataclasses.replace(told, where="telegram:desk:1003")
    assert any("another client's" in one for one in judge([*lines, leaked]).told_to_others())
