"""No secret reaches the log by any way there is, and nothing a client typed can begin a line of it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Final

import pytest
import structlog

from bot.log import BLOT, Form, Redaction, configure

CANARY: Final = "c4n4ry-of-the-settings"

#: What each kind of secret looks like, in a text that it may stand in; `SECRET` marks what must be gone.
LOOKS: Final = [
    pytest.param(
        "POST https://api.telegram.org/bot{}/sendMessage",
        "123456:AAF-abcdefghijklmnopqrstuvwxyz012345",
        id="a Telegram token",
    ),
    pytest.param("token {} refused", "xoxb-12345-67890-abcdefGHIJ", id="a Slack bot token"),
    pytest.param("token {} refused", "xapp-1-A012-345-abcdef0123456789", id="a Slack app token"),
    pytest.param("https://hooks.slack.com/services/{}", "T000/B000/XXXXXXXXXXXX", id="a Slack webhook"),
    pytest.param("the token {} is wrong", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl", id="a JWT"),
    pytest.param("GET /board/enter/{} 200", "uQ0fJ3lDk9sT2xYw8ZbN1A", id="a link to the board"),
    pytest.param("GET /book/{}", "uQ0fJ3lDk9sT2xYw8ZbN1A", id="a link to a call"),
    pytest.param("https://t.me/bot?start={}", "uQ0fJ3lDk9sT2xYw8ZbN1A", id="a deep link"),
    pytest.param("to support+{}@desk.test", "abcdefghijklmnop0123", id="a reply token"),
    pytest.param(
        "cannot reach postgresql+asyncpg://maitred:{}@db:5432/maitred", "hunter2", id="a password in an address"
    ),
    pytest.param("GET /file?name=a.pdf&signature={}&x=1", "deadbeef00", id="a signed address"),
    pytest.param("Authorization: Bearer {}", "abcdef0123456789", id="a bearer token"),
    pytest.param('{{"password": "{}"}}', "hunter2hunter2", id="a password in JSON"),
    pytest.param("it said {} to me", CANARY, id="the very value of a setting"),
]


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def stream(logging_as_it_was: None) -> io.StringIO:
    return io.StringIO()


@pytest.mark.parametrize(("text", "secret"), LOOKS)
def test_a_secret_is_blotted_out_of_a_text(text: str, secret: str) -> None:
    blotted = Redaction([CANARY]).text(text.format(secret))

    assert secret not in blotted
    assert BLOT in blotted


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ticket T-123 opened at 2026-03-02T09:00:00.000+00:00", id="a ticket and a moment"),
        pytest.param("http://127.0.0.1:8080/board/tickets/12", id="an ordinary address"),
        pytest.param("inapp:web:anon-0123456789abcdef0123456789abcdef", id="a conversation's key"),
        pytest.param("/clients/acme.toml:12", id="a file and a line"),
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redaction([CANARY]).text(text) == text


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(("text", "secret"), LOOKS)
def test_a_secret_gets_out_by_no_way(form: Form, text: str, secret: str, stream: io.StringIO) -> None:
    configure(form, secrets=[CANARY], stream=stream)
    ours, theirs, said = structlog.get_logger(), logging.getLogger("some.library"), text.format(secret)

    ours.warning(said)
    ours.warning("a field", text=said, nested={"deep": [said]}, kept=ValueError(said))
    theirs.warning("an argument: %s", said)
    theirs.warning("an extra", extra={"url": said})
    try:
        raise ValueError(said)
    except ValueError:
        ours.exception("it failed")
        theirs.exception("theirs failed")

    assert "theirs failed" in stream.getvalue()
    assert secret not in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_a_failing_line_worked_with_stays_out_of_the_log(form: Form, stream: io.StringIO) -> None:
    """A traceback names lines; what stood in them, a client's words or a key of ours, is nobody's business."""
    configure(form, stream=stream)

    def decide(words: str, key: bytes) -> None:
        raise KeyError(len(words) + len(key))

    def hear() -> None:
        decide("we {} robbed".format("were"), bytes(range(65, 91)))

    for say in (structlog.get_logger().exception, logging.getLogger("some.library").exception):
        try:
            hear()
        except KeyError:
            say("it failed")

    assert stream.getvalue().count("Traceback") == 2
    assert "were robbed" not in stream.getvalue()
    assert "KLMNO" not in stream.getvalue()


@pytest.mark.parametrize("name", ["password", "slack_bot_token", "Authorization", "client_secret", "cookie"])
def test_a_field_with_the_name_of_a_secret_is_blotted_whatever_it_holds(name: str, stream: io.StringIO) -> None:
    configure("json", stream=stream)

    structlog.get_logger().info("said", **{name: "plain"})

    assert json.loads(stream.getvalue())[name] == BLOT


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(
    "trick",
    [
        pytest.param("one\ntwo", id="a line feed"),
        pytest.param("one\r\ntwo", id="a carriage return"),
        pytest.param("\x1b[2J\x1b[31mred", id="orders to a terminal"),
        pytest.param("one\u2028two\u2029three\x85four", id="other ends of a line"),
        pytest.param("\u202egnihtemos", id="a text turned round"),
    ],
)
def test_a_field_cannot_begin_a_line(form: Form, trick: str, stream: io.StringIO) -> None:
    configure(form, stream=stream)

    structlog.get_logger().info("said", words=trick, **{trick: 1})
    logging.getLogger("some.library").warning(trick)

    assert len(stream.getvalue().splitlines()) == 2
    assert not set(trick) & set("\r\x1b\u2028\u2029\x85\u202e") & set(stream.getvalue())


def test_a_traceback_is_set_in_from_the_margin(stream: io.StringIO) -> None:
    configure("text", stream=stream)
    try:
        raise ValueError("first\n2026-03-02T09:00:00Z info    all is well")
    except ValueError:
        structlog.get_logger().exception("it failed")

    first, *rest = stream.getvalue().splitlines()
    assert "it failed" in first
    assert all(line.startswith("    | ") for line in rest)


def test_an_event_is_one_document_with_its_fields(stream: io.StringIO) -> None:
    configure("json", stream=stream)

    structlog.get_logger().info("ready", http="http://127.0.0.1:8080", revision=3)

    event = json.loads(stream.getvalue())
    assert (event["event"], event["level"], event["http"], event["revision"]) == (
        "ready",
        "info",
        "http://127.0.0.1:8080",
        3,
    )


@pytest.mark.parametrize("library", ["httpx", "aiohttp.access", "telegram.ext", "slack_bolt.app", "asyncio"])
def test_libraries_that_log_every_request_are_quiet(library: str, stream: io.StringIO) -> None:
    configure("json", stream=stream)

    logging.getLogger(library).info("GET https://api.telegram.org/")
    logging.getLogger(library).warning("slow")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["slow"]
