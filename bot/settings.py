"""The one reader of the environment: every setting, checked together, so that a start lists all that is wrong at once.

A setting stands in the environment or in `.env`; the environment wins. A secret may stand in a file of its own that
`NAME_FILE` names. `.env.example` explains each setting, and a test keeps the two alike.
"""

import os
import secrets
import ssl
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from bot.setting_lines import lines_of, readable_lines_of
from bot.setting_shapes import (
    KEYS,
    Listen,
    address_from,
    crashpoint_from,
    database_from,
    instant_from,
    keys_of,
    listen_from,
    named_once,
    origins_from,
    shaped,
)
from sla.duration import Instant

ENV_FILE: Final = Path(".env")
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
#: Containers and systemd mount these for the process alone, whatever their mode says.
MOUNTED_SECRETS: Final = ("/run/secrets/", "/run/credentials/")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong: the setting's name and what to do about it."""

    name: str
    mend: str

    def __str__(self) -> str:
        return f"{self.name}: {self.mend}"


class SettingsError(Exception):
    """The settings cannot be used; `mistakes` has all of them."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)


_Listen = Annotated[Listen, BeforeValidator(listen_from)]
_Address = Annotated[str, AfterValidator(address_from)]
_Port = Annotated[int, Field(ge=1, le=65_535)]
_Mailbox = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]


class Settings(BaseModel):
    """Every setting, by the name we use inside; the alias is its name outside."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, hide_input_in_errors=True)

    database_url: Annotated[SecretStr, AfterValidator(database_from)] = Field(
        SecretStr("sqlite+aiosqlite:///var/maitred.db"), alias="DATABASE_URL"
    )
    desk: Path = Field(Path("desk"), alias="MAITRED_DESK")
    files: Path = Field(Path("var/attachments"), alias="MAITRED_DATA")
    http: _Listen = Field(Listen("127.0.0.1", 8080), alias="MAITRED_HTTP")
    public_url: _Address | None = Field(None, alias="MAITRED_PUBLIC_URL")
    secret_key: Annotated[SecretStr, shaped(r".{32,}", "write 32 letters or more")] | None = Field(
        None, alias="MAITRED_SECRET_KEY"
    )
    log: Literal["json", "text"] = Field("text", alias="MAITRED_LOG")
    metrics: _Listen | None = Field(None, alias="MAITRED_METRICS")
    deadman_url: _Address | None = Field(None, alias="MAITRED_DEADMAN_URL")

    telegram_bot_token: (
        Annotated[SecretStr, shaped(r"\d+:[\w-]+", "write the token as BotFather gave it, as in 123456:AbC-dEf")] | None
    ) = Field(None, alias="TELEGRAM_BOT_TOKEN")
    telegram_api_url: _Address = Field("https://api.telegram.org", alias="TELEGRAM_API_URL")
    telegram_mode: Literal["poll", "webhook"] = Field("poll", alias="TELEGRAM_MODE")
    telegram_webhook_secret: (
        Annotated[SecretStr, shaped(r"[\w-]{1,256}", "write 1 to 256 letters, digits, - and _")] | None
    ) = Field(None, alias="TELEGRAM_WEBHOOK_SECRET")

    slack_bot_token: Annotated[SecretStr, shaped(r"xoxb-\S+", "write the bot's token, xoxb-…")] | None = Field(
        None, alias="SLACK_BOT_TOKEN"
    )
    slack_app_token: Annotated[SecretStr, shaped(r"xapp-\S+", "write the app-level token, xapp-…")] | None = Field(
        None, alias="SLACK_APP_TOKEN"
    )
    slack_signing_secret: (
        Annotated[SecretStr, shaped(r"\S+", "write the signing secret from the app's Basic Information")] | None
    ) = Field(None, alias="SLACK_SIGNING_SECRET")
    slack_api_url: _Address = Field("https://slack.com/api", alias="SLACK_API_URL")

    imap_host: str | None = Field(None, alias="IMAP_HOST")
    imap_port: _Port | None = Field(None, alias="IMAP_PORT")
    imap_user: str | None = Field(None, alias="IMAP_USER")
    imap_password: SecretStr | None = Field(None, alias="IMAP_PASSWORD")
    imap_mailbox: str = Field("INBOX", alias="IMAP_MAILBOX")
    imap_processed: str | None = Field(None, alias="IMAP_PROCESSED")
    imap_tls: Literal["implicit", "none"] = Field("implicit", alias="IMAP_TLS")
    imap_ca_file: Path | None = Field(None, alias="IMAP_CA_FILE")
    smtp_host: str | None = Field(None, alias="SMTP_HOST")
    smtp_port: _Port | None = Field(None, alias="SMTP_PORT")
    smtp_user: str | None = Field(None, alias="SMTP_USER")
    smtp_password: SecretStr | None = Field(None, alias="SMTP_PASSWORD")
    smtp_tls: Literal["starttls", "implicit", "none"] = Field("starttls", alias="SMTP_TLS")
    smtp_ca_file: Path | None = Field(None, alias="SMTP_CA_FILE")
    mail_address: _Mailbox | None = Field(None, alias="MAIL_ADDRESS")
    mail_authserv_id: str | None = Field(None, alias="MAIL_AUTHSERV_ID")
    mail_name: str | None = Field(None, alias="MAIL_NAME")
    mail_plus: bool = Field(default=True, alias="MAIL_PLUS")
    mail_per_minute: Annotated[int, Field(ge=1, le=6_000)] = Field(60, alias="MAIL_PER_MINUTE")
    mail_token_file: Path | None = Field(None, alias="MAIL_TOKEN_FILE")

    inapp_jwt_secret: (
        Annotated[
            SecretStr,
            shaped(KEYS, "write a name and a secret, as in web:SECRET, several with commas between"),
            AfterValidator(named_once),
        ]
        | None
    ) = Field(None, alias="INAPP_JWT_SECRET")
    inapp_origins: Annotated[tuple[str, ...], BeforeValidator(origins_from)] = Field((), alias="INAPP_ORIGINS")

    is_rehearsal: bool = Field(default=False, alias="MAITRED_REHEARSAL")
    time_speed: Annotated[float, Field(gt=0, le=100_000)] | None = Field(None, alias="MAITRED_TIME_SPEED")
    time_start: Annotated[Instant, BeforeValidator(instant_from)] | None = Field(None, alias="MAITRED_TIME_START")
    crashpoint: Annotated[str, AfterValidator(crashpoint_from)] | None = Field(None, alias="MAITRED_CRASHPOINT")

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.get_secret_value().startswith("sqlite")

    @property
    def rehearsal_file(self) -> Path:
        """Where a rehearsal keeps what time it has come to; for `bot.now.rehearse`."""
        return self.files / "rehearsal.json"

    @property
    def address_file(self) -> Path:
        """Where a demo writes down where it listens, for commands beside it."""
        return self.files / "address"

    @property
    def address(self) -> str:
        """Where people find the board: the public address, or the one we listen on."""
        return self.public_url or f"http://{self.http}"

    def jwt_secrets(self) -> Mapping[str, str]:
        """The secrets that hosts of the widget sign with, by the name a token calls them (`kid`)."""
        if self.inapp_jwt_secret is None:
            return {}
        return dict(keys_of(self.inapp_jwt_secret.get_secret_value()))

    def secrets(self) -> Iterator[str]:
        """Every secret there is, for the redaction of the log."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr) and name != "database_url":
                yield value.get_secret_value()
        yield from self.jwt_secrets().values()
        if password := urlsplit(self.database_url.get_secret_value()).password:
            yield password


ALIASES: Final = {field.alias or name: name for name, field in Settings.model_fields.items()}


def _is_secret(annotation: Any) -> bool:  # noqa: ANN401 - an annotation may be anything
    return annotation is SecretStr or any(map(_is_secret, getattr(annotation, "__args__", ())))


#: May stand in a file of its own.
SECRETS: Final = tuple(
    field.alias for field in Settings.model_fields.values() if field.alias and _is_secret(field.annotation)
)

#: What has to stand beside a setting: each group names settings of which one is enough.
_NEEDS: Final[Mapping[str, Sequence[Sequence[str]]]] = {
    "MAITRED_TIME_SPEED": [["MAITRED_REHEARSAL"]],
    "MAITRED_TIME_START": [["MAITRED_REHEARSAL"]],
    "MAITRED_CRASHPOINT": [["MAITRED_REHEARSAL"]],
    "SLACK_BOT_TOKEN": [["SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"]],
    "SLACK_APP_TOKEN": [["SLACK_BOT_TOKEN"]],
    "IMAP_HOST": [["IMAP_USER"], ["IMAP_PASSWORD", "MAIL_TOKEN_FILE"], ["MAIL_ADDRESS"]],
    "IMAP_USER": [["IMAP_HOST"]],
    "SMTP_HOST": [["MAIL_ADDRESS"]],
    "SMTP_USER": [["SMTP_HOST"], ["SMTP_PASSWORD", "MAIL_TOKEN_FILE"]],
    "SMTP_PASSWORD": [["SMTP_USER"]],
}
_CA_FILES: Final = ("IMAP_CA_FILE", "SMTP_CA_FILE")


def load_settings(env_file: Path | None = ENV_FILE) -> Settings:
    """The settings of this process. Raises SettingsError with every mistake."""
    try:
        from_file, wrong = lines_of(env_file)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([Mistake(str(env_file), f"cannot be read ({error}): mend or remove it")]) from error
    mistakes = [Mistake(f"{env_file}:{line}", mend) for line, mend in wrong]
    if env_file not in (None, ENV_FILE) and not os.path.lexists(env_file):
        mistakes.append(Mistake(str(env_file), "is not there: name a file of settings, or leave --env-file out"))
    try:
        settings = read_settings(dict(os.environ), from_file)
    except SettingsError as error:
        raise SettingsError([*mistakes, *error.mistakes]) from None
    if mistakes:
        raise SettingsError(mistakes)
    return settings


def read_settings(
    environ: Mapping[str, str],
    from_file: Mapping[str, str] | None = None,
    read: Callable[[Path], str] = Path.read_text,
) -> Settings:
    """The settings out of an environment and the lines of a file; empty ones are not set. Raises SettingsError."""
    mistakes: list[Mistake] = []
    values = {name: value for name, value in {**(from_file or {}), **environ}.items() if value.strip()}
    mistakes += _unknown(environ, from_file or {})
    for name in SECRETS:
        place = values.get(f"{name}_FILE")
        if place is None:
            continue
        if name in values and environ.get(f"{name}_FILE"):
            mistakes.append(Mistake(name, f"{name} and {name}_FILE are both set: keep one"))
        try:
            values[name] = read(Path(place)).strip()
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(Mistake(f"{name}_FILE", f"{place} cannot be read ({type(error).__name__}): mend the path"))
    for name in _CA_FILES:
        try:
            if name in values:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=read(Path(values[name])))
        except (OSError, ValueError):  # an SSLError is an OSError
            mistakes.append(Mistake(name, f"{values[name]} cannot be read: name a file of PEM certificates"))
    mistakes += _contradictions(values)
    try:
        settings = Settings.model_validate({name: values[name] for name in ALIASES if name in values})
    except ValidationError as error:
        mistakes += [_mistake(dict(one)) for one in error.errors()]
        raise SettingsError(mistakes) from None  # the original shows what was written, which may be a secret
    if mistakes:
        raise SettingsError(mistakes)
    return settings


def _unknown(environ: Mapping[str, str], from_file: Mapping[str, str]) -> Iterator[Mistake]:
    """Names that look like ours and are not; in the environment of others only `MAITRED_` is surely ours."""
    known = {*ALIASES, *(f"{name}_FILE" for name in SECRETS)}
    for name in sorted({*environ, *from_file} - known):
        near = get_close_matches(name, known, 1, 0.8)
        is_ours = name.startswith("MAITRED_") and not name.startswith("MAITRED_TEST_")
        if is_ours or (near and name in from_file):
            yield Mistake(name, f"is no setting: did you mean {near[0]}?" if near else "is no setting: remove it")


def _contradictions(values: Mapping[str, str]) -> Iterator[Mistake]:
    is_on = {
        name for name in values if name != "MAITRED_REHEARSAL" or values[name].lower() in {"1", "true", "yes", "on"}
    }
    for name, needs in _NEEDS.items():
        for group in needs if name in is_on else ():
            if is_on.isdisjoint(group):
                wanted = "MAITRED_REHEARSAL=1" if group == ["MAITRED_REHEARSAL"] else " or ".join(group)
                yield Mistake(name, f"needs {wanted} beside it")
    if values.get("TELEGRAM_MODE") == "webhook":
        for name in ("TELEGRAM_WEBHOOK_SECRET", "MAITRED_PUBLIC_URL"):
            if name not in values:
                yield Mistake("TELEGRAM_MODE", f"webhook needs {name} beside it; poll needs nothing")
    apart = values.get("MAITRED_METRICS", "")
    if apart == values.get("MAITRED_HTTP", "127.0.0.1:8080") and not apart.endswith(":0"):
        yield Mistake("MAITRED_METRICS", "is MAITRED_HTTP, where /metrics is anyhow: remove it, or choose another port")
    for kind in ("IMAP", "SMTP"):
        host = values.get(f"{kind}_HOST", LOOPBACK[0])
        if values.get(f"{kind}_TLS") == "none" and host not in LOOPBACK:
            yield Mistake(f"{kind}_TLS", f"none would send the password to {host} for everyone to read: remove it")


def _mistake(error: Mapping[str, Any]) -> Mistake:
    name = str(error["loc"][0]) if error["loc"] else ""
    context = error.get("ctx", {})
    mends = {
        "literal_error": f"write {context.get('expected', '')}".replace("'", ""),
        "bool_parsing": "write 1, or remove it",
        "int_parsing": "write a whole number",
        "float_parsing": "write a number",
        "greater_than": f"write a number above {context.get('gt')}",
        "greater_than_equal": f"write {context.get('ge')} or more",
        "less_than_equal": f"write {context.get('le')} or less",
        "string_pattern_mismatch": "write an address, as in support@desk.example.org",
        "value_error": str(context.get("error", "")),
    }
    return Mistake(name, mends.get(error["type"], str(error["msg"])))


def with_secret_key(settings: Settings, *, may_make: bool = True) -> Settings:
    """The same settings with a secret key: the one that was set, else one made once and kept beside the attachments.

    The file is for its owner alone. Replicas on several machines need MAITRED_SECRET_KEY, the same on each. Whoever
    `may_make` none, or not read it, gets an OSError.
    """
    if settings.secret_key is not None:
        return settings
    place = settings.files / "secret.key"
    if not may_make and not place.exists():
        raise FileNotFoundError(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        if not place.is_file():  # a file stands where the directory should be
            raise SettingsError([Mistake("MAITRED_DATA", f"{settings.files} is no directory: name another")]) from error
        key = place.read_text().strip()
    except OSError as error:
        reason = f"{settings.files} cannot be written ({error.strerror}): name a directory of our own"
        raise SettingsError([Mistake("MAITRED_DATA", reason)]) from error
    else:
        key = secrets.token_urlsafe(48)
        with os.fdopen(descriptor, "w") as file:
            file.write(key + "\n")
    if len(key) < 32:  # noqa: PLR2004 - a key as long as the hash it feeds
        raise SettingsError([Mistake("MAITRED_SECRET_KEY", f"{place} holds no key: remove the file and start again")])
    return settings.model_copy(update={"secret_key": SecretStr(key)})


def written_desk(env_file: Path | None = ENV_FILE) -> Path:
    """Where the desk directory is said to be, also when other settings are wrong."""
    from_file = readable_lines_of(env_file)
    return Path(os.environ.get("MAITRED_DESK") or from_file.get("MAITRED_DESK") or Settings().desk)


def readable_by_others(env_file: Path | None = ENV_FILE) -> list[Mistake]:
    """Files with secrets that any account of this machine may read, each with its mend."""
    from_file = readable_lines_of(env_file)
    named = [(f"{name}_FILE", os.environ.get(f"{name}_FILE") or from_file.get(f"{name}_FILE")) for name in SECRETS]
    places = [(name, Path(place)) for name, place in named if place]
    if env_file is not None and any(from_file.get(name) for name in SECRETS):
        places.append((str(env_file), env_file))
    return [
        Mistake(name, f"{place} holds secrets and everyone on this machine may read it: chmod 600 {place}")
        for name, place in places
        if not str(place).startswith(MOUNTED_SECRETS) and place.exists() and place.stat().st_mode & stat.S_IROTH
    ]


def demo_settings(*, port: int = 8080, speed: float = 1.0) -> Settings:
    """The settings of the demo: nobody's credentials, its own database, never what `.env` says about a real desk."""
    free = ("MAITRED_LOG", "MAITRED_DATA", "MAITRED_DESK", "MAITRED_PUBLIC_URL")
    chosen = {name: os.environ[name] for name in free if os.environ.get(name)}
    key = secrets.token_urlsafe(48)
    return with_secret_key(
        read_settings(
            {
                "DATABASE_URL": "sqlite+aiosqlite:///var/demo/maitred.db",
                "MAITRED_DATA": "var/demo/attachments",
                "MAITRED_DESK": "desk.example",
                "MAITRED_HTTP": f"127.0.0.1:{port}",
                "MAITRED_REHEARSAL": "1",
                "INAPP_JWT_SECRET": f"demo:{key}",
                "INAPP_ORIGINS": f"http://127.0.0.1:{port} http://localhost:{port}",
                "MAITRED_TIME_SPEED": str(speed),
                **chosen,
            }
        )
    )


def notify_socket() -> str | None:
    """Where the service manager listens; None where there is none."""
    return os.environ.get("NOTIFY_SOCKET") or None
