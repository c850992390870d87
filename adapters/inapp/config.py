"""What the in-app channel is told at the start: secrets, who may embed the widget, how much anyone may ask of us."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

#: Our end of every conversation in the widget, unless one is named otherwise.
ACCOUNT: Final = "web"
_USUAL_PORTS = {"http": 80, "https": 443}


def origin_of(address: str) -> str:
    """The origin of an address as browsers write it: `https://app.example`, with a port only where it is unusual."""
    parts = urlsplit(address.strip())
    if parts.scheme not in _USUAL_PORTS or not parts.hostname:
        raise ValueError(f"{address!r} is not an http(s) address")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_usual = parts.port in {None, _USUAL_PORTS[parts.scheme]}
    return f"{parts.scheme}://{host}" + ("" if is_usual else f":{parts.port}")


@dataclass(frozen=True, slots=True)
class Config:
    """`jwt_secrets` maps key ids to the host application's secrets; `signing_secret` is the desk's own.

    `origins` are exact: a page elsewhere gets neither a socket nor a file. The desk's own origin belongs in it.
    """

    jwt_secrets: Mapping[str, str] = field(repr=False)
    signing_secret: str = field(repr=False)
    origins: tuple[str, ...]
    account: str = ACCOUNT
    longest_text: int = 20_000
    largest_file: int = 20 * 1024 * 1024
    most_files: int = 10
    sockets_in_all: int = 10_000
    #: Tabs and devices of one person.
    sockets_per_conversation: int = 20
    #: From one public address. A private one is taken for a proxy, which stands for many.
    sockets_per_remote: int = 200
    #: How soon a widget here shows what another replica wrote.
    look_every: timedelta = timedelta(seconds=1)
    #: How often the person's hours are told afresh; also the sign of life a widget waits for.
    greet_every: timedelta = timedelta(minutes=1)
    #: How long open pages may take to say goodbye when the desk stops.
    drain_within: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        object.__setattr__(self, "origins", tuple(origin_of(origin) for origin in self.origins))
        if ":" in self.account:
            raise ValueError("an account may not hold a colon: it separates the parts of a conversation's key")

    @property
    def largest_frame(self) -> int:
        """Every character of the longest text may need six bytes of JSON; the rest is for file notes."""
        return self.longest_text * 6 + 64 * 1024

    def is_allowed(self, origin: str | None) -> bool:
        """Browsers name the origin of every socket and upload; whoever names none is not a widget and is refused."""
        return origin is not None and origin in self.origins
