"""The peers themselves: a private PostgreSQL and a real browser, as every other test relies on them."""

from collections.abc import Callable

import asyncpg
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from tests.peers.postgres import PostgresServer


async def test_every_test_has_an_empty_database_of_its_own(database_url_factory: Callable[..., str]) -> None:
    first, second = database_url_factory(), database_url_factory()

    await _execute(first, "CREATE TABLE ticket (number BIGINT)")

    assert first != second
    assert await _tables(first) == ["ticket"]
    assert await _tables(second) == []


async def test_a_prepared_database_is_copied(database_url_factory: Callable[..., str]) -> None:
    prepared = database_url_factory()
    await _execute(prepared, "CREATE TABLE ticket (number BIGINT)")

    assert await _tables(database_url_factory(template=prepared)) == ["ticket"]


async def test_a_dropped_database_throws_out_who_is_still_there(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))

    postgres.drop_database(url)

    assert connection.is_closed() or await _is_thrown_out(connection)


async def test_the_browser_opens_a_page_of_ours(browser_page: Page, browser: Browser) -> None:
    async def greet(_request: web.Request) -> web.Response:
        return web.Response(text="<button>Open chat</button>", content_type="text/html")

    application = web.Application()
    application.router.add_get("/", greet)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        address = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        await browser_page.goto(address)
        await expect(browser_page.get_by_role("button", name="Open chat")).to_be_visible()

        other_window = await (await browser.new_context(locale="es", timezone_id="Europe/Madrid")).new_page()
        await other_window.goto(address)
        assert await other_window.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == "Europe/Madrid"
    finally:
        await runner.cleanup()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _tables(url: str) -> list[str]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    return [row["tablename"] for row in rows]


async def _is_thrown_out(connection: asyncpg.Connection) -> bool:
    try:
        await connection.fetchval("SELECT 1")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError):
        return True
    return False
