"""What people of ours can do about calls: each a value, whichever button, form or terminal it came from."""

from dataclasses import dataclass

from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class BookCall:
    """The client agreed on this time; a lead may name one that is sooner than the notice allows, and says why.

    Who is none `asks_lead` for it; then the time is held until one says yes or no.
    """

    begins_at: Instant
    kind: str = ""
    why: str = ""
    asks_lead: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmCall:
    """The time that a client asked for suits."""


@dataclass(frozen=True, slots=True)
class DeclineCall:
    """It does not; the client is offered others."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class MoveCall:
    """It is held at another time."""

    begins_at: Instant


@dataclass(frozen=True, slots=True)
class CancelCall:
    """It is not held."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class CallDone:
    """It was held: what was said goes to the ticket, and what was promised is promised there."""

    notes: str = ""
    follow_up_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class CallNoShow:
    """Nobody came from the client's side."""


@dataclass(frozen=True, slots=True)
class AllowCall:
    """A lead allows what the notice or the contract does not."""


@dataclass(frozen=True, slots=True)
class RefuseCall:
    """A lead does not."""

    why: str = ""


CallCommand = (
    BookCall | ConfirmCall | DeclineCall | MoveCall | CancelCall | CallDone | CallNoShow | AllowCall | RefuseCall
)
