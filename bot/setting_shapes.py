"""How the values of settings are written: each function reads one kind, or says in a ValueError how to write it."""

import re
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from bot.crashpoint import parse as parse_crashpoint
from sla.duration import instant


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
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write a whole address, as in https://desk.example.org")
    return value.rstrip("/")


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
        return instant(datetime.fromisoformat(value))
    except ValueError as error:
        raise ValueError("write a moment with its offset, as in 2026-03-02T09:00:00+00:00") from error


def crashpoint_from(value: str) -> str:
    parse_crashpoint(value)
    return value


def shaped(pattern: str, mend: str) -> AfterValidator:
    """A secret must look like this; what it looks like is never repeated."""

    def check(value: SecretStr) -> SecretStr:
        if not re.fullmatch(pattern, value.get_secret_value()):
            raise ValueError(mend)
        return value

    return AfterValidator(check)
