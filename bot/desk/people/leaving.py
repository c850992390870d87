"""What our people say of being away, at once and from anywhere: `/desk away`, `/desk back`, `/desk absences`.

    away [for NAME] [[from] DAY] [until DAY] [backup NAME] · back [for NAME] [NUMBER] · absences

A press carries a key: repeated, it is answered as before and does nothing. What became of tickets is told by the alarm
of the absence, a moment later.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Final

from adapters.port import Answer
from bot.crashpoint import reach
from bot.desk.directory import Directory
from bot.desk.people.absences import Absences
from bot.desk.talk.presses import answer_from_text, answer_to_text
from bot.store.channels import presses
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.people import absences
from bot.store.revisions import Revisions
from bot.tickets.decide_staff import ACTING
from bot.tickets.outcome import person_texts
from bot.tickets.relays import name_of
from bot.tickets.words.leave import SAID_BACK, Words, absence_from, away, said_of, words_from_text
from routing.people import PersonId
from sla.duration import Instant

#: As many absences as one answer lists.
LISTED: Final = 20
_BACK: Final = re.compile(r"(?:for\s+(?P<person>.+?))?\s*(?:#?(?P<number>\d{1,9}))?", re.IGNORECASE)


class Leaving:
    """Hears who leaves and who is back; one per process."""

    def __init__(
        self,
        database: Database,
        revisions: Revisions,
        directory: Directory,
        now: Callable[[], Instant],
        *,
        said: Callable[[], Awaitable[object]],
    ) -> None:
        """`said` lets this process notice at once what it wrote itself; the others do within a second."""
        self._database = database
        self._revisions = revisions
        self._absences = Absences(revisions, directory)
        self._now = now
        self._said = said

    async def answer(self, by: PersonId, text: str, *, key: str) -> Answer | None:
        """The answer to words about being away; None for any others."""
        what, _, rest = text.strip().partition(" ")
        match what.casefold():
            case "away":
                return await self._once(by, key, lambda conn: self.away(conn, by, rest))
            case "back":
                return await self._once(by, key, lambda conn: self.back(conn, by, rest))
            case "absences":
                return await self._listed(by)
            case _:
                return None

    async def leaves(self, by: PersonId, words: Words, *, key: str) -> Answer:
        """Somebody is away, or will be, said field by field; the same key gives the same answer."""
        return await self._once(by, key, lambda conn: self._keep(conn, by, words))

    async def returns(self, by: PersonId, person: str, number: int, *, key: str) -> Answer:
        """That absence is over, or called off."""
        return await self._once(by, key, lambda conn: self._end(conn, by, person, number))

    def answered(self, conn: Connection, by: PersonId, text: str) -> Answer | None:
        """The same for whoever writes to the database already, once for each message. A ValueError refuses it."""
        what, _, rest = text.strip().partition(" ")
        if what.casefold() == "absences":
            return self._listing(conn, by)
        if what.casefold() not in {"away", "back"}:
            return None
        if refusal := self._refusal(by):
            return refusal
        return Answer((self.away if what.casefold() == "away" else self.back)(conn, by, rest))

    def away(self, conn: Connection, by: PersonId, text: str) -> str:
        """Keep what was said, and say it back. A ValueError refuses it, in the words of whoever speaks."""
        return self._keep(conn, by, words_from_text(text))

    def _keep(self, conn: Connection, by: PersonId, words: Words) -> str:
        revision, now = self._revisions.current, self._now()
        absence = absence_from(words, by, revision, now=now)
        leave = self._absences.say(conn, absence, by=by, at=now)
        return self._absences.said_back(conn, leave, by=by, at=now)

    def back(self, conn: Connection, by: PersonId, text: str) -> str:
        """Whoever was away is there again, or what they planned is called off. A ValueError refuses it."""
        speak = person_texts(self._revisions.current, by)
        said = _BACK.fullmatch(text.strip())
        if said is None:
            raise ValueError(speak("refused_no_absence", number=text.strip()[:SAID_BACK]))
        return self._end(conn, by, said["person"] or "", int(said["number"]) if said["number"] else None)

    def _end(self, conn: Connection, by: PersonId, name: str, number: int | None) -> str:
        revision, now = self._revisions.current, self._now()
        speak = person_texts(revision, by)
        person = away(name, by, revision)
        if not self._absences.end(conn, person.id, by=by, at=now, number=number):
            if number is not None:
                raise ValueError(speak("refused_no_absence", number=number))
            theirs = [one for one in absences.alive(conn) if one.person == person.id and one.ended_at is None]
            planned = [f"back {one.id}" for one in theirs if one.since > now]
            key = "refused_planned" if planned else "refused_not_away"
            raise ValueError(speak(key, name=name_of(revision, person.id), words=", ".join(planned)))
        return speak("back_again", name=person.name)

    async def _once(self, by: PersonId, key: str, change: Callable[[Connection], str]) -> Answer:
        """Do it once for each press, and let everybody here notice."""
        kept_as = f"{by}:{key}"
        if refusal := self._refusal(by):
            return refusal

        def changed(conn: Connection) -> Answer:
            if (kept := presses.answers(conn, [kept_as]).get(kept_as)) is not None:
                return answer_from_text(kept)
            answer = Answer(change(conn))
            presses.keep(conn, [presses.Answered(kept_as, answer_to_text(answer), self._now())])
            return answer

        try:
            answer = await self._database.write(changed)
        except ValueError as error:  # nothing was written: it may be said again, rightly
            return Answer(str(error), is_refused=True)
        reach("command.decided")
        await self._said()
        return answer

    def _refusal(self, by: PersonId) -> Answer | None:
        if self._revisions.current.people[by].roles & ACTING:
            return None
        speak = person_texts(self._revisions.current, by)
        return Answer(speak("refused_role", roles=", ".join(sorted(role.value for role in ACTING))), is_refused=True)

    async def _listed(self, by: PersonId) -> Answer:
        return await self._database.read(lambda conn: self._listing(conn, by))

    def _listing(self, conn: Connection, by: PersonId) -> Answer:
        revision, now = self._revisions.current, self._now()
        known = [one for one in absences.alive(conn) if one.ends_at is None or one.ends_at > now]
        lines = [f"#{one.id} {said_of(one.absence, by, revision, now=now)}" for one in known[:LISTED]]
        return Answer("\n".join(lines) or person_texts(revision, by)("away_none"))
