"""The words that migrations are written in: columns and tables alike on SQLite and PostgreSQL."""

import sqlalchemy as sa
from alembic import op

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def whole(name: str, *extra: sa.schema.SchemaItem, nullable: bool = False, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(name, WHOLE, *extra, nullable=nullable, primary_key=primary_key, autoincrement=False)


def words(name: str, *, nullable: bool = False, primary_key: bool = False, unique: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=primary_key, unique=unique or None)


def table(name: str, *columns: sa.schema.SchemaItem, is_keyed: bool = False) -> None:
    op.create_table(name, *columns, sqlite_strict=True, sqlite_with_rowid=not is_keyed)


def index(name: str, table_name: str, columns: list[str], *, where: str | None = None, unique: bool = False) -> None:
    only = sa.text(where) if where else None
    op.create_index(name, table_name, columns, unique=unique, sqlite_where=only, postgresql_where=only)
