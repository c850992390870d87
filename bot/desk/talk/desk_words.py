"""What our people ask the desk in words, on a channel where a slash is theirs: `/desk queue`, or `/queue` for short.

    /desk …   /queue   /ticket T-1   /who CLIENT   /absences   /away …   /back   /call T-1 …   /calls   /help   /start

Answered under what they wrote, in the transaction that hears it.
"""

import re
from typing import Final

from adapters.port import Answer
from bot.desk.calls.words import Calling
from bot.desk.people.leaving import Leaving
from bot.desk.talk.questions import Questions
from bot.store.driver.committer import savepoint
from bot.store.driver.connection import Connection
from routing.people import PersonId

#: Short for `/desk` and the same word; `/start` is how a person opens the conversation, and is told what there is.
NAMES: Final = frozenset({"queue", "ticket", "who", "absences", "away", "back", "call", "calls", "help", "start"})
_WORD: Final = re.compile(r"/(?P<name>[a-z]+)(?:\s+(?P<rest>.*))?", re.IGNORECASE | re.DOTALL)


def question_from_text(text: str) -> str | None:
    """What would stand after `/desk`; None for words that ask nothing of it."""
    found = _WORD.fullmatch(text.strip())
    if found is None:
        return None
    name, rest = found["name"].casefold(), (found["rest"] or "").strip()
    if name == "desk":
        return rest
    return f"{name} {rest}".strip() if name in NAMES else None


class DeskWords:
    """Answers them; one per process."""

    def __init__(self, questions: Questions, leaving: Leaving, calling: Calling | None = None) -> None:
        self._questions = questions
        self._leaving = leaving
        self._calling = calling

    def answered(self, conn: Connection, by: PersonId, question: str) -> Answer:
        """The answer to one; what it asks for is done, at most once for each message that is heard."""
        try:
            with savepoint(conn):
                answer = self._leaving.answered(conn, by, question)
                if answer is None and self._calling is not None:
                    answer = self._calling.answered(conn, by, question)
        except ValueError as error:
            return Answer(str(error), is_refused=True)
        return answer if answer is not None else self._questions.answered(conn, by, question)
