"""What goes wrong with the database, by its consequence.

    StoreError
    ├── StoreUnavailableError    nothing was stored (locked, disk full, no connection): acknowledge nothing, try again
    ├── StaleError               somebody else changed the row first: load the facts again and decide again
    ├── LeaseLostError           another process holds what only one may do: stop doing it, write nothing
    ├── TooLargeError            a file is larger than its limit: nothing of it is kept
    └── DatabaseError            the database cannot be used as it is: the start is refused, exit code 2
        ├── UnusableDatabaseError     missing, read-only, in a wrong place, or not named rightly
        ├── CorruptDatabaseError      its pages do not add up: restore a backup
        ├── NewerSchemaError          a newer Maitred wrote it: install that one
        └── DatabaseInUseError        another `run` works with this file

Every message is a sentence an admin can act on.
"""


class StoreError(Exception):
    """Anything the store reports."""


class StoreUnavailableError(StoreError):
    """The database cannot take or give anything right now. What was to be written is not written, as far as we know."""


class StaleError(StoreError):
    """A row is no longer as it was read."""


class LeaseLostError(StoreError):
    """The lease is held by somebody else, or by nobody, since its time ran out."""


class TooLargeError(StoreError):
    """More bytes came than were allowed."""


class DatabaseError(StoreError):
    """The database cannot be worked with until a person mends something."""


class UnusableDatabaseError(DatabaseError):
    """It cannot be opened for writing."""


class CorruptDatabaseError(DatabaseError):
    """SQLite found pages that contradict each other."""


class NewerSchemaError(DatabaseError):
    """It has migrations this version does not know."""


class DatabaseInUseError(DatabaseError):
    """Its file lock is taken."""
