"""A code confirmed in a form, where the chat has one: no word of it stands in the conversation.

The button stands above the chat of whoever is not known there. A page may open the form with the code in it; it is
redeemed only by its submission, so that nobody is made somebody else by a link they were sent. What a code means, and
what is wrong with it, is `linking.py`'s.
"""

from collections.abc import Callable, Sequence
from typing import Final

from adapters.card import Form, Input
from adapters.message import Button
from adapters.port import Answer, Press
from bot.desk.directory import Directory
from bot.desk.people.linking import Linking
from bot.desk.talk.presses import answer_from_text, answer_to_text
from bot.desk.talk.wordless import as_said
from bot.store.channels import presses
from bot.store.driver.committer import Committer
from bot.store.driver.connection import Connection
from bot.store.facts import lock_conversations
from bot.store.revisions import Revisions
from bot.tickets.texts import Texts, nearest_language
from sla.duration import Instant

LINK: Final = "client.link"
CODE: Final = "code"
#: Far longer than a code: what is longer is none.
LONGEST: Final = 100


def link_button(speak: Texts) -> Button:
    """The way to the form, for whoever is not known where they write."""
    return Button(LINK, speak("button_client_link"), "")


class LinkWindow:
    """Answers such presses; one per process."""

    def __init__(
        self, committer: Committer, revisions: Revisions, directory: Directory, now: Callable[[], Instant]
    ) -> None:
        self._committer = committer
        self._revisions = revisions
        self._linking = Linking(revisions, directory)
        self._now = now

    async def answer(self, press: Press) -> Answer:
        """The form; with a code in it, what became of that."""
        code = press.fields.get(CODE, "").strip()
        if press.conversation is None or not code:
            return Answer(form=self._form(press))
        return await self._committer.commit(self._confirmed, press)

    def _form(self, press: Press) -> Form:
        revision = self._revisions.current
        speak = Texts(nearest_language(press.language, revision.language), revision.zone, revision.texts)
        code = Input(CODE, speak("link_form_code"), initial=press.value.strip()[:LONGEST])
        title, submit, note = speak("button_client_link"), speak("link_form_submit"), speak("link_form_note")
        return Form(LINK, title, "", (code,), submit, note)

    def _confirmed(self, conn: Connection, pressed: Sequence[Press]) -> Sequence[Answer]:
        lock_conversations(conn, [one.conversation.key for one in pressed if one.conversation is not None])
        return [self._once(conn, press) for press in pressed]

    def _once(self, conn: Connection, press: Press) -> Answer:
        """The same key gives the same answer: a code is good once, and its repeat is no second try."""
        key, now = f"{press.by.key}:{press.key}", self._now()
        if (kept := presses.answers(conn, [key]).get(key)) is not None:
            answer = answer_from_text(kept)
        else:
            code = press.fields[CODE].strip()[:LONGEST].split()[-1]  # written with its `/link` before it, too
            wrong = self._linking.confirm(conn, as_said(press), code, key, now=now)
            answer = Answer(wrong, is_refused=bool(wrong))
            presses.keep(conn, [presses.Answered(key, answer_to_text(answer), now)])
        return Answer(errors={CODE: answer.text}, is_refused=True) if answer.is_refused else answer
