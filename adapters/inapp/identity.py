"""Who is at the other end of a socket, proven by signature alone.

The host application signs a short-lived token (HS256, `aud` "maitred", 12 hours at most). A person without one is a
visitor: the server mints a random token that the browser keeps, and nothing such a person types makes them anybody
else. A token that is present but wrong is refused, never treated as absent: the person would lose their history
without a word.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from jwt.types import Options

from adapters.inapp import ids
from adapters.message import Attachment, Channel, Conversation, Identity, Untrusted, Vouched, conversation_from_key

AUDIENCE = "maitred"
LONGEST_LIFE = timedelta(hours=12)
LONGEST_SUBJECT = 200
LONGEST_CLAIM = 320  # the longest email address there can be

# Which claims hold is decided below with `now` as an argument: PyJWT would read the wall clock.
_UNCHECKED: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


class IdentityError(Exception):
    """The token does not prove who this is. `is_expired`: it once did, and its page can ask for a fresh one."""

    def __init__(self, reason: str, *, is_expired: bool = False) -> None:
        super().__init__(reason)
        self.is_expired = is_expired


def mint_visitor() -> str:
    """A new visitor token: 256 random bits."""
    return secrets.token_urlsafe(32)


def visitor(token: str) -> ids.Party:
    return ids.Party(Identity(Channel.INAPP, ids.visitor_address(token)))


def party_from_token(token: str, keys: Mapping[str, str], *, now: datetime) -> ids.Party:
    """Verify the host application's word; raises IdentityError. `keys` maps a key id to its secret."""
    try:
        claims = jwt.decode(
            token,
            _key(token, keys),
            algorithms=["HS256"],
            audience=AUDIENCE,
            options={**_UNCHECKED, "require": ["exp", "aud", "sub"]},
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:  # ValueError: a key or text PyJWT cannot even read
        raise IdentityError(f"the token is not valid: {type(error).__name__}") from error
    expires_at = _moment(claims["exp"])
    if now > expires_at + ids.SKEW:
        raise IdentityError("the token has expired", is_expired=True)
    if expires_at > now + LONGEST_LIFE + ids.SKEW:
        raise IdentityError("the token lives longer than 12 hours")
    if "iat" in claims:
        issued_at = _moment(claims["iat"])
        if issued_at > now + ids.SKEW:
            raise IdentityError("the token is from the future")
        if expires_at > issued_at + LONGEST_LIFE:
            raise IdentityError("the token lives longer than 12 hours")
    if "nbf" in claims and _moment(claims["nbf"]) > now + ids.SKEW:
        raise IdentityError("the token is not valid yet")
    vouched = Vouched(_claim(claims, "client"), _name(claims), _email(claims))
    return ids.Party(Identity(Channel.INAPP, _subject(claims)), vouched, expires_at)


def _key(token: str, keys: Mapping[str, str]) -> str:
    """The secret that must have signed it. With several keys a token names one; an unknown name is refused."""
    kid = jwt.get_unverified_header(token).get("kid")
    if kid is None and len(keys) == 1:
        return next(iter(keys.values()))
    if kid is None or kid not in keys:
        raise IdentityError("the token names no key of ours")
    return keys[kid]


def _moment(claim: object) -> datetime:
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        raise IdentityError("a moment in the token is not a number")
    try:
        return datetime.fromtimestamp(claim, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise IdentityError("a moment in the token is out of range") from error


def _subject(claims: Mapping[str, Any]) -> str:
    subject = _claim(claims, "sub", longest=LONGEST_SUBJECT)
    if not subject:
        raise IdentityError("the token names nobody")
    if subject != subject.strip():  # trimming it would make one person of two
        raise IdentityError("the subject begins or ends with a space")
    if ids.is_visitor(subject):
        raise IdentityError("the subject looks like a visitor's address")
    return subject


def _name(claims: Mapping[str, Any]) -> str | None:
    """A name is only shown, so what cannot be shown (joiners, marks of direction) is left out instead of refused."""
    name = claims.get("name")
    if name is not None and not isinstance(name, str):
        raise IdentityError("the claim name is not a text")
    return "".join(char for char in name or "" if char.isprintable()).strip()[:LONGEST_CLAIM] or None


def _email(claims: Mapping[str, Any]) -> str | None:
    """The address, unless the token says that nobody has verified it: then anybody may have typed it.

    `email_verified` is OpenID Connect's; some write it as a text.
    """
    email, is_verified = _claim(claims, "email"), claims.get("email_verified", True)
    return email if is_verified is True or is_verified == "true" else None


def _claim(claims: Mapping[str, Any], name: str, *, longest: int = LONGEST_CLAIM) -> str | None:
    """A claim that names something, exactly as it was signed; None if it is absent or empty."""
    claim = claims.get(name)
    if claim is None:
        return None
    # `isprintable` also keeps out NUL and lone surrogates, which no database takes.
    if not isinstance(claim, str) or len(claim) > longest or not claim.isprintable():
        raise IdentityError(f"the claim {name} is not a line of text of at most {longest} characters")
    return claim or None


class Signer:
    """Our own two short notes, readable by every replica: who may use the file paths, and what was uploaded by whom.

    Without the second a client could name the digest of somebody else's file and be handed it.
    """

    #: Long enough for a slow upload; the socket brings a fresh one in time.
    TICKET_FOR = timedelta(minutes=10)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def ticket(self, conversation: Conversation, *, now: datetime) -> str:
        return self._signed("maitred-files", {"sub": conversation.key, "exp": now + self.TICKET_FOR})

    def conversation_from_ticket(self, ticket: str, *, now: datetime) -> Conversation:
        """Raises IdentityError."""
        claims = self._read("maitred-files", ticket)
        if _moment(claims.get("exp")) < now:
            raise IdentityError("the ticket has expired", is_expired=True)
        return conversation_from_key(claims["sub"])

    def upload(self, conversation: Conversation, attachment: Attachment) -> str:
        """A claim on an uploaded file. It never expires: an unsent message may wait in a browser for days."""
        kept = {"n": attachment.name, "t": attachment.type, "s": attachment.size, "d": attachment.digest}
        return self._signed("maitred-upload", {"sub": conversation.key, **kept})

    def attachment_from_upload(self, upload: str, conversation: Conversation) -> Attachment:
        """Raises IdentityError, also when the file was uploaded in another conversation."""
        claims = self._read("maitred-upload", upload)
        if claims["sub"] != conversation.key:
            raise IdentityError("the file belongs to another conversation")
        return Attachment(Untrusted(claims["n"]), claims["t"], claims["s"], claims["d"])

    def _signed(self, audience: str, claims: Mapping[str, Any]) -> str:
        return jwt.encode({**claims, "aud": audience}, self._secret, algorithm="HS256")

    def _read(self, audience: str, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._secret, algorithms=["HS256"], audience=audience, options=_UNCHECKED)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise IdentityError(f"not a note of ours: {type(error).__name__}") from error
