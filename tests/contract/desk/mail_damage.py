"""Damaged mails at a whole desk: each is kept, parsed, decided, and answered with a mail that is composed as for real.

A part of so many mails has a desk of its own and one seed, so what goes wrong in it can be looked at again alone.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import islice
from pathlib import Path
from typing import Final

from adapters.card import Outbound, OutboundCard
from adapters.email import ids
from adapters.email.letters import Letter, Sender
from adapters.email.memory import Known
from adapters.email.posting import Posting
from adapters.message import Conversation, OutboundMessage, Receipt
from bot.desk.applying import apply_document
from bot.desk.sending.auto_answers import MOST_A_DAY
from bot.store import journal
from bot.store.channels import mail_threads
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.files import Files
from bot.tickets.calls.call import KINDS
from bot.tickets.texts import CATALOGUE, LANGUAGES, Texts
from sla.duration import instant, later
from tests.builders import document, story_desk
from tests.contract.desk.conftest import VERA
from tests.contract.desk.mail_home import SIGNER, US, Home, MailRoom
from tests.harness import NOON
from tests.templates import new_sqlite
from tests.unit.email.fuzz import mutations

AT_ONCE, A_DAY, AN_HOUR = 50, 100, 60
A_DAY_AND_MORE: Final = timedelta(hours=26)
UNFORESEEN: Final = "an unexpected error"
_WORDS: Final = re.compile(r"[^\W\d_]+")
_DESK: Final = story_desk(VERA)
#: All that a machine of ours says to whoever is no known contact.
_TEXTS: Final = [str(one) for entry in CATALOGUE.values() for one in entry.values()]
_OURS: Final = {word for one in (*_TEXTS, *map(str, KINDS), _DESK) for word in _WORDS.findall(one.replace("_", " "))}
#: Beside its notices somebody has one answer in a day for what only claims to be theirs, and those that were asked for.
_MOST: Final = 2 * MOST_A_DAY
_SUBJECTS: Final = {Texts(language)("email_subject") for language in LANGUAGES}
_SENDER: Final = Sender(US.addresses[0], "Desk", SIGNER)


@dataclass(frozen=True)
class Answer:
    """What a machine of ours said to whoever wrote, and the mail that says it."""

    message: OutboundMessage
    letter: Letter
    is_proven: bool


class PostRoom(MailRoom):
    """The email channel without its wires, which composes whatever it sends."""

    database: Database
    files: Files

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Answer] = []

    async def known(self, conversation: Conversation) -> Known | None:
        found = await self.database.read(lambda conn: mail_threads.thread_of(conn, conversation.key))
        return Known(found.subject, found.last, found.is_verified, found.language) if found is not None else None

    async def send(self, message: Outbound) -> Receipt:
        assert isinstance(message, OutboundCard | OutboundMessage)
        posting = Posting(_SENDER, self, self.files, lambda name, lang: Texts(lang or "en")(f"email_{name}"), str)
        letter = await posting.letter(message)
        if isinstance(message, OutboundMessage) and message.automatic and not message.is_inward:
            known = await self.known(message.conversation)
            self.answers.append(Answer(message, letter, known is not None and known.is_proven))
        return await super().send(message)


@dataclass
class Damaged(Home):
    channel: PostRoom = field(default_factory=PostRoom)

    def __post_init__(self) -> None:
        self.channel.database, self.channel.files = self.database, self.files
        super().__post_init__()


@asynccontextmanager
async def damaged_home(folder: Path) -> AsyncIterator[Damaged]:
    database = await open_database(new_sqlite(folder / "maitred.db"))
    await apply_document(database, document(_DESK), at=instant(NOON), by="test")
    home = Damaged(database, Files(folder / "files"))
    await home.desk.prepare(is_alone=True)
    yield home
    await home.desk.drain()
    await database.close()


async def wrong_with(home: Damaged, mails: Sequence[bytes]) -> list[str]:
    """Let a desk have them all, so many a day; sentences about what is wrong with what became of them."""
    wrong: list[str] = []
    for first in range(0, len(mails), A_DAY):
        before = len(home.channel.answers)
        for start in range(first, min(first + A_DAY, len(mails)), AT_ONCE):
            await home.receives(*mails[start : min(start + AT_ONCE, first + A_DAY)])
        wrong += _wrong_in_a_day(home.channel.answers[before:])
        home.time.at = later(home.time.at, A_DAY_AND_MORE)
        await home.settle()
    states = ["new", "done", "dead", "parked"]
    kept = await home.database.read(lambda conn: journal.listing(conn, states=states, count=2 * len(mails)))
    said = home.channel.answers
    wrong += [f"{len(kept)} of {len(set(mails))} mails are kept"] if len(kept) != len(set(mails)) else []
    wrong += [f"a mail waits for ever: {one.external_id}" for one in kept if one.state == "new"]
    wrong += [f"{one.reason}: {one.external_id}" for one in kept if UNFORESEEN in (one.reason or "")]
    wrong += [] if said else ["nobody was answered"]
    return [*wrong, *(sentence for one in said for sentence in _wrong_in(one))]


def _wrong_in_a_day(said: Sequence[Answer]) -> list[str]:
    to = Counter(one.message.conversation.place for one in said)
    known = sum(count for place, count in to.items() if place.endswith("@acme.test"))
    wrong = [f"{place} has {count} answers" for place, count in to.items() if count > _MOST]
    return [*wrong, f"{len(said)} answers in an hour"] if len(said) > AN_HOUR + known else wrong


def _wrong_in(answer: Answer) -> list[str]:
    mail = message_from_bytes(answer.letter.content, policy=default)
    assert isinstance(mail, EmailMessage)
    place = answer.message.conversation.place
    to = [one.addr_spec for one in mail["To"].addresses]
    theirs = set() if answer.is_proven else set(_WORDS.findall(answer.message.text)) - _OURS
    wrong = ["we are answered ourselves"] if place in US.addresses else []
    is_theirs = to == [ids.on_the_wire(place)] and not mail["Cc"] and not mail["Bcc"]
    wrong += [] if is_theirs else [f"a mail to {to} for {place}"]
    wrong += [f"a stranger's words are said back: {sorted(theirs)}"] if theirs else []
    wrong += ["a machine's mail does not say so"] if not mail["Auto-Submitted"] or mail["Precedence"] != "bulk" else []
    wrong += [f"a header is broken: {one}" for one in mail.defects]
    if not answer.is_proven and (mail["In-Reply-To"] or mail["References"] or str(mail["Subject"]) not in _SUBJECTS):
        wrong.append(f"a stranger's thread is gone on with: {mail['Subject']}")
    return wrong


def damaged(seed: int, count: int) -> list[bytes]:
    return list(islice(mutations(seed), count))
