"""One mail to the mail server that sends for us, and exactly what came of it.

    before the last line of the mail    TemporaryError: nothing was sent, and it is tried again
    a refusal                           4xx: TemporaryError; 5xx: PermanentError, trying again cannot help
    after it, without an answer         UncertainError: the server may have it; the same mail may go again
    taken                               what was said of those it was not taken for, if some were refused and others not

A wrong password is nobody's mail's fault, so it is temporary as well, with a long rest. Each mail has a connection of
its own: one that was kept may be dead, and a mail that fails on it would be in doubt for nothing.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPStatus,
    SMTPTimeoutError,
)

from adapters.email import ids
from adapters.email.config import Server, mend_of_certificate
from adapters.email.refusals import Refusal, error_from_refusal, is_about_us
from adapters.email.room import mend_of
from adapters.email.timings import Timings
from adapters.errors import PermanentError, TemporaryError, UncertainError

_LOGIN_AGAIN: Final = timedelta(minutes=5)
_PERMANENT: Final = range(500, 600)
_LONGEST_WORDS: Final = 200


class Smtp:
    """Who sends for us. `trouble` is why the last mail did not go, in words; empty when it did.

    `complaint`: it is there, and takes none for want of room or because it is not let, until one has gone.
    """

    def __init__(self, server: Server, name: str, timings: Timings) -> None:
        """`name` is what we call ourselves when we are greeted."""
        self.trouble = ""
        self.complaint = ""
        self._server = server
        self._name = name
        self._timings = timings
        self._rests_until = 0.0
        self._refused = ""

    async def watch(self) -> None:
        """Try the server at the start, and again while something is wrong, until cancelled.

        Nothing may be waiting to be sent, because what is for our own people goes another way meanwhile.
        """
        is_known = False
        while True:
            if self.trouble or not is_known:
                with suppress(TemporaryError):
                    await self.greet()
                is_known = True
            if _is_cancelled():
                return
            await asyncio.sleep(self._timings.probe_every_s)

    async def send(
        self, content: bytes, envelope_from: str, recipients: Sequence[str], copies: Sequence[str] = ()
    ) -> Mapping[str, Refusal]:
        """Hand over one mail; gives the recipients that were refused, with what that means. Raises a DeliveryError.

        `copies` go out only with it: where none of the recipients is taken, trying again repeats nothing for others.
        """
        client = await self._greeted()
        try:
            try:
                refused = await self._addressed(client, len(content), envelope_from, recipients, copies)
            except (SMTPException, OSError) as error:
                raise self._noted(_refused(error)) from error
            if not client.is_connected:  # some servers hang up on whom they refuse
                raise TemporaryError("the mail server hung up before the mail was sent")
            await self._told(client, content)
        finally:
            await _goodbye(client)
        self.trouble = self.complaint = ""
        return refused

    async def greet(self) -> None:
        """Log in and go again. Raises TemporaryError."""
        await _goodbye(await self._greeted())
        self.trouble = ""

    async def _greeted(self) -> SMTP:
        left_s, tried = self._rests_until - asyncio.get_running_loop().time(), self._server.secret()
        # Whoever it is for: a server that sees a wrong password again and again locks the account.
        if left_s > 0 and tried in {self._refused, ""}:
            raise TemporaryError(self.trouble, retry_after=timedelta(seconds=left_s))
        try:
            return await self._connected()
        except (SMTPException, OSError, ValueError) as error:
            raise self._not_reached(error, tried) from error

    async def _connected(self) -> SMTP:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=server.context(),
            local_hostname=self._name,
            timeout=self._timings.connect_within_s,
        )
        await client.connect()
        try:
            client.timeout = self._timings.send_within_s
            if server.token is not None:
                await client.auth_xoauth2(server.user, server.token())
            elif server.user:
                await client.login(server.user, server.password)
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()  # what it can do is asked for before anything is sent
        except BaseException:
            _end(client, client.transport)
            raise
        return client

    async def _addressed(
        self, client: SMTP, size: int, envelope_from: str, recipients: Sequence[str], copies: Sequence[str]
    ) -> Mapping[str, Refusal]:
        most = client.esmtp_extensions.get("size", "")
        if most.isdecimal() and 0 < int(most) < size:
            raise PermanentError(f"the mail is larger ({size} bytes) than the mail server takes ({most})")
        needs_utf8 = not all(ids.on_the_wire(one).isascii() for one in (envelope_from, *recipients, *copies))
        if needs_utf8 and not client.supports_extension("SMTPUTF8"):
            raise PermanentError("the mail server knows only addresses in plain letters (no SMTPUTF8)")
        options = [f"SIZE={size}"] if most else []
        encoding = "utf-8" if needs_utf8 else "ascii"
        await client.mail(envelope_from, options=[*options, *(["SMTPUTF8"] if needs_utf8 else [])], encoding=encoding)
        refused: dict[str, SMTPRecipientRefused] = {}
        for one in (*recipients, *copies):
            try:
                await client.rcpt(ids.on_the_wire(one), encoding=encoding)
            except SMTPRecipientRefused as error:
                if error.code == SMTPStatus.domain_unavailable:
                    raise  # it goes away: what it said of the others counts no more
                refused[one] = error
            if one == recipients[-1] and refused.keys() == set(recipients):
                # Somebody who may be there later is reason enough to try again.
                raise min(refused.values(), key=lambda error: error.code)
        return {one: _refused(error) for one, error in refused.items()}

    async def _told(self, client: SMTP, content: bytes) -> None:
        """The mail itself. Only an answer says what became of it.

        The library asks to go on and tells the mail in one call, and does not say how far it came. A connection that
        ends before the server said "go on" is in doubt for nothing: the same mail goes once more, which costs less than
        writing the dots of a mail ourselves, past what the library keeps in mind of answers that are due.
        """
        try:
            await client.data(content)
        except SMTPResponseException as error:
            raise self._noted(_refused(error)) from error
        except (SMTPServerDisconnected, SMTPTimeoutError, OSError) as error:
            raise UncertainError(f"the connection ended before the mail server answered ({_words(error)})") from error

    def _noted(self, refused: Refusal) -> Refusal:
        """Keep in mind what is wrong with the server itself, and not with one mail or one address."""
        if is_about_us(refused):
            self.complaint = str(refused)
        return refused

    def _not_reached(self, error: Exception, tried: str) -> TemporaryError:
        if isinstance(error, SMTPAuthenticationError) and error.code in _PERMANENT:
            secret = "MAIL_TOKEN_FILE" if self._server.token else "SMTP_PASSWORD"
            words = f"{self._server.host} refuses our login ({_words(error)}): mend SMTP_USER and {secret}"
            self.trouble, self._refused = words, tried
            self._rests_until = asyncio.get_running_loop().time() + _LOGIN_AGAIN.total_seconds()
            return TemporaryError(words, retry_after=_LOGIN_AGAIN)
        if isinstance(error, SMTPNotSupported) or "AUTH extension" in str(error):
            words = f"{self._server.host} cannot do what is asked of it ({_words(error)}): mend SMTP_TLS or SMTP_USER"
            self.trouble = words
            return TemporaryError(words, retry_after=_LOGIN_AGAIN)
        if self._server.tls == "starttls" and "STARTTLS" in str(error):
            mend = "nothing is told to it in the clear: mend SMTP_TLS, or ask who stands in between"
            self.trouble = f"{self._server.host} offers no TLS, and {mend}"
            return TemporaryError(self.trouble, retry_after=_LOGIN_AGAIN)
        mend = mend_of_certificate(error, side="SMTP")
        self.trouble = f"{self._server.host} cannot be reached ({_words(error)})" + (f": {mend}" if mend else "")
        return TemporaryError(self.trouble)


def _is_cancelled() -> bool:
    """Whether we were told to end, also where that was lost.

    What the library waits with, asyncio.wait_for, loses it before Python 3.12 where it comes together with the answer.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _goodbye(client: SMTP) -> None:
    transport = client.transport
    with suppress(SMTPException, OSError):
        async with asyncio.timeout(2):
            await client.quit()
    _end(client, transport)


def _end(client: SMTP, transport: asyncio.BaseTransport | None) -> None:
    """Close at once: a farewell in TLS would wait for an answer that nobody needs."""
    client.close()
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


def _refused(error: Exception) -> Refusal:
    if not isinstance(error, SMTPResponseException):
        return TemporaryError(f"the mail server said: {_words(error)}")
    return error_from_refusal(error.code, _words(error), names_an_address=isinstance(error, SMTPRecipientRefused))


def _words(error: Exception) -> str:
    """What went wrong, fit for a log line."""
    words = f"{error.code} {error.message}" if isinstance(error, SMTPResponseException) else str(error)
    words = " ".join(words.split())[:_LONGEST_WORDS] or type(error).__name__
    words = "".join(letter if letter.isprintable() else " " for letter in words)
    mend = mend_of(error.code, words) if isinstance(error, SMTPResponseException) else ""
    return f"{words} ({mend})" if mend else words
