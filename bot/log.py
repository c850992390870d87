"""What admins read: one event a line, fields beside a constant sentence, and no secret ever.

Everything, also what libraries log, passes through one handler whose last step blots out what looks like a secret or is
one of ours. Fields are escaped, so whatever a client typed cannot begin a line. Modules of ours ask
`structlog.get_logger()`; adapters, which import nothing of ours, use the standard logging and end here as well.
"""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, TextIO

import structlog

Form = Literal["json", "text"]

BLOT: Final = "[redacted]"

#: These log every request, some with a token in its address, or every line of every mail.
QUIET: Final = (
    "aiohttp.access",
    "aioimaplib",
    "aiosqlite",
    "alembic",
    "asyncio",
    "httpcore",
    "httpx",
    "slack_bolt",
    "slack_sdk",
    "telegram",
)

#: A field of one of these names is a secret whatever it holds.
_SECRET_FIELDS: Final = re.compile(
    r"(^|_)(password|passwd|secret|token|authorization|cookie|credential|api_key|secret_key|private_key)s?$",
    re.IGNORECASE,
)
_NAMED: Final = r"(?:token|secret|signature|sig|password|passwd|ticket|upload|visitor|api_?key|x-amz-[\w-]+)"
#: What a secret looks like; what the first group holds, if there is one, stays.
_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\d{5,}:[\w-]{30,}",  # a Telegram bot's token, also after /bot in an address
        r"\b(?:xox[a-z]|xapp)(?:[.-][\w-]+)+",  # Slack's tokens
        r"(hooks\.slack\.com/(?:services|workflows|triggers)/)[\w/-]+",
        r"\beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?",  # a JWT, whoever signed it
        r"(/(?:board/enter|book|call)/)[\w.~-]{6,}",  # one-time links of our own
        r"(failing row contains )\((?s:.*)\)",  # PostgreSQL shows a row it refuses, whatever a client wrote there
        r"([?&#]start=)[\w-]{6,}",  # the deep link that ties a person to Telegram
        r"(\+)[\w-]{16,}(?=@)",  # the reply token in a mail address
        r"(://[^\s/:@]*:)[^\s/@]+(?=@)",  # the password in an address
        rf"([?&#;]{_NAMED}=)[^\s&#;\"'>]+",  # signed addresses
        r"(\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}",
        rf"(\b[\w-]*{_NAMED}[\"']?\s*[:=]\s*[\"']?)[^\s\"',;&]{{6,}}",  # password=…, "secret": "…"
    )
)
#: Letters that some program takes for the end of a line or for an order to the terminal.
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_PLAIN: Final = re.compile(r"[\w.:/@+-]+")

_Event = structlog.typing.EventDict


class Redaction:
    """Blots secrets out of texts. `secrets` are the very values; short ones are left to the patterns."""

    SHORTEST: Final = 6

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= self.SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def text(self, text: str) -> str:
        """The text with every secret blotted out."""
        if self._known:
            text = self._known.sub(BLOT, text)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\g<1>{BLOT}" if pattern.groups else BLOT, text)
        return text

    def value(self, value: object) -> object:
        """A field's value, looked through to its depth; what is not a plain value becomes its text."""
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(key)): self.field(str(key), held) for key, held in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.value(held) for held in value]
            case _:
                return self.text(str(value))

    def field(self, name: str, value: object) -> object:
        """A value under its name; a name may be reason enough."""
        return BLOT if value and _SECRET_FIELDS.search(name) else self.value(value)

    def __call__(self, _logger: object, _method: str, event: _Event) -> _Event:
        """As a step of structlog."""
        return {self.text(name): self.field(name, value) for name, value in event.items()}


def configure(form: Form, *, secrets: Iterable[str] = (), level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log of the process to `stream` (the error output by default) in this form. Call it once, early."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # Loggers are made when modules are imported, before this call: they must not keep what was set then.
        cache_logger_on_first_use=False,
    )
    render: Callable[[object, str, _Event], str] = _as_json if form == "json" else _as_text
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            Redaction(secrets),
            render,
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def _as_json(_logger: object, _method: str, event: _Event) -> str:
    ordered = {name: event.pop(name) for name in ("at", "level", "event") if name in event}
    return json.dumps({**ordered, **event}, default=str)  # ASCII only: every other letter is escaped


def _as_text(_logger: object, _method: str, event: _Event) -> str:
    """`12:00:00 warning delivery postponed  ticket=12 channel=slack`; a traceback follows, set in from the margin."""
    at, level, said, logged_by = (str(event.pop(name, "")) for name in ("at", "level", "event", "logger"))
    trace = "\n".join(str(event.pop(name)) for name in ("stack", "exception") if event.get(name))
    fields = " ".join(f"{_escaped(name)}={_shown(value)}" for name, value in event.items())
    by = "" if logged_by.startswith("bot") else f"  [{_escaped(logged_by)}]"
    line = f"{at[:19]}Z {level:<7} {_escaped(said)}{'  ' + fields if fields else ''}{by}"
    return "\n    | ".join([line, *map(_escaped, trace.split("\n"))]) if trace else line


def _shown(value: Any) -> str:  # noqa: ANN401 - a field holds what it holds
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    return _escaped(json.dumps(value, ensure_ascii=False, default=str))


def _escaped(text: str) -> str:
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
