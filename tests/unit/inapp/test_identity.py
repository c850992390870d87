"""Who a token proves, and everything that proves nobody."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.inapp import ids
from adapters.inapp.identity import IdentityError, Signer, mint_visitor, party_from_token, visitor
from adapters.message import Attachment, Channel, Conversation, Identity, Untrusted, Vouched

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SECRET = "the first secret of the host application, long enough for any algorithm"
NEWER = "the second secret of the host application"
CLAIMS: dict[str, Any] = {"sub": "user-17", "aud": "maitred", "exp": NOW + timedelta(hours=1)}


def signed(secret: str = SECRET, kid: str | None = None, algorithm: str = "HS256", **claims: object) -> str:
    """A token with these claims; None leaves a claim out."""
    kept = {name: claim for name, claim in {**CLAIMS, **claims}.items() if claim is not None}
    return jwt.encode(kept, secret, algorithm=algorithm, headers={"kid": kid} if kid else None)


def by_hand(header: object, claims: object, secret: str = SECRET) -> str:
    """A token as only a forger makes it, with a right HS256 signature."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = hmac.digest(secret.encode(), b".".join(parts), hashlib.sha256)
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_a_token_names_the_person_and_what_the_host_application_vouches_for() -> None:
    party = party_from_token(
        signed(name="Lena\u200d Moro", email="lena@acme.test", client="acme"), {"k1": SECRET}, now=NOW
    )
    assert party.identity == Identity(Channel.INAPP, "user-17")
    assert party.vouched == Vouched("acme", "Lena Moro", "lena@acme.test")
    assert party.expires_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("is_verified", "is_believed"),
    [
        pytest.param(None, True, id="nothing"),
        pytest.param(True, True, id="true"),
        pytest.param("true", True, id="true as a text"),
        pytest.param(False, False, id="false"),
        pytest.param("false", False, id="false as a text"),
        pytest.param(1, False, id="a number"),
        pytest.param(["true"], False, id="a list"),
    ],
)
def test_an_address_counts_unless_the_token_says_that_nobody_verified_it(
    is_verified: object, *, is_believed: bool
) -> None:
    party = party_from_token(signed(email="lena@acme.test", email_verified=is_verified), {"k1": SECRET}, now=NOW)
    assert party.vouched == Vouched(None, None, "lena@acme.test" if is_believed else None)


@pytest.mark.parametrize(
    ("claims", "keys"),
    [
        pytest.param({}, {"k1": SECRET}, id="one key, no key id"),
        pytest.param({"kid": "k1"}, {"k1": SECRET}, id="one key, named"),
        pytest.param({"kid": "k2", "secret": NEWER}, {"k1": SECRET, "k2": NEWER}, id="the newer of two keys"),
        pytest.param({"exp": NOW - timedelta(minutes=5)}, {"k1": SECRET}, id="expired within the skew of the clocks"),
        pytest.param({"exp": NOW + timedelta(hours=12)}, {"k1": SECRET}, id="exactly as long as allowed"),
        pytest.param({"iat": NOW + timedelta(minutes=4)}, {"k1": SECRET}, id="issued a little in our future"),
        pytest.param({"name": None, "email": "", "client": None}, {"k1": SECRET}, id="a bare subject"),
        pytest.param({"aud": ["other", "maitred"]}, {"k1": SECRET}, id="for several audiences"),
        pytest.param({"plan": "gold"}, {"k1": SECRET}, id="with a claim that is none of our business"),
    ],
)
def test_a_good_token_is_believed(claims: dict[str, Any], keys: dict[str, str]) -> None:
    assert party_from_token(signed(**claims), keys, now=NOW).identity.address == "user-17"


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"secret": NEWER}, id="signed with another secret"),
        pytest.param({"aud": "other"}, id="for another audience"),
        pytest.param({"aud": None}, id="for no audience"),
        pytest.param({"exp": None}, id="without an end"),
        pytest.param({"exp": NOW + timedelta(hours=13)}, id="for 13 hours"),
        pytest.param({"iat": NOW - timedelta(hours=12), "exp": NOW + timedelta(hours=1)}, id="13 hours long in all"),
        pytest.param({"iat": NOW + timedelta(minutes=6)}, id="from the future"),
        pytest.param({"nbf": NOW + timedelta(minutes=6)}, id="not valid yet"),
        pytest.param({"sub": None}, id="without a subject"),
        pytest.param({"sub": ""}, id="with an empty subject"),
        pytest.param({"sub": " user-17"}, id="with a subject that begins with a space"),
        pytest.param({"sub": "x" * 201}, id="with a subject of 201 characters"),
        pytest.param({"sub": "user\x00"}, id="with a NUL in the subject"),
        pytest.param({"sub": "anon-" + "0" * 32}, id="with the subject of a visitor"),
        pytest.param({"client": ["acme"]}, id="with a list for a client"),
        pytest.param({"name": 7}, id="with a number for a name"),
        pytest.param({"email": "a@b.test\r\nBcc: c@d.test"}, id="with two lines for an address"),
        pytest.param({"kid": "k9"}, id="with a key id we do not know"),
        pytest.param({"algorithm": "HS512"}, id="signed by another algorithm"),
    ],
)
def test_a_wrong_token_proves_nobody(claims: dict[str, Any]) -> None:
    with pytest.raises(IdentityError) as refused:
        party_from_token(signed(**claims), {"k1": SECRET}, now=NOW)
    assert not refused.value.is_expired


