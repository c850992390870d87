"""People of ours whose account was closed elsewhere: they may do nothing until an admin lets them in again (S31).

They stay in the desk directory, because their name stands on what they did; the revision in force is read as if they
had no roles, and they are told nothing outside our own board, which they cannot open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, text

from bot.store.driver.bulk import delete_many, insert_new
from bot.store.remembered import recall, remember
from bot.store.tables import care_schema
from bot.tickets.revision import Revision
from routing.people import PersonId
from sla.duration import Instant

#: Where it is remembered that somebody was shut out or let in, for every process to notice.
MARK: Final = "shut out people"

#: What a channel said of an account, `closed` or `guest`, before its name.
_TOLD: Final = "{change} account {account}"
_ALL: Final = text("SELECT person, by, at FROM shut_out ORDER BY person")


@dataclass(frozen=True, slots=True)
class ShutOut:
    """One person, what shut them out, and when."""

    person: PersonId
    by: str
    at: Instant


def shut_out(conn: Connection, person: PersonId, *, by: str, at: Instant) -> bool:
    """Take every right of a person; False where they have none already."""
    row = {"person": person, "by": by, "at": at}
    if not insert_new(conn, care_schema.shut_out, [row], key="person"):
        return False
    remember(conn, MARK, f"{person} out at {at}")
    return True


def let_in(conn: Connection, person: PersonId, *, at: Instant) -> bool:
    """Give them back what the desk directory says; False where nobody had taken it."""
    if not delete_many(conn, care_schema.shut_out, [person]):
        return False
    remember(conn, MARK, f"{person} in at {at}")
    return True


def note(conn: Connection, account: str, change: str, *, at: Instant) -> None:
    """Remember that the desk knows of an account that it is closed, or a guest's."""
    remember(conn, _TOLD.format(change=change, account=account), str(at))


def was_told(conn: Connection, account: str, change: str) -> bool:
    """Whether the desk knows that already: whoever was let in since then stays in."""
    return bool(recall(conn, _TOLD.format(change=change, account=account)))


def forget(conn: Connection, account: str, change: str) -> None:
    """It is so no longer: a next time is news again."""
    if was_told(conn, account, change):
        remember(conn, _TOLD.format(change=change, account=account), "")


def all_of(conn: Connection) -> Mapping[PersonId, ShutOut]:
    """Everybody who is shut out."""
    return {PersonId(row.person): ShutOut(PersonId(row.person), row.by, Instant(row.at)) for row in conn.execute(_ALL)}


def without(revision: Revision, out: Mapping[PersonId, ShutOut]) -> Revision:
    """The revision as it is in force while they are: nobody asks anything of them, and nobody hears them."""
    gone = frozenset(person for person in out if person in revision.people)
    if not gone:
        return revision
    people = {
        person: replace(one, roles=frozenset()) if person in gone else one for person, one in revision.people.items()
    }
    return replace(revision, people=people, shut_out=gone)
