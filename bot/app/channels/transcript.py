"""What the in-app channel asks the desk, answered from the store: the transcript, who answers, and files."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, TypeVar, cast

from adapters.errors import DeskAwayError
from adapters.inapp.config import ACCOUNT
from adapters.inapp.files import TooLargeError
from adapters.inapp.ids import WIDGET_TEXTS, conversation_of
from adapters.inapp.transcript import Line, Profile
from adapters.message import Attachment, Channel, Conversation, Identity, Untrusted, Vouched
from adapters.port import KeepFile
from bot.desk.calls.forms import above
from bot.desk.desk import Desk
from bot.desk.people.link_window import link_button
from bot.store import errors
from bot.store.calls import calls
from bot.store.driver.connection import Connection
from bot.store.files import Files
from bot.store.reading import reads
from bot.tickets.calls.call import Call
from bot.tickets.facts import Line as StoredLine
from bot.tickets.outcome import opening_for
from bot.tickets.revision import Revision
from bot.tickets.texts import CATALOGUE, LANGUAGES, Texts, nearest_language
from routing.people import Client, ClientId, Person, PersonId
from sla.duration import Instant, moment
from sla.week import parse_zone

Found = TypeVar("Found")

#: More than any channel hands over: each has its own limit.
LARGEST_FILE: Final = 100 * 1024 * 1024


def widget_texts() -> dict[str, dict[str, str]]:
    """The widget's own words by language, which the script carries for the time before it is connected."""
    return {language: {key: str(CATALOGUE[key][language]) for key in WIDGET_TEXTS} for language in LANGUAGES}


class StoredTranscript:
    """The transcript as the widget reads it. `mark` stands before every text of ours in a rehearsal."""

    def __init__(self, desk: Desk, *, account: str = ACCOUNT, mark: str = "") -> None:
        self._desk = desk
        self._account = account
        self._mark = mark

    async def lines(self, conversation: Conversation, after: int) -> Sequence[Line]:
        """What changed in a conversation after a rev, by position."""
        stored = await _read(self._desk, lambda conn: reads.lines_of_conversation(conn, conversation.key, after))
        return [self._shown(line) for line in stored]

    async def heads(self, conversations: Collection[Conversation]) -> Mapping[Conversation, int]:
        """The newest rev of each conversation, in one look."""
        by_key = {conversation.key: conversation for conversation in conversations}
        found = await _read(self._desk, lambda conn: reads.heads(conn, list(by_key)))
        return {by_key[key]: rev for key, rev in found.items()}

    async def greeting(
        self, identity: Identity, vouched: Vouched | None, language: str | None, zone: str | None
    ) -> Profile:
        """Who answers this person, and when they are there, in the person's language and time."""
        revision, now = self._desk.revisions.current, self._desk.now()
        key = conversation_of(self._account, identity.address).key

        def look(conn: Connection) -> tuple[reads.Acquaintance | None, Call | None, list[Call]]:
            met = reads.acquaintance(conn, identity.key, vouched)
            if met is None or not revision.calls.is_offered:
                return met, None, []
            own = calls.ahead_of_contact(conn, met.contact, now=now)
            here = calls.live_of_talk(conn, key, met.contact, now=now)
            return met, here, [one for one in own if one.client == met.client and (here is None or one.key != here.key)]

        met, call, others = await _read(self._desk, look)
        client_id = vouched.client if vouched and vouched.client in revision.clients else None
        client = revision.client(ClientId(client_id)) if client_id else revision.client(met.client if met else None)
        own = (met.language if met else None) or language or (client.language if client else None)
        speak = Texts(
            nearest_language(own, revision.language),
            (met.zone if met else None) or _known(zone) or (client.zone if client else None) or revision.zone,
            revision.texts,
        )
        manager = revision.person(client.manager) if client else None
        person = revision.person(met.assignee if met else None) or manager
        profile = _profile(revision, person, client, speak, now, is_own=person is not None and person == manager)
        if client is None:
            return replace(profile, buttons=(link_button(speak),))
        if not revision.calls.is_offered:
            return profile
        note, buttons = above(revision, call, others, speak, now=now)
        return replace(profile, note=note, buttons=buttons)

    def _shown(self, line: StoredLine) -> Line:
        is_ours = line.direction == "out"
        return Line(
            rev=line.rev,
            position=line.id,
            id=f"say:{line.id}" if is_ours else f"said:{line.id}",
            external_id=None if is_ours else line.external_id,
            direction=cast("Literal['in', 'out']", line.direction),
            kind=cast("Literal['message', 'reply', 'auto']", line.kind),
            author=self._author(line) if is_ours else line.author,
            text=f"{self._mark}{line.text}" if is_ours else line.text,
            at=moment(line.at),
            state=line.state,
            is_edited=line.is_edited,
            is_deleted=line.is_deleted,
            attachments=line.attachments,
        )

    def _author(self, line: StoredLine) -> str | None:
        person = self._desk.revisions.current.person(PersonId(line.author)) if line.author else None
        return person.name if person else None


