"""Reading JSON that anybody may have written: a field has the shape it must have, or the payload is malformed."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.errors import MalformedError

Fields = Mapping[str, Any]


def fields_from_json(payload: bytes | str) -> Fields:
    """A JSON object. Raises MalformedError for anything else, nested too deeply or with endless numbers among it."""
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise MalformedError("the payload is not JSON") from error
    if not isinstance(found, dict):
        raise MalformedError("the payload is not a JSON object")
    return found


def text(fields: Fields, name: str) -> str:
    """A text that must be there."""
    found = fields.get(name)
    if not isinstance(found, str):
        raise MalformedError(f"{name} is not a text")
    return found


def text_or(fields: Fields, name: str, otherwise: str = "") -> str:
    """A text that may be missing, or be of another kind, without harm."""
    found = fields.get(name)
    return found if isinstance(found, str) else otherwise


def inner(fields: Fields, name: str) -> Fields:
    """An object that must be there."""
    found = fields.get(name)
    if not isinstance(found, Mapping):
        raise MalformedError(f"{name} is not an object")
    return found


def inner_or(fields: Fields, name: str) -> Fields:
    """An object that may be missing."""
    found = fields.get(name)
    return found if isinstance(found, Mapping) else {}


def each(fields: Fields, name: str) -> Sequence[Fields]:
    """The objects of a list that may be missing."""
    found = fields.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
