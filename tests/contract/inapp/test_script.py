"""`/widget.js` as a host page loads it."""

import gzip
import re

from adapters.inapp import ids
from adapters.inapp.script import joined
from tests.contract.inapp.desk import Served, words
from tests.contract.inapp.page import Site


async def test_the_script_is_kept_by_browsers_and_asked_for_again_cheaply(life: Served, site: Site) -> None:
    address = site.at("/widget.js")
    first = await site.session.get(address)
    assert first.content_type == "text/javascript"
    assert "max-age" in first.headers["Cache-Control"]
    assert "adoptedStyleSheets" in await first.text()
    again = await site.session.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")
    changed = await site.session.get(address, headers={"If-None-Match": '"another"'})
    assert changed.status == 200


async def test_a_browser_that_cannot_unpack_is_given_it_plain(life: Served, site: Site) -> None:
    answer = await site.session.get(site.at("/widget.js"), headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in answer.headers
    assert (await answer.read()).startswith(b"/*")


def test_the_script_is_small() -> None:
    assert len(gzip.compress(joined(words()))) < 40_000


def test_the_widget_says_only_what_the_catalogue_is_asked_for() -> None:
    script = joined({}).decode()
    said = set(re.findall(r'\.say\(\s*"(\w+)"', script))
    assert said <= {key.removeprefix("widget_") for key in ids.WIDGET_TEXTS}
    assert all(f'"{key.removeprefix("widget_")}"' in script for key in ids.WIDGET_TEXTS)


def test_no_markup_is_ever_made_from_text() -> None:
    script = joined(words()).decode()
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "setAttribute('style'",
    ):
        assert way not in script
