"""What people say about being away, and what they are told about it: `/desk away`, `/desk back`, the terminal.

    away [for NAME] [[from] DAY] [until monday | 2h | 2026-12-01 09:00] [backup NAME]

Without an end it lasts until somebody is back. Leave that would be over already is refused; one that began before it
was said counts from then on, because nothing that was decided is taken back.
"""

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bot.tickets.decide_staff import ACTING, LEADING
from bot.tickets.ladder.steps import climbed_steps
from bot.tickets.outcome import person_texts
from bot.tickets.relays import name_of
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.words.eta import is_about_a_moment, parse_leave
from routing.coverage import Absence
from routing.ladder import answering
from routing.people import Person, PersonId
from sla.duration import Instant

#: So much of what somebody typed is said back.
SAID_BACK: Final = 40


@dataclass(frozen=True, slots=True)
class Words:
    """What was said, each part as it was written; empty where it was left out."""

    person: str = ""
    since: str = ""
    until: str = ""
    backup: str = ""


def words_from_text(text: str) -> Words:
    """What stands after `away`, in its parts."""
    rest, backup = _cut(text.strip(), r"\bbackup\s+")
    rest, until = _cut(rest, r"\b(?:until|till)\s+")
    rest, since = _cut(rest, r"\bfrom\s+")
    # A figure after it is no name: for 2h.
    person = re.fullmatch(r"for\s+([^\s\d]\S*)\s*(.*)", rest, re.IGNORECASE | re.DOTALL)
    rest = person[2] if person is not None else re.sub(r"^for\s+", "", rest, flags=re.IGNORECASE)
    rest = rest.strip()
    if until and not since and is_about_a_moment(rest):
        since = rest  # friday until monday
    return Words(person[1] if person else "", since, until or rest, backup)


def absence_from(words: Words, by: PersonId, revision: Revision, *, now: Instant) -> Absence:
    """The leave that was said, by whoever `by` is. A ValueError says what is wrong with it, in their language."""
    speak = person_texts(revision, by)
    person = away(words.person, by, revision)
    backup = _named(words.backup, revision, speak) if words.backup else None
    if backup is not None and (backup.id == person.id or not backup.roles & ACTING):
        raise ValueError(speak("refused_backup", name=backup.name))
    hours = revision.calendars[person.calendar]
    read = partial(parse_leave, now=now, zone=hours.zone, calendar=hours, speak=speak)
    since = read(words.since, begins=True) if words.since else now
    until = read(words.until) if words.until else None
    since = max(since, now)
    if until is not None and until <= since:
        raise ValueError(speak("refused_leave_ends"))
    return Absence(person.id, since, until, backup.id if backup is not None else None)


def away(name: str, by: PersonId, revision: Revision) -> Person:
    """Whose leave it is: one's own, or somebody's for whom a lead speaks. A ValueError refuses."""
    speak = person_texts(revision, by)
    person = _named(name, revision, speak) if name else revision.people[by]
    if person.id != by and not revision.people[by].roles & LEADING:
        raise ValueError(speak("refused_role", roles=", ".join(sorted(role.value for role in LEADING))))
    return person


def said_of(absence: Absence, by: PersonId, revision: Revision, *, now: Instant) -> str:
    """One absence in words: who, from when where that is ahead, when they are back, and who stands in."""
    covered = _covered(absence, person_texts(revision, by), revision, max(absence.since, now))
    return f"{leave_of(absence, by, revision, now=now)} {covered}"


def leave_of(absence: Absence, by: PersonId, revision: Revision, *, now: Instant) -> str:
    """The same without who stands in."""
    speak, name = person_texts(revision, by), name_of(revision, absence.person)
    values = {"name": name, "since": speak.moment(absence.since, now=now)}
    back = back_at(absence, revision)
    key = "away_later" if absence.since > now else "away_now"
    said = speak.moment(back, now=now) if back is not None else ""
    return speak(key, **values, back=said) if said else speak(f"{key}_open", **values)


def said_back(absence: Absence, by: PersonId, revision: Revision, *, now: Instant) -> str:
    """What whoever said it reads: the absence, and the steps of ladders on which nobody is left by it."""
    said, speak = said_of(absence, by, revision, now=now), person_texts(revision, by)
    steps = "; ".join(
        speak("unmanned_step", ladder=ladder, step=step, tell=tell)
        for ladder, step, tell in emptied(absence, revision, max(absence.since, now))
    )
    return f"{said}\n{speak('away_empties', steps=steps)}" if steps else said


def emptied(absence: Absence, revision: Revision, at: Instant) -> list[tuple[str, int, str]]:
    """The steps of ladders that nobody answers for at that moment because of this absence."""
    others = tuple(one for one in revision.absences if one.person != absence.person)

    def is_manned(tell: str, absences: tuple[Absence, ...]) -> bool:
        coverage = replace(revision.coverage, absences=absences)
        return bool(answering(tell, revision.people, revision.lines, coverage, at))

    steps = climbed_steps(revision)
    return [one for one in steps if is_manned(one[2], others) and not is_manned(one[2], (*others, absence))]


def back_at(absence: Absence, revision: Revision) -> Instant | None:
    """When whoever is away works again, as far as it is known."""
    person = revision.person(absence.person)
    if absence.until is None or person is None:
        return absence.until
    return revision.coverage.next_shift(person, absence.until)


def stand_in(absence: Absence, revision: Revision) -> PersonId | None:
    """Who is named to stand in meanwhile: on the leave, or in the desk directory, also where the former has left it."""
    return next((one.id for one in _stand_ins(absence, revision)), None)


def _stand_ins(absence: Absence, revision: Revision) -> list[Person]:
    """Both of them, in the order in which they are asked for a ticket."""
    own = revision.person(absence.person)
    named = (absence.backup, own.backup if own is not None else None)
    return [person for one in named if (person := revision.person(one)) is not None]


def _covered(absence: Absence, speak: Texts, revision: Revision, at: Instant) -> str:
    named = _stand_ins(absence, revision)
    if not named:
        return speak("away_uncovered")
    there = next((one for one in named if revision.coverage.absence(one, at) is None), None)
    if there is None:
        return speak("away_backup_away", name=named[0].name)
    return speak("away_covered", name=there.name)


def _named(name: str, revision: Revision, speak: Texts) -> Person:
    wanted = " ".join(name.split()).casefold().lstrip("@")
    people = list(revision.people.values())
    found = [one for one in people if wanted in {one.id.casefold(), one.name.casefold()}]
    found = found or [one for one in people if one.name.split()[0].casefold() == wanted]
    if len(found) != 1:
        known = ", ".join(sorted(revision.people))
        raise ValueError(speak("refused_no_person", name=name.strip()[:SAID_BACK], known=known))
    return found[0]


def _cut(text: str, before: str) -> tuple[str, str]:
    """A text up to the last word that introduces a part, and that part."""
    found = list(re.finditer(before, text, re.IGNORECASE))
    return (text[: found[-1].start()].strip(), text[found[-1].end() :].strip()) if found else (text, "")
