"""The rules of time zones, always those of the pinned `tzdata` package.

A machine may have rules of its own, a year older or newer, and then the same promise would be due at another moment
there. Which rules count is part of what was agreed, so it is known by its version and changes with an upgrade alone.
"""

import re
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import tzdata

#: The version of the rules, as IANA names it.
RULES: str = tzdata.IANA_VERSION

_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", re.ASCII)


@cache
def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name, written exactly so; each time the same object. ValueError for a name of none."""
    if name not in zone_names():
        raise ValueError(f"there is no zone {name!r} in tzdata {RULES}")
    with resources.files(tzdata).joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


@cache
def zone_names() -> frozenset[str]:
    """Every name there is."""
    listed = resources.files(tzdata).joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(name for name in listed if _NAME.fullmatch(name))
