"""Everything a process of ours imports, imported once by the server that tests fork such processes from."""

import gc
import pkgutil
from importlib import import_module

import asyncpg  # noqa: F401 - as the rest, for whoever is forked
import rich.console
import rich.table
import rich.text  # noqa: F401 - the same

import adapters
import bot
import bot.__main__  # before the others: it says how often garbage is looked for, as in a true start
import routing
import sla

for _package in (sla, routing, adapters, bot):
    for _found in pkgutil.walk_packages(_package.__path__, f"{_package.__name__}."):
        if ".migrations." not in _found.name:  # Alembic reads those by path
            import_module(_found.name)

gc.freeze()  # what is shared with the children stays shared
