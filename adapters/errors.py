"""What goes wrong at the border, by its consequence.

ChannelError
├── DeliveryError            a send or an edit did not succeed
│   ├── TemporaryError            nothing arrived; the outbox tries again, not before `retry_after`
│   │   └── MovedError                 the conversation has another address now, and is tried there
│   ├── PermanentError            nothing arrived and nothing will; a person is told at once
│   │   └── AddressError               nothing arrives at that address at all; it is flagged until something does
│   └── UncertainError            the connection died after we spoke; reconcile before anything is sent again
├── InboundError             a payload could not become a message
│   ├── UnfinishedError           not yet: it names files that are fetched first, and is read again after that
│   ├── UnsupportedError          known and deliberately not handled: counted and parked, no one is disturbed
│   └── MalformedError            not understood: kept in full as a dead letter, the admin is told
├── DeskAwayError            the desk can keep and show nothing now: acknowledge nothing, the far end comes again
└── TurnLostError            another process reads the channel now: nothing was kept, stop reading
"""

from datetime import timedelta

from adapters.message import Conversation, InboundMessage


class ChannelError(Exception):
    """Anything that is reported across the border; no SDK exception ever leaves an adapter."""


class DeliveryError(ChannelError):
    """A send or an edit that did not end in a Receipt."""


class TemporaryError(DeliveryError):
    """Nothing arrived. `retry_after` is the channel's own word; None leaves the pause to the outbox.

    It counts for the whole place, unless it `is_alone`: then what else goes there need not wait for it.
    """

    def __init__(self, reason: str, *, retry_after: timedelta | None = None, is_alone: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.is_alone = is_alone


class MovedError(TemporaryError):
    """Nothing arrived: the conversation is at another address now, `to`. Everything that goes there follows."""

    def __init__(self, reason: str, *, to: Conversation) -> None:
        super().__init__(reason)
        self.to = to


class PermanentError(DeliveryError):
    """Nothing arrived, and trying again cannot help."""


class AddressError(PermanentError):
    """Nothing arrives at the address of the conversation, whatever is sent there."""


class UncertainError(DeliveryError):
    """The channel may or may not have taken it. `retry_after` as for TemporaryError."""

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class InboundError(ChannelError):
    """A payload that did not become a message; the journal keeps it either way."""


class UnfinishedError(InboundError):
    """A payload that names what it does not carry; only an adapter that is `Completing` raises it.

    `so_far` is the message without that, where it is known already.
    """

    def __init__(self, reason: str, *, so_far: InboundMessage | None = None) -> None:
        super().__init__(reason)
        self.so_far = so_far


class UnsupportedError(InboundError):
    """A kind of payload we know and do not serve."""


class MalformedError(InboundError):
    """A payload we cannot read. `instead` is what its sender is answered by where it is known who that is."""

    def __init__(self, reason: str, *, instead: InboundMessage | None = None) -> None:
        super().__init__(reason)
        self.instead = instead


class DeskAwayError(ChannelError):
    """What the desk tells an adapter while its database is away: locked, full, restarting. It passes by itself.

    The message is a sentence for the log. No defect of anybody, so no traceback either.
    """


class TurnLostError(ChannelError):
    """What only one process may do is no longer ours to do; see `Turn` of the port."""
