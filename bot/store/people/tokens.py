"""One-time links and board sessions: what is handed out is random, what is stored is only its digest.

A stolen database opens no door. Using a link is a single statement, so two clicks at the same moment are one use each.
"""

import hashlib
import secrets
from typing import NewType

from sqlalchemy import Connection, bindparam, delete, select, update

from bot.store.driver.bulk import insert_many
from bot.store.tables.schema import link_token, session
from sla.duration import Instant

#: What stands in a link or a cookie; never logged, never stored.
Token = NewType("Token", str)

_BYTES = 16  # 128 bits: nobody guesses one
_USE = (
    update(link_token)
    .where(
        link_token.c.digest == bindparam("hashed"),
        link_token.c.purpose == bindparam("meant_for"),
        link_token.c.uses_left > 0,
        link_token.c.expires_at > bindparam("now"),
    )
    .values(uses_left=link_token.c.uses_left - 1)
    .returning(link_token.c.subject)
)
_LOOK = select(link_token.c.subject).where(
    link_token.c.digest == bindparam("hashed"),
    link_token.c.purpose == bindparam("meant_for"),
    link_token.c.uses_left > 0,
    link_token.c.expires_at > bindparam("now"),
)
_HELD = select(link_token.c.digest).where(
    link_token.c.purpose == bindparam("meant_for"),
    link_token.c.subject == bindparam("about"),
    link_token.c.uses_left > 0,
    link_token.c.expires_at > bindparam("now"),
)
_CLOSE = delete(link_token).where(
    link_token.c.purpose == bindparam("meant_for"), link_token.c.subject == bindparam("about")
)
_PERSON = select(session.c.person).where(
    session.c.digest == bindparam("hashed"), session.c.expires_at > bindparam("now")
)


def make_link(
    conn: Connection, *, purpose: str, subject: str, now: Instant, expires_at: Instant, uses: int = 1
) -> Token:
    """A token for a link that does one thing (`purpose`) for one thing or person (`subject`)."""
    token = Token(secrets.token_urlsafe(_BYTES))
    row = {"digest": _digest(token), "purpose": purpose, "subject": subject, "uses_left": uses}
    insert_many(conn, link_token, [{**row, "created_at": now, "expires_at": expires_at}])
    return token


def use_link(conn: Connection, token: str, *, purpose: str, now: Instant) -> str | None:
    """Use a link once and learn its subject; None for one that is unknown, used up, late or made for something else."""
    return conn.execute(_USE, {"hashed": _digest(token), "meant_for": purpose, "now": now}).scalar()


def subject_of(conn: Connection, token: str, *, purpose: str, now: Instant) -> str | None:
    """What a link stands for, without using it; None as `use_link`."""
    return conn.execute(_LOOK, {"hashed": _digest(token), "meant_for": purpose, "now": now}).scalar()


def has_link(conn: Connection, *, purpose: str, subject: str, now: Instant) -> bool:
    """Whether anybody holds a link of that kind that still opens something."""
    return conn.execute(_HELD, {"meant_for": purpose, "about": subject, "now": now}).first() is not None


def close_links(conn: Connection, *, purpose: str, subject: str) -> int:
    """End every link of that kind; returns how many there were."""
    return conn.execute(_CLOSE, {"meant_for": purpose, "about": subject}).rowcount


def open_session(conn: Connection, *, person: str, now: Instant, expires_at: Instant) -> Token:
    """Begin a session of one of our people."""
    token = Token(secrets.token_urlsafe(_BYTES))
    row = {"digest": _digest(token), "person": person, "created_at": now, "expires_at": expires_at}
    insert_many(conn, session, [row])
    return token


def person_of_session(conn: Connection, token: str, *, now: Instant) -> str | None:
    """Whose session it is; None once it is over."""
    return conn.execute(_PERSON, {"hashed": _digest(token), "now": now}).scalar()


def close_session(conn: Connection, token: str) -> None:
    """End a session."""
    conn.execute(delete(session).where(session.c.digest == _digest(token)))


def close_sessions_of(conn: Connection, person: str) -> int:
    """End every session of a person; returns how many there were."""
    return conn.execute(delete(session).where(session.c.person == person)).rowcount


def forget_expired(conn: Connection, *, now: Instant) -> int:
    """Remove links and sessions whose time is over; returns how many."""
    return sum(conn.execute(delete(table).where(table.c.expires_at <= now)).rowcount for table in (link_token, session))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
