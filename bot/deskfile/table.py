"""What every table of the desk directory is made of."""

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of the desk: unknown keys and values of another type are mistakes, never guesses."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
