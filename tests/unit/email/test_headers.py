"""Headers as they come: addresses, encoded words, parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.email.charsets import words_from_bytes
from adapters.email.headers import (
    Mailbox,
    bytes_from_base64,
    canonical_id,
    decoded,
    mailboxes,
    message_ids,
    parameters,
)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        pytest.param("lena@acme.test", [Mailbox("lena@acme.test")], id="bare"),
        pytest.param("Lena <lena@acme.test>", [Mailbox("lena@acme.test", "Lena")], id="a name"),
        pytest.param('"Novak, Lena" <l@a.test>', [Mailbox("l@a.test", "Novak, Lena")], id="a comma in a name"),
        pytest.param('"Le\\"na" <l@a.test>', [Mailbox("l@a.test", 'Le"na')], id="a quote in a name"),
        pytest.param("a@b.test, <c@d.test>,, e@f.test", [Mailbox("a@b.test"), Mailbox("c@d.test"), Mailbox("e@f.test")],
                     id="a list with a hole"),
        pytest.param("Team: a@b.test, c@d.test;", [Mailbox("a@b.test"), Mailbox("c@d.test")], id="a group"),
        pytest.param("undisclosed-recipients:;", [], id="an empty group"),
        pytest.param("a@b.test (Lena)", [Mailbox("a@b.test")], id="a comment"),
        pytest.param("Lena (at Acme <a@b.test>", [Mailbox("a@b.test", "Lena (at Acme")], id="a comment without end"),
        pytest.param("<a @ b.test>", [Mailbox("a@b.test")], id="blanks in an address"),
        pytest.param('"lena"@acme.test', [Mailbox("lena@acme.test")], id="quotes that mean nothing"),
        pytest.param('Team: "a.b" @ c.test;', [Mailbox("a.b@c.test")], id="quotes and blanks in a group"),
        pytest.param('L <"le na"@acme.test>, a@b.test', [Mailbox("a@b.test")], id="quotes that mean something"),
        pytest.param('"a..b"@c.test, ""@c.test, "a\\"b"@c.test', [], id="quotes that are needed"),
        pytest.param("lena at acme", [], id="no address"),
        pytest.param("", [], id="nothing"),
        pytest.param("<lena@acme.test", [Mailbox("lena@acme.test")], id="a bracket without its other"),
    ],
)  # fmt: skip
def test_addresses_are_found_in_what_people_write(written: str, found: list[Mailbox]) -> None:
    assert list(mailboxes(written)) == found


@given(st.text(alphabet='<>@,;:"()\\ a.é\0', max_size=200))
def test_no_list_of_addresses_raises(written: str) -> None:
    for found in mailboxes(written):
        assert found.address.count("@") == 1
        assert not set(found.address) & set(' <>,;"\\\n')


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("plain", "plain", id="plain"),
        pytest.param("=?utf-8?q?caf=C3=A9?= au lait", "café au lait", id="a word before others"),
        pytest.param("a =?utf-8?q?b?= c =?utf-8?q?d?= e", "a b c d e", id="words between others"),
        pytest.param("=?utf-8?q?a?= =?utf-8?q?b?=", "ab", id="neighbours are joined"),
        pytest.param("=?utf-8?b?w6Q=?=  =?iso-8859-1?q?=E4?=", "ää", id="neighbours of two charsets"),
        pytest.param("=?utf-8*en?q?x?=", "x", id="a language beside the charset"),
        pytest.param("=?utf-8?x?abc?=", "=?utf-8?x?abc?=", id="an unknown encoding"),
        pytest.param("=?utf-8?q?never ends", "=?utf-8?q?never ends", id="no end"),
        pytest.param("=?x-klingon?q?caf=C3=A9?=", "café", id="an unknown charset"),
        pytest.param("=?utf-8?b?!!!?=", "", id="nothing in base64"),
    ],
)
def test_encoded_words_are_read(written: str, read: str) -> None:
    assert decoded(written) == read


@given(st.text(alphabet="=?utf-8bqBQ*_ \tA", max_size=200))
def test_no_encoded_word_raises(written: str) -> None:
    decoded(written)


@pytest.mark.parametrize(
    ("written", "type_", "named"),
    [
        pytest.param("text/plain", "text/plain", {}, id="alone"),
        pytest.param("Text/PLAIN; Charset=UTF-8", "text/plain", {"charset": "UTF-8"}, id="capitals"),
        pytest.param('a/b; name="x; y=z"', "a/b", {"name": "x; y=z"}, id="a semicolon in quotes"),
        pytest.param("a/b; name*=utf-8'en'%C3%A4", "a/b", {"name": "ä"}, id="another charset"),
        pytest.param("a/b; name*1=b; name*0=a", "a/b", {"name": "ab"}, id="pieces in disorder"),
        pytest.param("a/b; name*0*=utf-8''%C3; name*1*=%A4", "a/b", {"name": "ä"}, id="a letter cut in two"),
        pytest.param("a/b; =x; y; ;;; z=1", "a/b", {"y": "", "z": "1"}, id="rubbish between"),
        pytest.param("a/b (comment; x=1); y=2", "a/b", {"y": "2"}, id="a comment"),
    ],
)
def test_parameters_are_read(written: str, type_: str, named: dict[str, str]) -> None:
    assert parameters(written) == (type_, named)


@given(st.text(alphabet="abc/;=*'\"%()\\0159 é", max_size=200))
def test_no_parameters_raise(written: str) -> None:
    parameters(written)


def test_message_ids_are_named_in_one_way() -> None:
    assert message_ids("<A@ACME.test> rubbish <b@c.test> <broken") == ("A@acme.test", "b@c.test")
    assert canonical_id(" <A@ACME.test> ") == "A@acme.test"
    many = " ".join(f"<{n}@x>" for n in range(500))
    assert message_ids(many, most=3) == ("0@x", "498@x", "499@x")


@given(st.binary(max_size=200), st.text(max_size=20))
def test_no_bytes_and_no_charset_raise(written: bytes, charset: str) -> None:
    words_from_bytes(written, charset)
    bytes_from_base64(written)


@pytest.mark.parametrize(
    "charset", ["utf-16-le", "utf-32", "hz", "utf-7", "iso2022_kr", "undefined", "bz2", "rot13", "hex"]
)
@given(written=st.binary(max_size=50))
def test_codecs_of_all_kinds_are_survived(charset: str, written: bytes) -> None:
    words_from_bytes(written, charset)
