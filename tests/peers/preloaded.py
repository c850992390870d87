"""Everything a process of ours imports, imported once by the server that tests fork such processes from.

The example desk is read once as well, so that its holidays are known and its calendars worked out, and those of the
desk that is killed: most of a start.
"""

import gc
import pkgutil
from importlib import import_module
from pathlib import Path

import asyncpg  # noqa: F401 - as the rest, for whoever is forked
import httpcore  # noqa: F401 - the same
import rich.console
import rich.table
import rich.text  # noqa: F401 - the same

import adapters
import bot
import bot.__main__  # before the others: it says how often garbage is looked for, as in a true start
import routing
import sla
from bot.deskfile.load import load
from bot.deskfile.revise import compiled
from bot.now import wall_now
from sla.duration import moment
from tests.builders import document
from tests.chaos.driver import DESK

for _package in (sla, routing, adapters, bot):
    for _found in pkgutil.walk_packages(_package.__path__, f"{_package.__name__}."):
        if ".migrations." not in _found.name:  # Alembic reads those by path
            import_module(_found.name)

load(Path(__file__).parents[2] / "desk.example", today=moment(wall_now()).date())
for _key, _written in document(DESK)["calendars"].items():
    compiled(_key, _written)
gc.freeze()  # what is shared with the children stays shared
