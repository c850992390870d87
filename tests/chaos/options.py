"""How often the fault tests kill: `--kills N` is the number for SQLite; a quarter of it goes to PostgreSQL."""

import pytest

IN_EVERY_RUN = 40


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=IN_EVERY_RUN, help="random kills of a desk under load, in tens")
