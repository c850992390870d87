"""`column is one of these`, as one statement however many values there are.

An expanding IN is another statement for every number of values, and PostgreSQL would prepare each of them. Here the
values travel as one parameter: an array on PostgreSQL, a JSON text on SQLite; both look each value up in the index.
"""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NULLTYPE, TypeDecorator, TypeEngine


class _Many(TypeDecorator[Iterable[Any]]):
    impl = Text
    cache_ok = True

    def __init__(self, member: TypeEngine[Any]) -> None:
        super().__init__()
        self.member = member

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(self.member))

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> Any:  # noqa: ANN401 - as each driver wants it
        values = list(value or ())
        return json.dumps(values) if dialect.name == "sqlite" else values


class _Among(FunctionElement[Any]):
    name = "among"
    inherit_cache = True
    type = NULLTYPE  # a Boolean would become `... = 1` on SQLite, and then no index is used


@compiles(_Among, "sqlite")
def _in_sqlite(element: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - as SQLAlchemy calls it
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({values})))"  # noqa: S608 - compiled clauses


@compiles(_Among, "postgresql")
def _in_postgresql(element: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - as SQLAlchemy calls it
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({column} = ANY ({values}))"


def among(column: Column[Any], name: str) -> ColumnElement[bool]:
    """A condition whose parameter `name` takes any iterable of values; an empty one matches nothing."""
    return _Among(column, bindparam(name, type_=_Many(column.type)))
