"""Whose mail is proven: sixty ways to lie about it, and the few that are true."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.email.letter import Letter
from adapters.email.trust import UNNAMED, Sender, authserv_id, methods_from, sender_of

US = frozenset({"mx.desk.test"})
LENA = "Lena <lena@acme.test>"


def sender(*results: str, author: str | tuple[str, ...] = LENA, oddity: str = "") -> Sender:
    authors = (author,) if isinstance(author, str) else author
    return sender_of(Letter({"from": authors, "authentication-results": results}, oddity=oddity), US)


PROVEN = {
    "DMARC": "mx.desk.test; dmarc=pass header.from=acme.test",
    "DMARC among others": "mx.desk.test; spf=fail smtp.mailfrom=x.y; dkim=fail; dmarc=pass header.from=acme.test",
    "our name in capitals": "MX.Desk.Test; dmarc=pass header.from=acme.test",
    "our name in quotes": '"mx.desk.test"; dmarc=pass header.from=acme.test',
    "our name with a version": "mx.desk.test 1; dmarc=pass header.from=acme.test",
    "a version of the method": "mx.desk.test; dmarc/1=pass header.from=acme.test",
    "comments everywhere": "(x) mx.desk.test (y); (z) dmarc = pass (p (q) \\) ) header.from (a) = acme.test",
    "capital letters": "mx.desk.test; DMARC=Pass header.From=ACME.test",
    "folded": "mx.desk.test;\t dmarc=pass\t header.from=acme.test",
    "a semicolon at the end": "mx.desk.test; dmarc=pass header.from=acme.test;",
    "a quoted reason": 'mx.desk.test; dmarc=pass reason="a; dmarc=fail" header.from=acme.test',
    "properties without a type": "mx.desk.test; dmarc=pass action=none header.from=acme.test; compauth=pass reason=100",
    "a signature of the domain": "mx.desk.test; dkim=pass header.d=acme.test",
    "a signature named by its identity": "mx.desk.test; dkim=pass header.i=@acme.test",
    "a signature named by both": "mx.desk.test; dkim=pass header.d=acme.test header.i=@mail.acme.test",
    "the second of two signatures": "mx.desk.test; dkim=fail header.d=acme.test; dkim=pass header.d=acme.test",
    "a signature without a policy": "mx.desk.test; dkim=pass header.d=acme.test; dmarc=none header.from=acme.test",
    "Microsoft's word for no policy": "mx.desk.test; dkim=pass header.d=acme.test; dmarc=bestguesspass",
    "SPF for the domain": "mx.desk.test; spf=pass smtp.mailfrom=acme.test",
    "SPF for an address of it": "mx.desk.test; spf=pass smtp.mailfrom=bounces@acme.test",
}
NOT_PROVEN = {
    "nothing": (),
    "no checks": ("mx.desk.test; none",),
    "another server": ("mx.evil.test; dmarc=pass header.from=acme.test",),
    "a server below ours": ("a.mx.desk.test; dmarc=pass header.from=acme.test",),
    "a server whose name begins like ours": ("mx.desk.test.evil.test; dmarc=pass header.from=acme.test",),
    "a server whose name ends like ours": ("evilmx.desk.test; dmarc=pass header.from=acme.test",),
    "our name in a comment": ("(mx.desk.test) mx.evil.test; dmarc=pass header.from=acme.test",),
    "our name after another": ("mx.evil.test mx.desk.test; dmarc=pass header.from=acme.test",),
    "no name of a server": ("dmarc=pass header.from=acme.test",),
    "no name, and ours later": ("dmarc=none; mx.desk.test; dmarc=pass header.from=acme.test",),
    "DMARC failed": ("mx.desk.test; dmarc=fail header.from=acme.test",),
    "DMARC failed, though a signature passed": (
        "mx.desk.test; dkim=pass header.d=acme.test; dmarc=fail header.from=acme.test",
    ),
    "DMARC could not be looked up": ("mx.desk.test; dmarc=temperror header.from=acme.test",),
    "DMARC passed for nobody": ("mx.desk.test; dmarc=pass",),
    "DMARC passed for another": ("mx.desk.test; dmarc=pass header.from=evil.test",),
    "DMARC passed for a domain above": ("mx.desk.test; dmarc=pass header.from=test",),
    "DMARC passed for a domain below": ("mx.desk.test; dmarc=pass header.from=mail.acme.test",),
    "DMARC passed for one that begins so": ("mx.desk.test; dmarc=pass header.from=acme.test.evil.test",),
    "DMARC passed for one that ends so": ("mx.desk.test; dmarc=pass header.from=evilacme.test",),
    "DMARC passed twice": ("mx.desk.test; dmarc=pass header.from=acme.test; dmarc=pass header.from=acme.test",),
    "DMARC passed and failed": ("mx.desk.test; dmarc=pass header.from=acme.test; dmarc=fail header.from=acme.test",),
    "the domain named twice": ("mx.desk.test; dmarc=pass header.from=evil.test header.from=acme.test",),
    "a failure on top of a pass": (
        "mx.desk.test; dmarc=fail header.from=acme.test",
        "mx.desk.test; dmarc=pass header.from=acme.test",
    ),
    "nothing on top of a pass": ("mx.desk.test; none", "mx.desk.test; dmarc=pass header.from=acme.test"),
    "an unreadable one on top of a pass": ("mx.desk.test; (", "mx.desk.test; dmarc=pass header.from=acme.test"),
    "a stranger's on top, ours says no": (
        "mx.evil.test; dmarc=pass header.from=acme.test",
        "mx.desk.test; dmarc=fail header.from=acme.test",
    ),
    "pass in a comment": ("mx.desk.test; dmarc=fail (dmarc=pass header.from=acme.test)",),
    "pass after a comment within one": ("mx.desk.test; x=y (a(b) ; dmarc=pass header.from=acme.test",),
    "pass in a quoted text": ('mx.desk.test; spf=pass smtp.mailfrom="; dmarc=pass header.from=acme.test"@evil.test',),
    "pass in a quote that does not end": ('mx.desk.test; spf=none smtp.mailfrom="; dmarc=pass header.from=acme.test',),
    "pass behind an escaped quote": ('mx.desk.test; x=y p="\\"; dmarc=pass header.from=acme.test',),
    "pass from a sender's address": (
        "mx.desk.test; spf=pass smtp.mailfrom=x; dmarc=pass header.from=acme.test y@evil.test; dmarc=fail",
    ),
    "a signature in a sender's address": (
        "mx.desk.test; spf=pass smtp.mailfrom=a; dkim=pass header.d=acme.test@evil.test",
    ),
    "words without a meaning": ("mx.desk.test; dmarc=pass header.from=acme.test surprise",),
    "a signature of another": ("mx.desk.test; dkim=pass header.d=evil.test",),
    "a signature of a domain below": ("mx.desk.test; dkim=pass header.d=evil.acme.test",),
    "a signature of a domain that ends so": ("mx.desk.test; dkim=pass header.d=evilacme.test",),
    "a signature of everything": ("mx.desk.test; dkim=pass header.d=test",),
    "a signature of nobody": ("mx.desk.test; dkim=pass",),
    "a signature of another, in our sender's name": ("mx.desk.test; dkim=pass header.d=evil.test header.i=@acme.test",),
    "a signature that failed": ("mx.desk.test; dkim=fail header.d=acme.test",),
    "a signature that is neutral": ("mx.desk.test; dkim=neutral header.d=acme.test",),
    "a signature whose pass is a word": ("mx.desk.test; dkim=passed header.d=acme.test",),
    "SPF for another": ("mx.desk.test; spf=pass smtp.mailfrom=evil.test",),
    "SPF for the greeting": ("mx.desk.test; spf=pass smtp.helo=acme.test",),
    "SPF for a domain above": ("mx.desk.test; spf=pass smtp.mailfrom=test",),
    "SPF that is soft": ("mx.desk.test; spf=softfail smtp.mailfrom=acme.test",),
    "SPF said twice": ("mx.desk.test; spf=pass smtp.mailfrom=acme.test; spf=fail smtp.mailfrom=acme.test",),
    "another kind of check": ("mx.desk.test; auth=pass smtp.auth=lena@acme.test; arc=pass; iprev=pass",),
}
BAD_AUTHORS = {
    "two headers": (LENA, "evil@evil.test"),
    "the same twice": (LENA, LENA),
    "none": (),
    "an empty one": "",
    "a list": "lena@acme.test, evil@evil.test",
    "a list the other way": "evil@evil.test, lena@acme.test",
    "a group": "Team: lena@acme.test;",
    "an address beside another": "evil@evil.test <lena@acme.test>",
    "two in brackets": "<evil@evil.test> <lena@acme.test>",
    "a letter that looks like one": "lena@\u0430cme.test",
    "letters of another width": "lena@\uff41cme.test",
    "no domain": "lena",
    "a number for a domain": "lena@[192.0.2.1]",
    "a domain without a dot": "lena@localhost",
    "a quoted local part": '"lena@acme.test"@evil.test',
    "a comment that does not end": "lena@acme.test (",
    "ten thousand letters": "x" * 10_000 + " <lena@acme.test>",
}


@pytest.mark.parametrize("result", [pytest.param(one, id=name) for name, one in PROVEN.items()])
def test_our_mail_server_proves_a_sender(result: str) -> None:
    assert sender(result) == Sender("lena@acme.test", "Lena", "")


@pytest.mark.parametrize("results", [pytest.param(one, id=name) for name, one in NOT_PROVEN.items()])
def test_nothing_else_proves_a_sender(results: tuple[str, ...]) -> None:
    found = sender(*results)
    assert found.address == "lena@acme.test"
    assert found.doubt
    assert not found.is_proven


@pytest.mark.parametrize("author", [pytest.param(one, id=name) for name, one in BAD_AUTHORS.items()])
def test_a_sender_who_is_not_one_plain_address_is_never_proven(author: str | tuple[str, ...]) -> None:
    results = [f"mx.desk.test; dmarc=pass header.from={domain}" for domain in ("acme.test", "evil.test")]
    assert all(sender(result, author=author).doubt for result in results)


def test_a_domain_above_speaks_for_those_below_it() -> None:
    assert sender("mx.desk.test; dkim=pass header.d=acme.test", author="l@mail.acme.test").is_proven


def test_headers_that_others_may_read_differently_prove_nobody() -> None:
    assert sender(PROVEN["DMARC"], oddity="two ways to read it").doubt == "two ways to read it"


def test_without_a_trusted_server_nobody_is_proven() -> None:
    letter = Letter({"from": (LENA,), "authentication-results": ("mx.desk.test; dmarc=pass header.from=acme.test",)})
    assert "MAIL_AUTHSERV_ID" in sender_of(letter, frozenset()).doubt


@pytest.mark.parametrize(
    ("author", "name"),
    [
        pytest.param('"boss@bank.test" <lena@acme.test>', "lena@acme.test", id="another address"),
        pytest.param('"boss@bank.test via Desk" <lena@acme.test>', "lena@acme.test", id="another address and more"),
        pytest.param('"lena@acme.test" <lena@acme.test>', "lena@acme.test", id="their own address"),
        pytest.param('"Novak, Lena (Acme)" <lena@acme.test>', "Novak, Lena (Acme)", id="a plain name"),
        pytest.param("lena@acme.test", "lena@acme.test", id="no name"),
        pytest.param("lena@acme.test (Lena Novak)", "lena@acme.test", id="a name in a comment"),
    ],
)
def test_a_name_is_never_another_address(author: str, name: str) -> None:
    assert sender(author=author).name == name


@given(st.text(alphabet='mx.desk.test; dmarc=pass()"\\header.from=acme\t,@', max_size=120))
def test_a_header_that_is_rubbish_is_read_without_harm(header: str) -> None:
    authserv_id(header)
    methods_from(header)
    assert sender(header).doubt or "acme.test" in header


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_a_sender_may_choose_within_quotes_proves_anything(left: str, right: str) -> None:
    quoted = (left + "; dmarc=pass header.from=acme.test; " + right).replace("\\", "\\\\").replace('"', '\\"')
    found = sender(f'mx.desk.test; spf=pass smtp.mailfrom="{quoted}"@evil.test; dmarc=fail header.from=acme.test')
    assert found.doubt


NAMELESS = (
    "spf=pass (sender IP is 192.0.2.3) smtp.mailfrom=acme.test; dkim=none; dmarc=pass action=none header.from=acme.test"
)


@pytest.mark.parametrize(
    ("results", "trusted", "is_proven"),
    [
        pytest.param((NAMELESS,), {UNNAMED}, True, id="on top, where the settings say so"),
        pytest.param((NAMELESS,), {"mx.desk.test"}, False, id="where they do not"),
        pytest.param((NAMELESS, "mx.evil.test; dmarc=pass header.from=acme.test"), {UNNAMED}, True, id="above another"),
        pytest.param(("mx.evil.test; none", NAMELESS), {UNNAMED}, False, id="below another"),
        pytest.param(("spf=fail; dmarc=fail header.from=acme.test", NAMELESS), {UNNAMED}, False, id="below its like"),
        pytest.param(("", NAMELESS), {UNNAMED}, False, id="below an empty one"),
        pytest.param((NAMELESS.replace("acme", "evil"),), {UNNAMED}, False, id="for another domain"),
        pytest.param((f"{NAMELESS} (",), {UNNAMED}, False, id="not to be read"),
    ],
)
def test_a_server_without_a_name_is_believed_on_top_alone(
    results: tuple[str, ...], trusted: set[str], *, is_proven: bool
) -> None:
    letter = Letter({"from": (LENA,), "authentication-results": results})
    assert sender_of(letter, frozenset(trusted)).is_proven is is_proven
