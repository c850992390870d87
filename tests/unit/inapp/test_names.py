"""Names that come from outside: origins, files, network addresses."""

import pytest

from adapters.inapp.config import Config, origin_of
from adapters.inapp.files import plain_name
from adapters.inapp.sockets import is_shared


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        pytest.param("https://App.Acme.test/help?x=1", "https://app.acme.test", id="a whole address"),
        pytest.param("https://app.acme.test:443", "https://app.acme.test", id="the usual port"),
        pytest.param("http://127.0.0.1:8080/", "http://127.0.0.1:8080", id="another port"),
        pytest.param("http://[::1]:8080", "http://[::1]:8080", id="an IPv6 address"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize("address", ["null", "*", "app.acme.test", "file:///tmp", "https://", ""])
def test_what_is_no_web_address_is_no_origin(address: str) -> None:
    with pytest.raises(ValueError, match="not an http"):
        origin_of(address)


def test_only_exact_origins_are_allowed() -> None:
    config = Config({}, "secret", ("https://app.acme.test",))
    assert config.is_allowed("https://app.acme.test")
    for origin in (None, "null", "https://acme.test", "https://x.app.acme.test", "https://app.acme.test."):
        assert not config.is_allowed(origin)


def test_an_account_that_would_break_conversation_keys_is_refused() -> None:
    with pytest.raises(ValueError, match="colon"):
        Config({}, "secret", (), account="web:2")


def test_no_secret_is_shown_where_the_settings_are() -> None:
    assert "canary" not in repr(Config({"k1": "canary"}, "canary", ()))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        pytest.param("shot.png", "shot.png", id="a plain one"),
        pytest.param("../../etc/passwd", "passwd", id="a path"),
        pytest.param(r"C:\Users\lena\shot.png", "shot.png", id="a path of another system"),
        pytest.param("..", "file", id="nothing but dots"),
        pytest.param("", "file", id="nothing"),
        pytest.param("a\r\nb\0.txt", "a b.txt", id="with line breaks and NUL"),
        pytest.param("invoice\u202egnp.exe", "invoicegnp.exe", id="that pretends another ending"),
        pytest.param("x" * 300 + ".pdf", "x" * 196 + ".pdf", id="too long"),
    ],
)
def test_a_file_name_is_only_a_name(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@pytest.mark.parametrize(
    ("remote", "shared"),
    [("127.0.0.1", True), ("10.0.0.7", True), ("::1", True), ("", True), ("8.8.8.8", False), ("2001:4860::1", False)],
)
def test_an_address_of_our_own_network_stands_for_many(remote: str, shared: bool) -> None:  # noqa: FBT001
    assert is_shared(remote) is shared
