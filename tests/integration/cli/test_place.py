"""Places that wait to be confirmed, looked at and confirmed from a terminal beside the bot."""

import sqlite3

from tests.integration.cli.conftest import Terminal


def suspended(terminal: Terminal) -> None:
    """Slack has said that others read Acme's channel now."""
    found = next(terminal.directory.rglob("*.db"))
    with sqlite3.connect(found) as conn:
        conn.execute("INSERT INTO suspended_place VALUES ('slack:T1/C1', 'slack', 'T1/C1', 1774604200000)")
    conn.close()


def test_an_admin_sees_what_waits_and_confirms_it_once(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0
    assert terminal("place", "list").stdout == "no place waits to be confirmed\n"
    suspended(terminal)
    (waits,) = terminal.facts("place", "list")
    assert (waits["channel"], waits["place"], waits["clients"]) == ("slack", "T1/C1", [])
    assert "T1/C1" in terminal("place", "list").stdout

    said = terminal("place", "confirm", "slack", "T1/C1")
    assert (said.returncode, said.stdout) == (0, "T1/C1 on slack is ours again\n"), said.stderr
    assert terminal.facts("place", "list") == []
    again = terminal("place", "confirm", "slack", "T1/C1")
    assert (again.returncode, "does not wait to be confirmed" in again.stderr) == (1, True)


def test_who_confirmed_it_is_in_the_audit_trail(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0
    suspended(terminal)
    assert terminal("place", "confirm", "slack", "T1/C1").returncode == 0
    with sqlite3.connect(next(terminal.directory.rglob("*.db"))) as conn:
        rows = conn.execute("SELECT actor, subject FROM audit WHERE action = 'confirmed'").fetchall()
    conn.close()
    assert [(actor.partition(":")[0], subject) for actor, subject in rows] == [("terminal", "place:slack:T1/C1")]
