"""How often the fault tests kill: `--kills N` is the number for SQLite; a quarter of it goes to PostgreSQL.

Each crash point kills at its first, second and third hit on SQLite; `--every-hit` has PostgreSQL do the same, which
takes two minutes longer.
"""

import pytest

IN_EVERY_RUN = 40


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=IN_EVERY_RUN, help="random kills of a desk under load, in tens")
    parser.addoption("--every-hit", action="store_true", help="crash at the later hits on PostgreSQL as well")