class StoredFiles:
    """Files of the widget: kept by digest, given back only to who was sent them."""

    def __init__(self, desk: Desk, files: Files) -> None:
        self._desk = desk
        self._files = files

    async def save(self, name: Untrusted, type_: str, chunks: AsyncIterator[bytes], limit: int) -> Attachment:
        """Keep a file; TooLargeError past the limit."""
        try:
            kept = await self._files.save(chunks, limit=limit)
        except errors.TooLargeError as error:
            raise TooLargeError(str(error)) from error
        return Attachment(name, type_, kept.size, kept.digest)

    async def attachment(self, conversation: Conversation, digest: str) -> Attachment | None:
        """The attachment, if a line of that conversation carries it."""

        def look(conn: Connection) -> Attachment | None:
            return reads.file_named(conn, digest) if reads.may_read_file(conn, conversation.key, digest) else None

        return await _read(self._desk, look)

    def path(self, digest: str) -> Path | None:
        """Where the bytes are, if they are here."""
        return self._files.path(digest) if self._files.has(digest) else None


def kept_in(files: Files) -> KeepFile:
    """How a channel has the bytes of a file kept; it sees to the size itself."""

    async def keep(chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        try:
            kept = await files.save(chunks, limit=LARGEST_FILE)
        except errors.StoreUnavailableError as error:
            raise DeskAwayError(str(error)) from error
        return kept.digest, kept.size

    return keep


async def _read(desk: Desk, look: Callable[[Connection], Found]) -> Found:
    """Look something up for a channel, which hears of a store that is away in the words of the border."""
    try:
        return await desk.database.read(look)
    except errors.StoreUnavailableError as error:
        raise DeskAwayError(str(error)) from error


def _profile(
    revision: Revision, person: Person | None, client: Client | None, speak: Texts, now: Instant, *, is_own: bool
) -> Profile:
    # As they stand: the widget fills in names and numbers itself.
    own = {key: revision.texts.get(key, {}).get(speak.language) for key in WIDGET_TEXTS}
    texts = {key: own[key] or str(CATALOGUE[key][speak.language]) for key in WIDGET_TEXTS}
    if person is None:
        # As the rules would give away what is said here now, in the hours in which their plan covers this channel.
        found = opening_for(revision, client, Channel.INAPP, now)
        is_here = found is not None and found.at <= now
        subtitle = speak("profile_team")
        if not is_here and found is not None:
            subtitle = speak("profile_back", opening=speak.moment(found.at, now=now))
        initials = "".join(word[0] for word in revision.name.split()[:2]).upper()
        return Profile(revision.name, revision.name, initials, subtitle, is_here, speak.language, texts)
    hours = _hours(revision, person, speak, now)
    role = speak("profile_manager")
    initials = "".join(word[0] for word in person.name.split()[:2]).upper()
    return Profile(
        label=f"{person.name}, {role}" if is_own else person.name,
        title=person.name,
        initials=initials,
        subtitle=f"{role} · {hours}" if is_own else hours,
        is_here=revision.coverage.is_on_shift(person, now),
        language=speak.language,
        texts=texts,
    )


def _hours(revision: Revision, person: Person, speak: Texts, now: Instant) -> str:
    """Until when somebody is there, or from when on; that they are away where nobody knows."""
    if (until := revision.coverage.shift_ends(person, now)) is not None:
        return speak("profile_here_until", time=speak.clock_time(until))
    if revision.coverage.is_on_shift(person, now):
        return speak("profile_here_always")
    back = revision.coverage.next_shift(person, now)
    return speak("profile_back", opening=speak.moment(back, now=now)) if back is not None else speak("profile_away")


def _known(zone: str | None) -> str | None:
    """A browser's word for its zone, where it is one."""
    if not zone:
        return None
    try:
        parse_zone(zone)
    except ValueError:
        return None
    return zone
