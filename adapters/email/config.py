"""What the email channel is told at the start: our address, where mail is read, and where it is sent."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from adapters.email.limits import LARGEST_MAIL
from adapters.port import Limits

#: A mail cannot be changed or taken back. The same mail sent twice has the same Message-ID, which no server promises to
#: look at, so a send in doubt may be seen twice. The pace is kept inside.
LIMITS: Final = Limits(can_edit=False, has_threads=True, has_replies=True, has_windows=False, has_letters=True)

Tls = Literal["implicit", "starttls", "none"]
#: What OpenSSL says of a certificate that is over, not yet begun, or another host's (X509_V_ERR_…).
_OUT_OF_TIME: Final = frozenset({9, 10})
_OF_ANOTHER: Final = frozenset({62, 64})


def mend_of_certificate(error: BaseException | None, *, side: Literal["IMAP", "SMTP"]) -> str:
    """What mends a certificate that proves nothing, where one is behind the error; empty where none is."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    if error is None:
        return ""
    if error.verify_code in _OUT_OF_TIME:
        return "that server needs a new certificate"
    if error.verify_code in _OF_ANOTHER:
        return f"mend {side}_HOST: the certificate names another server"
    return f"name the authority that signed it in {side}_CA_FILE"


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server and who we are there. A `token`, asked anew at every login, goes by XOAUTH2 instead of a password.

    `tls` is implicit or none for reading (the library speaks no STARTTLS there); none is for this machine itself.
    """

    host: str
    port: int
    tls: Tls = "implicit"
    user: str = ""
    password: str = field(default="", repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)
    ca_file: str | None = None

    def secret(self) -> str:
        """What proves who we are at this moment; empty where it cannot be had."""
        if self.token is None:
            return self.password
        try:
            return self.token()
        except (OSError, ValueError):  # a file that is being written anew
            return ""

    def context(self) -> ssl.SSLContext | None:
        """How the server proves who it is: by the authorities of this machine, or by those of `ca_file` alone."""
        return None if self.tls == "none" else ssl.create_default_context(cafile=self.ca_file)


@dataclass(frozen=True, slots=True)
class Config:
    """One address of ours. Without `imap` nothing is read, without `smtp` nothing can be sent.

    `processed` is where mail goes once it is kept; None leaves it where it is. `largest` is the size in bytes above
    which only the beginning of a mail is fetched. With `has_plus` mail to `support+anything@…` reaches `support@…`:
    replies and bounces then name their message.
    """

    address: str
    imap: Server | None = None
    smtp: Server | None = None
    mailboxes: tuple[str, ...] = ("INBOX",)
    processed: str | None = None
    name: str = ""
    account: str = "desk"
    largest: int = LARGEST_MAIL
    per_minute: int = 60
    has_plus: bool = True

    def __post_init__(self) -> None:
        if ":" in self.account:
            raise ValueError("an account may not hold a colon: it separates the parts of a conversation's key")
        if self.processed in self.mailboxes:
            raise ValueError(f"mail that is done would be read again in {self.processed}: name another folder")
