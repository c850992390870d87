"""What is deployed holds to its promises: confined, without secrets, watched by alerts that somebody can act on.

Nothing is built here (a build needs a container engine); the files are read as the programs that use them read them.
"""

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[3]
DEPLOY: Final = ROOT / "deploy"


def _yaml(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())
    return read


# The container


def _stages() -> list[list[tuple[str, str]]]:
    """The instructions of every stage of the Dockerfile."""
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / "Dockerfile").read_text())
    stages: list[list[tuple[str, str]]] = [[]]
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            if word == "FROM":
                stages.append([])
            stages[-1].append((word, rest))
    return stages[1:]


def _said(instruction: str) -> list[str]:
    return [rest for word, rest in _stages()[-1] if word == instruction]


def test_the_image_is_slim_and_leaves_its_tools_behind() -> None:
    build, final = _stages()

    assert build[0][1].endswith(" AS build")
    assert ("FROM", "python:${PYTHON}") in final
    assert "ARG PYTHON=3.11-slim-bookworm" in (DEPLOY / "Dockerfile").read_text()
    assert not any("pip" in rest for _, rest in final)


def test_the_image_installs_only_what_has_a_hash() -> None:
    installs = re.findall(r"pip install [^&]*", " ".join(rest for word, rest in _stages()[0] if word == "RUN"))

    assert installs
    for install in installs:
        assert "--require-hashes" in install or ("--no-deps" in install and "wheels/" in install)


def test_the_container_runs_as_nobody_in_particular() -> None:
    (account,) = _said("USER")

    assert account == "10001:10001"
    assert _stages()[-1].index(("USER", account)) > max(
        place for place, (word, _) in enumerate(_stages()[-1]) if word in {"RUN", "COPY"}
    )


def test_the_container_says_whether_it_lives_without_a_shell() -> None:
    (check,) = _said("HEALTHCHECK")
    command = json.loads(check[check.index("CMD ") + 4 :])

    assert command[0] == "python"
    assert "/healthz" in command[-1]
    assert [json.loads(rest) for rest in (*_said("ENTRYPOINT"), *_said("CMD"))] == [["maitred"], ["run"]]


def test_the_image_takes_only_what_it_needs_from_the_tree() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]

    assert lines[0] == "*"
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == {
        "adapters", "bot", "routing", "sla", "requirements", "pyproject.toml", "README.md", "LICENSE",
    }  # fmt: skip


# Compose


@pytest.mark.parametrize(
    ("file", "service"),
    [
        pytest.param("compose.yaml", "maitred", id="the bot"),
        pytest.param("compose.postgres.yaml", "postgres", id="its database"),
    ],
)
def test_a_container_may_do_nothing_it_does_not_need(file: str, service: str) -> None:
    container = _yaml(file)["services"][service]

    assert container["cap_drop"] == ["ALL"]
    assert "cap_add" not in container
    assert "privileged" not in container
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["read_only"] is True
    assert all("noexec" in mount for mount in container["tmpfs"])
    assert container["mem_limit"]
    assert container["pids_limit"]


def test_the_bot_is_published_on_loopback_only_and_its_figures_not_at_all() -> None:
    bot = _yaml("compose.yaml")["services"]["maitred"]

    assert bot["ports"] == ["127.0.0.1:8080:8080"]
    assert bot["environment"]["MAITRED_METRICS"].rpartition(":")[2] in bot["expose"]
    assert "ports" not in _yaml("compose.postgres.yaml")["services"]["postgres"]


def test_tickets_outlive_the_container_and_the_desk_directory_cannot_be_written() -> None:
    compose = _yaml("compose.yaml")

    assert compose["services"]["maitred"]["volumes"] == ["tickets:/data", "../desk:/desk:ro"]
    assert "tickets" in compose["volumes"]
    assert _said("VOLUME") == ["/data"]
    assert any("MAITRED_DESK=/desk" in rest for rest in _said("ENV"))


def test_stopping_leaves_time_to_drain() -> None:
    assert _yaml("compose.yaml")["services"]["maitred"]["stop_grace_period"] == "20s"
    assert _said("STOPSIGNAL") == ["SIGTERM"]


def test_the_password_of_the_database_is_a_file() -> None:
    compose = _yaml("compose.postgres.yaml")
    services = compose["services"]

    assert services["maitred"]["environment"]["DATABASE_URL_FILE"] == "/run/secrets/database_url"
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD_FILE"] == "/run/secrets/database_password"
    assert set(services["maitred"]["secrets"]) | set(services["postgres"]["secrets"]) == compose["secrets"].keys()
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text()


# systemd


class _Repeated(dict[str, Any]):
    """systemd allows a key many times: keep every value."""

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 - configparser gives what it read
        if key in self and isinstance(value, list):
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def _unit() -> configparser.RawConfigParser:
    unit = configparser.RawConfigParser(strict=False, dict_type=_Repeated, delimiters=("=",), interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign] # the documented way to keep capitals
    unit.read_string((DEPLOY / "maitred.service").read_text())
    return unit


