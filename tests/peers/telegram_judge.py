"""A foreigner judges the peer and the bot: aiogram's models of the Bot API, which neither of them is written with.

Every update the peer makes, every request the bot sends and every result the peer answers must be one that aiogram
knows, with nothing unknown in it. A finding fails the test that caused it. Its models take seconds to be built, so they
are built with the first judge, before anything is timed, and not wherever tests are collected.
"""

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

if TYPE_CHECKING:
    from aiogram.methods.base import TelegramMethod


class Judge:
    """Collects what is wrong. Whatever holds one of the `allowed` words is on purpose."""

    def __init__(self) -> None:
        self.allowed: list[str] = []
        self._found: list[str] = []
        self._passed_over: list[Mapping[str, Any]] = []
        _update()

    @property
    def findings(self) -> list[str]:
        return [one for one in self._found if not any(words in one for words in self.allowed)]

    def pass_over(self, update: Mapping[str, Any]) -> None:
        """An update that is wrong on purpose."""
        self._passed_over.append(update)

    def update(self, update: Mapping[str, Any]) -> None:
        if any(update.items() >= one.items() for one in self._passed_over):
            return
        self._judge(f"update {update.get('update_id')}", lambda: _update().model_validate(update))

    def request(self, method: str, values: Mapping[str, Any], files: Mapping[str, object]) -> None:
        """A request with its values decoded; a file sent as a part of its own stands for its argument."""
        known = _method(method)
        if known is None:
            self._found.append(f"{method}: aiogram knows no such method")
            return
        sent = {**values, **{name: f"attach://{name}" for name in files if name in known.model_fields}}
        unknown = sent.keys() - {field.alias or name for name, field in known.model_fields.items()}
        if unknown:
            self._found.append(f"{method}: unknown parameters {sorted(unknown)}")
        self._judge(method, lambda: known.model_validate({name: sent[name] for name in sent.keys() - unknown}))

    def result(self, method: str, result: object) -> None:
        returned = _returned(method)
        if returned is not None:
            self._judge(f"result of {method}", lambda: returned.validate_python(result))

    def _judge(self, what: str, judged: Any) -> None:  # noqa: ANN401 - whatever validates
        try:
            model = judged()
        except ValidationError as error:
            self._found += [f"{what}: {one['loc']}: {one['msg']}" for one in error.errors()]
            return
        self._found += [f"{what}: unknown field {name}" for name in _unknown(model, "")]


@cache
def _method(name: str) -> "type[TelegramMethod[Any]] | None":
    found = getattr(importlib.import_module("aiogram.methods"), name[:1].upper() + name[1:], None)
    method = importlib.import_module("aiogram.methods.base").TelegramMethod
    return found if isinstance(found, type) and issubclass(found, method) else None


@cache
def _returned(name: str) -> TypeAdapter[Any] | None:
    known = _method(name)
    return None if known is None else TypeAdapter(known.__returning__)


@cache
def _update() -> type[BaseModel]:
    found: type[BaseModel] = importlib.import_module("aiogram.types").Update
    return found


def _unknown(value: object, where: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from (f"{where}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name), f"{where}.{name}")
    elif isinstance(value, list):
        for one in value:
            yield from _unknown(one, where)
