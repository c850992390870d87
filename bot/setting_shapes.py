"""How the values of settings are written: each function reads one kind, or says in a ValueError how to write it."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from bot.crashpoint import parse as parse_crashpoint
from sla.duration import REACH, instant, is_within_reach

_DATABASE = r"(sqlite\+aiosqlite:///|postgresql\+asyncpg://).+"
_DATABASE_MEND = "write sqlite+aiosqlite:///var/maitred.db or postgresql+asyncpg://PERSON:PASSWORD@HOST/NAME"


class Listen(NamedTuple):
    """Where to listen; port 0 picks a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def listen_from(value: object) -> object:
    if not isinstance(value, str):
        return value
    host, colon, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:  # noqa: PLR2004 - the last port there is
        raise ValueError("write an address and a port, as in 127.0.0.1:8080")
    return Listen(host, int(port))


def address_from(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        is_whole = is_whole and not parts.query and not parts.fragment
    except ValueError:  # no port, or half of a bracketed address
        is_whole = False
    if not is_whole:
        raise ValueError("write a whole address, as in https://desk.example.org")
    return value.rstrip("/")


def database_from(value: SecretStr) -> SecretStr:
    """The address of a database; of what was written nothing is repeated, since a password is part of it."""
    try:
        # What is asked for here is asked for again by whoever opens it.
        is_readable = urlsplit(value.get_secret_value()).port != 0
    except ValueError:
        is_readable = False
    if not is_readable or not re.fullmatch(_DATABASE, value.get_secret_value()):
        raise ValueError(_DATABASE_MEND)
    return value


def origins_from(value: object) -> object:
    if not isinstance(value, str):
        return value
    origins = tuple(address_from(one) for one in re.split(r"[\s,]+", value.strip()) if one)
    if any(urlsplit(origin).path for origin in origins):
        raise ValueError("an origin has no path: write https://app.example.org, several with commas between")
    return origins


def instant_from(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        at = instant(datetime.fromisoformat(value))
    except (ValueError, OverflowError) as error:
        raise ValueError("write a moment with its offset, as in 2026-03-02T09:00:00+00:00") from error
    if not is_within_reach(at):
        raise ValueError(REACH)
    return at


def crashpoint_from(value: str) -> str:
    parse_crashpoint(value)
    return value


KEYS: Final = r"[\w.-]+:[^\s,]+(?:[\s,]+[\w.-]+:[^\s,]+)*"


def keys_of(written: str) -> Sequence[tuple[str, str]]:
    """Secrets with their names, in the order they were written in."""
    pairs = (pair.partition(":") for pair in re.split(r"[\s,]+", written.strip()))
    return [(name, secret) for name, _, secret in pairs]


def named_once(value: SecretStr) -> SecretStr:
    """A name twice would leave out one of two secrets, and nobody could say which."""
    names = Counter(name for name, _ in keys_of(value.get_secret_value()))
    if twice := [name for name, count in names.items() if count > 1]:
        raise ValueError(f"two secrets go by the name {twice[0]}: give each a name of its own")
    return value


def shaped(pattern: str, mend: str) -> AfterValidator:
    """A secret must look like this; what it looks like is never repeated."""

    def check(value: SecretStr) -> SecretStr:
        if not re.fullmatch(pattern, value.get_secret_value()):
            raise ValueError(mend)
        return value

    return AfterValidator(check)
