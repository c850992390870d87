"""Whatever happens in whatever order: what is one client's never stands in front of another client, or of a stranger.

Contacts and strangers speak in their own places and in groups, ask, name each other's tickets and use links of each
other's; the desk directory moves groups and addresses from client to client; leads say who is whom; sends wait. Each
thing a client says and each reply carries a mark, and whoever sees one must be allowed to at that moment. A seed is one
sequence, the same each time.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Final, NamedTuple

import pytest
from sqlalchemy import TextClause
from sqlalchemy import text as sql

from adapters.errors import TemporaryError
from adapters.message import Channel, Identity
from bot.tickets.command import Command, GoElsewhere, Merge, Reply, Resolve, SamePerson, Split, TwoPeople, Unmerge
from bot.tickets.ticket import MessageId, Ticket
from tests.builders import document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_linking import LENA, made, unlinked

EMAIL, TELEGRAM = Channel.EMAIL, Channel.TELEGRAM
STEPS: Final = 60
GROUPS: Final = ("-1001234", "-1005678")
CLIENTS: Final = ("acme", "globex", "initech", None)
#: Everybody's own places, by channel: contacts, strangers, and members of groups.
PEOPLE: Final = {
    "lena": {TELEGRAM: "1001", EMAIL: "lena@acme.test"},
    "nora": {TELEGRAM: "1007", EMAIL: "nora@acme.test"},
    "taras": {TELEGRAM: "1002", EMAIL: "taras@globex.test"},
    "bill": {TELEGRAM: "1003", EMAIL: "bill@initech.test"},
    "eve": {TELEGRAM: "5001", EMAIL: "eve@evil.test"},
    "sam": {TELEGRAM: "5002", EMAIL: "sam@evil.test"},
    "kim": {TELEGRAM: "7001", EMAIL: "kim@somewhere.test"},
}
WHO: Final = {address: who for who, places in PEOPLE.items() for address in places.values()}
LENA_LINE: Final = 'contacts = [{ name = "Lena", telegram = 1001, email = "lena@acme.test", slack = "T2/U9"'
NORA: Final = '{ name = "Nora", email = "nora@acme.test", telegram = 1007 }'
ACTS: Final = {
    "says": 6,
    "says in a group": 5,
    "names": 5,
    "asks": 3,
    "directory": 3,
    "link": 2,
    "unlinks": 1,
    "reply": 7,
    "same person": 2,
    "two people": 2,
    "merge": 1,
    "unmerge": 1,
    "split": 1,
    "elsewhere": 1,
    "resolves": 1,
    "trouble": 2,
    "time": 3,
}
_SAID: Final = sql("""
SELECT ticket.id, CASE WHEN ticket.is_verified = 1 THEN ticket.client END AS client
FROM message JOIN ticket ON ticket.id = message.ticket_id
WHERE message.direction = 'in' AND message.text LIKE :mark ORDER BY message.id LIMIT 1
""")
_WHOSE: Final = sql("""
SELECT contact.id, CASE WHEN identity.is_verified = 1 THEN contact.client END AS client
FROM identity JOIN contact ON contact.id = identity.contact_id WHERE identity.key = :key
""")


class Owned(NamedTuple):
    """Whose something is: a ticket's or a contact's id, and the client that it surely belongs to, if any."""

    id: int
    client: str | None


class Play:
    """One sequence: who said what, and whose each group is by the desk directory."""

    def __init__(self, desk: Story, seed: int) -> None:
        self.desk = desk
        self.chance = Random(seed)
        self.owners: Mapping[str, str | None] = {GROUPS[0]: "acme", GROUPS[1]: None}
        self.said_by: dict[int, str] = {}
        self.opened_by: dict[int, str] = {}
        self.acts: list[object] = []
        self.seen = 0
        self._looked: dict[Channel, int] = {}

    async def step(self) -> None:
        """One act, and a look at everything that anybody sees of it."""
        chance = self.chance
        (act,) = chance.choices(list(ACTS), weights=list(ACTS.values()))
        who = chance.choice(list(PEOPLE))
        channel = chance.choice([TELEGRAM, TELEGRAM, EMAIL])
        tickets = await self.tickets()
        ticket = chance.choice(tickets) if tickets else None
        self.acts.append((act, who, str(channel), ticket.id if ticket is not None else None))
        match act:
            case "says" | "names" | "asks":
                place = None if chance.random() < 0.7 else chance.choice(GROUPS)
                named = f" about T-{ticket.id}" if ticket is not None and act != "says" else ""
                await self.says(who, channel, "/status" if act == "asks" else self.mark(who) + named, place)
            case "says in a group":
                await self.says(who, TELEGRAM, self.mark(who), chance.choice(GROUPS))
            case "directory":
                await self.directory()
            case "link":
                named_as = chance.choice([LENA, None])
                token = await made(
                    self.desk, contact=named_as, client="acme" if named_as else chance.choice(CLIENTS[:3])
                )
                await self.desk.receives(TELEGRAM, sender=PEOPLE[who][TELEGRAM], text=f"/start {token}")
            case "unlinks":
                await unlinked(self.desk, PEOPLE[who][TELEGRAM])
            case "trouble":
                self.desk.channels[channel].fail_next(TemporaryError("away", retry_after=timedelta(minutes=6)))
            case "time":
                await self.desk.fast_forward(minutes=chance.choice([1, 7, 20, 200, 1_200]))
            case _ if ticket is not None:
                await self.command(act, ticket, chance.choice(tickets))
        await self.look()

    def mark(self, who: str) -> str:
        """Words that are known wherever they stand."""
        self.said_by[len(self.said_by) + 1] = who
        return f"said{len(self.said_by)}by"

    async def says(self, who: str, channel: Channel, text: str, place: str | None) -> None:
        channel = channel if place is None else TELEGRAM
        await self.desk.receives(channel, sender=PEOPLE[who][channel], address=place, text=text)

    async def directory(self) -> None:
        """Groups, and some contacts' addresses, are somebody else's from now on."""
        chance = self.chance
        self.owners = {group: chance.choice(CLIENTS) for group in GROUPS}
        self.acts.append(self.owners)
        theirs = {client: [group for group, owner in self.owners.items() if owner == client] for client in CLIENTS}
        lines = {client: f"channels = {{ telegram = [{', '.join(groups)}] }}" for client, groups in theirs.items()}
        lena = chance.choice([LENA_LINE, LENA_LINE, LENA_LINE.replace("telegram = 1001, ", "")])
        nora = chance.choice(["acme", "initech", "nobody"])
        changed = story_desk(
            (LENA_LINE, lena.replace("[{", f"[{NORA}, {{") if nora == "acme" else lena),
            ("channels = { telegram = [-1001234] }", lines["acme"]),
            ('manager = "oleg"', f'manager = "oleg"\n{lines["globex"]}'),
            ('contacts = [{ name = "Bill"', f'contacts = [{f"{NORA}, " if nora == "initech" else ""}{{ name = "Bill"'),
            ('zone = "America/Chicago"', f'zone = "America/Chicago"\n{lines["initech"]}'),
        )
        await self.desk.apply(document(changed))
        await self.desk.settle()

    async def command(self, act: str, ticket: Ticket, other: Ticket) -> None:
        """What a lead does; much of it is refused, which is an answer too."""
        words = f"told{ticket.id}to{ticket.client if ticket.is_verified else None}it"
        heard = [line.id for line in await self.desk.lines(ticket.id) if line.direction == "in"]
        commands: dict[str, Command] = {
            "reply": Reply(words),
            "resolves": Resolve(words),
            "elsewhere": GoElsewhere(self.chance.choice(["telegram", "email"]), words),
            "same person": SamePerson(other.id),
            "two people": TwoPeople(),
            "merge": Merge(other.id),
            "unmerge": Unmerge(),
            "split": Split(MessageId(self.chance.choice(heard or [0]))),
        }
        await self.desk.does("dana", commands[act], ticket=ticket.id)

    async def tickets(self) -> list[Ticket]:
        found: list[Ticket] = []
        while await self.desk.is_there(len(found) + 1):
            found.append(await self.desk.ticket(len(found) + 1))
        return found

    async def look(self) -> None:
        """Whoever reads something new must be allowed to."""
        for ticket in (await self.tickets())[len(self.opened_by) :]:
            first = next(line.text for line in await self.desk.lines(ticket.id) if line.direction == "in")
            self.opened_by[ticket.id] = self.said_by[int(re.findall(r"said(\d+)by", first)[0])]
        for channel in (TELEGRAM, EMAIL):
            happenings = self.desk.channels[channel].happenings()
            for one in happenings[self._looked.get(channel, 0) :]:
                if not one.by and one.what != "noticed":
                    self.seen += 1
                    await self.judge(channel, one.conversation.place, one.text)
            self._looked[channel] = len(happenings)

    async def judge(self, channel: Channel, place: str, text: str) -> None:
        for number, client in re.findall(r"told(\d+)to(\w+)it", text):
            about = Owned(int(number), None if client == "None" else client)
            assert await self.may_read(channel, place, about), self.report(place, text)
        for mark in re.findall(r"said(\d+)by", text):
            row = await self.row(_SAID, mark=f"%said{mark}by%")
            is_own = WHO.get(place) == self.said_by[int(mark)]
            assert is_own or row is None or await self.may_read(channel, place, row), self.report(place, text)

    async def may_read(self, channel: Channel, place: str, about: Owned) -> bool:
        """Where it is nobody's group, or a stranger's ticket, whoever is in the group was there when it was said."""
        if place in GROUPS:
            return about.client is None or self.owners[place] in {about.client, None}
        if place not in WHO:
            return True  # one of our own people
        reader = await self.row(_WHOSE, key=Identity(channel, place).key)
        ticket = await self.desk.ticket(about.id)
        is_clients = reader is not None and about.client is not None and reader.client == about.client
        is_theirs = reader is not None and reader.id == ticket.contact
        return is_clients or is_theirs or self.opened_by[about.id] == WHO[place]

    async def row(self, query: TextClause, **values: str) -> Owned | None:
        row = await self.desk.database.read(lambda conn: conn.execute(query, values).first())
        return Owned(row.id, row.client) if row is not None else None

    def report(self, place: str, text: str) -> str:
        acts = "\n".join(map(str, self.acts))
        return f"{place} reads {text!r} after:\n{acts}"


async def played(make_desk: MakeStory, seed: int) -> Play:
    play = Play(await make_desk(), seed)
    for _ in range(STEPS):
        await play.step()
    return play


@pytest.mark.parametrize("seed", range(20))
async def test_nobody_reads_what_is_anothers(make_desk: MakeStory, seed: int) -> None:
    play = await played(make_desk, seed)
    assert play.opened_by
    assert play.seen > STEPS / 6
