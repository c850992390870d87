"""Who is who, and who is in again, said at a terminal beside the bot."""

import sqlite3
from contextlib import closing

from tests.integration.cli.conftest import Terminal


def stranger(terminal: Terminal) -> tuple[str, int]:
    """Somebody nobody knows has written on Telegram; gives an address of a known contact, and their number."""
    with closing(sqlite3.connect(next(terminal.directory.rglob("*.db")))) as conn, conn:
        known = conn.execute("SELECT key, contact_id FROM identity WHERE key LIKE 'email:%' ORDER BY key").fetchone()
        conn.execute("INSERT INTO contact (id, client, name, created_at) VALUES (900, NULL, 'Somebody', 1774604200000)")
        conn.execute(
            "INSERT INTO identity (key, contact_id, is_verified, source, linked_at) "
            "VALUES ('telegram:5001', 900, 0, 'seen', 1774604200000)"
        )
    return str(known[0]), int(known[1])


def owner(terminal: Terminal) -> tuple[int, int]:
    with closing(sqlite3.connect(next(terminal.directory.rglob("*.db")))) as conn:
        row = conn.execute("SELECT contact_id, is_verified FROM identity WHERE key = 'telegram:5001'").fetchone()
    return int(row[0]), int(row[1])


def test_two_contacts_are_one_and_two_again(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0
    address, number = stranger(terminal)
    assert terminal("contact", "list").stdout == "no two contacts are one person\n"

    said = terminal("contact", "merge", "telegram:5001", address)
    assert (said.returncode, "are one person now." in said.stdout) == (0, True), said.stderr
    assert owner(terminal) == (number, 1)
    (one,) = terminal.facts("contact", "list")
    assert (one["contact"], one["is"], one["addresses"]) == (900, number, ["telegram:5001"])

    assert terminal("contact", "merge", "telegram:5001", address).returncode == 1
    assert terminal("contact", "part", "telegram:5001").returncode == 0
    assert owner(terminal) == (900, 0)
    assert terminal("contact", "part", "telegram:5001").returncode == 1
    nobody = terminal("contact", "merge", "telegram:77", address)
    assert (nobody.returncode, "nobody has written from telegram:77" in nobody.stderr) == (2, True)


def test_an_admin_lets_somebody_in_again(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0
    people = {one["id"]: one["roles"] for one in terminal.facts("people")}
    person = next(one for one, roles in people.items() if roles == ["manager"])
    refused = terminal("let-in", person)
    assert (refused.returncode, "is not shut out" in refused.stderr) == (1, True)
    with closing(sqlite3.connect(next(terminal.directory.rglob("*.db")))) as conn, conn:
        conn.execute("INSERT INTO shut_out VALUES (?, 'slack', 1774604200000)", (person,))
    assert terminal.facts("let-in", person) == {"person": person, "shut_out": False}
    other = terminal("let-in", person, "--as", person)
    assert (other.returncode, "only an admin lets anybody in again" in other.stderr) == (2, True)
    assert terminal("let-in", "nobody").returncode == 2
