"""What tables are made of, for SQLite and PostgreSQL alike: moments, words, truth values, references.

Moments are instants: epoch milliseconds in a 64-bit integer, never a database's own date type. On SQLite the tables are
STRICT, so a text or a float in such a column is an error and not a surprise. Truth values are 0 and 1.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: 64 bits on both databases; SQLite wants the word INTEGER for its row ids and in STRICT tables.
Whole = BigInteger().with_variant(Integer(), "sqlite")


def table(name: str, *columns: Column[object] | UniqueConstraint | Index, is_keyed: bool = False) -> Table:
    return Table(name, metadata, *columns, sqlite_strict=True, sqlite_with_rowid=not is_keyed)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """A partial index."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def row_id() -> Column[object]:
    return Column("id", Whole, primary_key=True, autoincrement=False)


def moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Whole, nullable=nullable)


def words(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Text, nullable=nullable)


def flag(name: str) -> Column[object]:
    return Column(name, Whole, nullable=False, default=0)


def whole(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Whole, nullable=nullable, default=None if nullable else 0)


def reference(name: str, target: Column[Any] | str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Whole, ForeignKey(target), nullable=nullable)