@pytest.mark.parametrize(
    ("directive", "value"),
    [
        pytest.param("Type", "notify", id="it says when it is ready"),
        pytest.param("WatchdogSec", "30", id="a hang is noticed"),
        pytest.param("Restart", "on-failure", id="a crash is followed by a start"),
        pytest.param("RestartPreventExitStatus", "2", id="a wrong setting is not tried again"),
        pytest.param("ExecReload", "/bin/kill -HUP $MAINPID", id="a reload applies the desk directory"),
        pytest.param("DynamicUser", "yes", id="it has no account"),
        pytest.param("StateDirectory", "maitred", id="it has one place to write"),
        pytest.param("ProtectSystem", "strict", id="the system is read-only to it"),
        pytest.param("NoNewPrivileges", "yes", id="it gains no rights"),
        pytest.param("CapabilityBoundingSet", "", id="it has no capability"),
        pytest.param("MemoryDenyWriteExecute", "yes", id="it cannot make code at run time"),
        pytest.param("UMask", "0077", id="what it writes is its own"),
    ],
)
def test_the_unit_says(directive: str, value: str) -> None:
    assert _unit()["Service"][directive].splitlines() == value.splitlines()


def test_the_unit_has_time_to_drain() -> None:
    assert int(_unit()["Service"]["TimeoutStopSec"]) > 10


def test_no_secret_stands_in_the_environment_of_the_unit() -> None:
    text = (DEPLOY / "maitred.service").read_text()
    names = re.findall(r"^#?Environment=(\S*(?:TOKEN|SECRET|PASSWORD)\S*)=", text, flags=re.MULTILINE)
    credentials = re.findall(r"^#?LoadCredential=(\w+):", text, flags=re.MULTILINE)

    assert names
    assert all(name.endswith("_FILE") for name in names)
    assert re.findall(r"_FILE=%d/(\w+)", text) == credentials


def test_systemd_itself_finds_the_unit_well_confined() -> None:
    if shutil.which("systemd-analyze") is None:
        return  # not a systemd machine; the directives themselves are held above
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", DEPLOY / "maitred.service"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert judged.returncode == 0, judged.stdout + judged.stderr


# Alerts and the runbook


def _alerts() -> list[dict[str, Any]]:
    return [rule for group in _yaml("alerts.yaml")["groups"] for rule in group["rules"]]


def _paragraphs() -> set[str]:
    return set(re.findall(r"^### (.+)$", (DEPLOY / "runbook.md").read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("rule", _alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook"] == f"runbook.md#{rule['alert'].lower()}"
    assert rule["alert"] in _paragraphs()


def test_the_runbook_knows_no_alert_that_does_not_exist() -> None:
    assert {name for name in _paragraphs() if name.startswith("Maitred")} == {rule["alert"] for rule in _alerts()}


def test_alerts_ask_for_figures_that_the_bot_gives() -> None:
    asked = {name for rule in _alerts() for name in re.findall(r"maitred_\w+", rule["expr"])}
    given = set(re.findall(r'"(maitred_\w+)"', (ROOT / "bot" / "metrics.py").read_text()))
    # The client library puts these endings behind the name that the code gives.
    endings = re.compile(r"_(total|bucket|sum|count)$")

    assert {endings.sub("", name) for name in asked} <= {endings.sub("", name) for name in given}


# Backup and restore, as scripts


@pytest.mark.parametrize("script", ["backup.sh", "restore.sh"])
def test_a_script_stops_at_the_first_thing_that_fails(script: str) -> None:
    assert (DEPLOY / script).stat().st_mode & 0o111
    assert "set -euo pipefail" in (DEPLOY / script).read_text()
    assert subprocess.run(["bash", "-n", DEPLOY / script], check=False).returncode == 0


def test_a_script_calls_what_the_command_line_has() -> None:
    called = {
        command
        for script in ("backup.sh", "restore.sh")
        for command in re.findall(r'"\$\{maitred\[@\]\}" (db \w+|\w+)', (DEPLOY / script).read_text())
    }

    assert called == {"db backup", "db restore", "db upgrade", "check"}


def test_backups_are_whole_and_the_oldest_go(tmp_path: Path) -> None:
    for day in range(1, 5):
        (tmp_path / f"maitred-2026010{day}T000000Z.backup").write_text("old")
    bot = tmp_path / "maitred"
    bot.write_text('#!/bin/sh\n[ "$1 $2" = "db backup" ] && echo whole > "$3"\n')
    bot.chmod(0o755)

    made = _run("backup.sh", tmp_path, "3", bot=bot)

    assert Path(made.stdout.strip()).read_text() == "whole\n"
    kept = sorted(path.name for path in tmp_path.glob("*.backup"))
    assert kept == [
        "maitred-20260103T000000Z.backup",
        "maitred-20260104T000000Z.backup",
        Path(made.stdout.strip()).name,
    ]


def test_a_failed_backup_leaves_no_file_that_looks_like_one(tmp_path: Path) -> None:
    bot = tmp_path / "maitred"
    bot.write_text('#!/bin/sh\necho half > "$3"\nexit 1\n')
    bot.chmod(0o755)

    made = _run("backup.sh", tmp_path, bot=bot)

    assert made.returncode != 0
    assert not list(tmp_path.glob("*.backup"))


def test_restoring_nothing_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    bot = tmp_path / "maitred"
    bot.write_text(f"#!/bin/sh\ntouch {tmp_path}/called\n")
    bot.chmod(0o755)

    done = _run("restore.sh", tmp_path / "missing.backup", bot=bot)

    assert done.returncode == 2
    assert not (tmp_path / "called").exists()


def _run(script: str, *words: Path | str, bot: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DEPLOY / script, *words],
        env={"MAITRED": str(bot), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
