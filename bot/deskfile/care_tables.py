"""How tickets are judged and looked after, as the desk directory writes it: `[triage]` and `[csat]`.

Editors read the same shape as JSON Schema, so a field's description is what an admin sees while typing.
"""

from typing import Annotated

from pydantic import Field, model_validator

from bot.deskfile.fields import Key, PositiveLength, Text
from bot.deskfile.table import Table


class Keywords(Table):
    """If one of the words stands in a client's message: this urgency, this kind of work, this impact."""

    words: Annotated[list[Text], Field(min_length=1)]
    urgency: Key | None = None
    kind: Key | None = None
    impact: Annotated[Key | None, Field(description="How much is hit, in your own word; the matrix says what of.")] = (
        None
    )

    @model_validator(mode="after")
    def _says_something(self) -> "Keywords":
        if self.urgency is None and self.kind is None and self.impact is None:
            raise ValueError("these words mean nothing yet: add `urgency`, `kind` or `impact`")
        return self


class MatrixRow(Table):
    """Where all that it names is so, this urgency counts. A row that names no `stated` never lowers a stated one."""

    urgency: Key
    impact: Annotated[Key | None, Field(description="An impact that a rule gives.")] = None
    plans: Annotated[list[Key], Field(description="One of these plans; any if left out.")] = []
    stated: Annotated[
        list[Key], Field(description="What the client stated is one of these; anything if left out.")
    ] = []

    @model_validator(mode="after")
    def _asks_something(self) -> "MatrixRow":
        if self.impact is None and not self.plans and not self.stated:
            raise ValueError("this row is for every ticket: name `impact`, `plans` or `stated`, or leave it out")
        return self


class Triage(Table):
    """Rules are read in order; the first that names an urgency gives it, the first that names a kind gives that.

    Rows of the matrix are read in order as well: the first that fits has the last word.
    """

    rules: list[Keywords] = []
    matrix: list[MatrixRow] = []
    urgent: Annotated[
        Key | None, Field(description="What a client states by the button Urgent, which is there if this is.")
    ] = None


class Csat(Table):
    """Clients are asked how it went, once, after their ticket is closed. Without this table nobody is asked."""

    ask_after: Annotated[PositiveLength, Field(description="So long after the ticket was closed.")] = "1h"
    low: Annotated[int, Field(description="At this score, of 1 to 5, and below it the lead is told.", ge=1, le=4)] = 2
    plans: Annotated[list[Key] | None, Field(description="Clients of these plans are asked; all if left out.")] = None
