"""Whole numbers in what Telegram says: never larger than those it uses, and never a truth value."""

from adapters.errors import MalformedError
from adapters.shapes import Fields
from adapters.telegram.ids import LARGEST


def number(fields: Fields, name: str) -> int:
    """A whole number that must be there, of a size that Telegram uses."""
    found = number_or(fields, name)
    if found is None:
        raise MalformedError(f"{name} is not a number")
    return found


def number_or(fields: Fields, name: str) -> int | None:
    """A whole number that may be missing, or be none, without harm."""
    found = fields.get(name)
    return found if type(found) is int and -LARGEST < found < LARGEST else None  # True is an int too, but no number