PLAIN = {"sub": "user-17", "aud": "maitred", "exp": int(NOW.timestamp()) + 60}


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(by_hand({"alg": "none", "typ": "JWT"}, PLAIN), id="alg none with a signature"),
        pytest.param(jwt.encode(PLAIN, None, algorithm="none"), id="alg none"),
        pytest.param(by_hand({"alg": "RS256"}, PLAIN), id="a secret used as a public key"),
        pytest.param(by_hand({"alg": "HS256", "kid": ["k1"]}, PLAIN), id="a list for a key id"),
        pytest.param(by_hand({"alg": "HS256"}, PLAIN) + "x", id="a signature that goes on"),
        pytest.param(by_hand({"alg": "HS256"}, {**PLAIN, "exp": "tomorrow"}), id="a word for an end"),
        pytest.param(by_hand({"alg": "HS256"}, {**PLAIN, "exp": True}), id="true for an end"),
        pytest.param(by_hand({"alg": "HS256"}, {**PLAIN, "exp": 1e300}), id="an end beyond all time"),
        pytest.param(by_hand({"alg": "HS256"}, {**PLAIN, "sub": 17}), id="a number for a subject"),
        pytest.param(by_hand({"alg": "HS256"}, [PLAIN]), id="claims in a list"),
        pytest.param(by_hand([], PLAIN), id="a list for a header"),
        pytest.param("", id="an empty text"),
        pytest.param("a.b.c", id="three letters"),
        pytest.param("ü.ü.ü", id="letters no token has"),
        pytest.param("." * 10_000, id="nothing but dots"),
    ],
)
def test_a_forged_token_proves_nobody(token: str) -> None:
    with pytest.raises(IdentityError):
        party_from_token(token, {"k1": SECRET}, now=NOW)


def test_an_expired_token_is_told_apart_so_that_the_page_can_fetch_another() -> None:
    with pytest.raises(IdentityError) as refused:
        party_from_token(signed(exp=NOW - timedelta(minutes=5, seconds=1)), {"k1": SECRET}, now=NOW)
    assert refused.value.is_expired


def test_with_several_keys_a_token_names_its_own() -> None:
    keys = {"k1": SECRET, "k2": NEWER}
    for token in (signed(), signed(kid="k2")):  # nameless, and signed by the other one
        with pytest.raises(IdentityError):
            party_from_token(token, keys, now=NOW)


def test_a_key_that_was_taken_away_opens_nothing_any_more() -> None:
    token = signed(kid="k1")
    party_from_token(token, {"k1": SECRET, "k2": NEWER}, now=NOW)
    with pytest.raises(IdentityError):
        party_from_token(token, {"k2": NEWER}, now=NOW)


def test_without_any_secret_nobody_is_proven() -> None:
    with pytest.raises(IdentityError):
        party_from_token(signed(), {}, now=NOW)


@given(st.text(max_size=80))
def test_no_text_whatever_brings_the_door_down(token: str) -> None:
    with pytest.raises(IdentityError):
        party_from_token(token, {"k1": SECRET}, now=NOW)


def test_a_visitor_is_known_by_a_token_that_only_their_browser_has() -> None:
    token, other = mint_visitor(), mint_visitor()
    assert token != other
    assert ids.VISITOR_TOKEN.fullmatch(token)
    address = visitor(token).identity.address
    assert address == "anon-" + hashlib.sha256(token.encode()).hexdigest()[:32]
    assert ids.is_visitor(address)
    assert visitor(token).vouched is None
    assert not visitor(token).is_expired(NOW + timedelta(days=900))


LENA = Conversation(Channel.INAPP, "web", "user-17")
SHOT = Attachment(Untrusted("shot.png"), "image/png", 71, "ab" * 32)


def test_our_own_notes_hold_for_what_they_say_and_nothing_else() -> None:
    signer = Signer("a secret of the desk itself, long enough")
    ticket, upload = signer.ticket(LENA, now=NOW), signer.upload(LENA, SHOT)

    assert signer.conversation_from_ticket(ticket, now=NOW + timedelta(minutes=10)) == LENA
    assert signer.attachment_from_upload(upload, LENA) == SHOT
    with pytest.raises(IdentityError):
        signer.conversation_from_ticket(ticket, now=NOW + timedelta(minutes=10, seconds=1))
    with pytest.raises(IdentityError):
        signer.attachment_from_upload(upload, Conversation(Channel.INAPP, "web", "user-18"))
    with pytest.raises(IdentityError):
        signer.conversation_from_ticket(upload, now=NOW)
    with pytest.raises(IdentityError):
        signer.attachment_from_upload(ticket, LENA)
    with pytest.raises(IdentityError):
        Signer("the secret of another desk, long enough").conversation_from_ticket(ticket, now=NOW)
