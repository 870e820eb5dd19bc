"""The HTML report in a browser: opened from disk, its controls used, nothing asked of a network."""

from __future__ import annotations

import json

import pytest

from refint8.oracle.verify.run import verify
from refint8.report.html.crosscheck import Arguments, crosscheck_page
from refint8.report.html.render import render
from refint8.report.html.verify import verify_page
from tests.conftest import missing
from tests.report.browser import Browser, found
from tests.report.pages import HOSTILE, Device, chain
from tests.report.test_html import checked
from tests.report.test_html_verify import dump_of, golden_of

ROWS = "[...document.querySelectorAll('.operators > tbody')]"
VISIBLE = f"{ROWS}.filter(b => b.checkVisibility()).map(b => b.rows[0].cells[1].textContent)"
NAMES = ["CONV_2D", "MAX_POOL_2D", "SOFTMAX"]
COMMAND = "refint8 crosscheck 'a b.tflite' --html x.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = found()
    if program is None:
        missing("there is no Chromium (Debian: apt-get install chromium)")
    with Browser(program, tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "a report?.html"
    faulty, equal = checked(chain(), Device(), Device(faulty=False, name="good")).report.comparisons
    both = checked(chain(), Device(), Device(faulty=False, name="good"))
    assert (faulty.verdict, equal.verdict) == ("different", "equal")
    path.write_bytes(render(crosscheck_page([both], Arguments(COMMAND))))
    return path


@pytest.fixture
def page(browser, place):
    browser.requests.clear()
    browser.troubles.clear()
    browser.prefer("light")
    browser.open(place)
    browser.ask("localStorage.clear()")
    browser.open(place)
    yield browser
    assert browser.troubles == []
    assert all(url.startswith(("file:", "data:image/png")) for url in browser.requests)
    assert sum(url.startswith("file:") for url in browser.requests) == 2


def test_it_opens_with_the_cause_unfolded(page):
    assert page.ask("document.title") == "refint8 crosscheck: different"
    assert page.ask("document.querySelectorAll('tr.detail:not([hidden])').length") == 1
    images = "[...document.images].filter(i => i.checkVisibility())"
    assert page.ask(f"{images}.length") > 0
    assert page.ask(f"{images}.every(i => i.complete && i.naturalWidth === 6)")
    assert page.ask("document.documentElement.scrollWidth <= innerWidth")
    assert page.screenshot().startswith(b"\x89PNG")


def test_a_column_sorts_both_ways_and_details_stay_with_their_rows(page):
    numbers = f"{ROWS}.slice(0, 3).map(b => Number(b.rows[0].cells[3].dataset.v))"
    header = "#part-1 .operators th:nth-child(4)"
    page.click(f"{header} button")
    falling = page.ask(numbers)
    assert falling == sorted(falling, reverse=True)
    assert len(set(falling)) == 3
    assert page.ask(f"document.querySelector('{header}').getAttribute('aria-sort')") == "descending"
    page.click(f"{header} button")
    assert page.ask(numbers) == falling[::-1]
    page.click("#part-1 .operators th:nth-child(2) button")
    assert page.ask(f"{ROWS}.slice(0, 3).map(b => b.rows[0].cells[1].textContent)") == NAMES
    assert page.ask(f"{ROWS}.every(b => !b.rows[1] || b.rows[1].classList.contains('detail'))")


def test_filter(page):
    page.click("#part-1 .filter")
    page.type("pool INHERITED")
    assert page.ask(VISIBLE) == ["MAX_POOL_2D"]
    assert page.ask("document.querySelector('#part-1 .shown').textContent") == "1 of 3 rows"
    page.type("nothing")
    assert page.ask(VISIBLE) == []


def test_equal_rows_fold_away(page):
    assert page.ask(VISIBLE) == NAMES[:2]
    page.click("#part-1 .equal")
    assert page.ask(VISIBLE) == NAMES
    page.click("#part-2 .equal")
    assert page.ask(VISIBLE) == [*NAMES, *NAMES]
    page.click("#part-1 .equal")
    assert page.ask(VISIBLE) == [*NAMES[:2], *NAMES]


def test_a_page_of_which_all_is_equal_shows_all(browser, tmp_path):
    (tmp_path / "e.html").write_bytes(
        render(crosscheck_page([checked(chain(), Device(faulty=False))]))
    )
    browser.open(tmp_path / "e.html")
    assert browser.ask(VISIBLE) == NAMES


def test_an_operator_unfolds_and_folds(page):
    button = "#part-1 .operators > tbody:nth-of-type(2) .expand"
    hidden = "document.querySelector('#part-1 .operators > tbody:nth-of-type(2) .detail').hidden"
    assert page.ask(hidden) is True
    page.click(button)
    assert page.ask(hidden) is False
    assert page.ask(f"document.querySelector('{button}').getAttribute('aria-expanded')") == "true"
    page.click(button)
    assert page.ask(hidden) is True
    page.click("#part-1 .unfold")
    assert page.ask("document.querySelectorAll('#part-1 tr.detail[hidden]').length") == 0
    page.click("#part-1 .unfold")
    assert page.ask("document.querySelectorAll('#part-1 tr.detail:not([hidden])').length") == 0


def test_dark_and_light_by_the_system_and_by_the_switch(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.ask(ground)
    page.prefer("dark")
    dark = page.ask(ground)
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(20, 23, 26)")
    page.click("#theme")
    assert page.ask(ground) == light
    page.click("#theme")
    assert page.ask(ground) == dark
    page.prefer("light")
    assert page.ask(ground) == dark  # the switch outlasts the system


def test_copy(page):
    origin = {"permission": {"name": "clipboard-write"}, "setting": "granted"}
    page.send("Browser.setPermission", **origin)
    page.ask(
        "document.addEventListener('paste', e => window.got = e.clipboardData.getData('text'))"
    )
    page.click(".again .copy")
    page.ask("new Promise(r => setTimeout(r, 200))")
    assert page.ask("document.querySelector('.again .copy').textContent") == "copied"
    assert page.ask("document.querySelector('.again code').textContent") == COMMAND
    page.click("#part-1 .filter")
    page.send("Input.dispatchKeyEvent", type="keyDown", commands=["paste"])
    page.send("Input.dispatchKeyEvent", type="keyUp")
    assert page.ask("window.got") == COMMAND


def test_paper_shows_everything(page):
    assert page.pdf().startswith(b"%PDF")
    page.ask("dispatchEvent(new Event('beforeprint'))")
    assert page.ask("document.querySelectorAll('tr.detail[hidden]').length") == 0
    page.ask("dispatchEvent(new Event('afterprint'))")
    assert page.ask("document.querySelectorAll('tr.detail:not([hidden])').length") == 1


def test_a_narrow_window_has_no_sideways_scrolling(page):
    size = {"width": 420, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.send("Emulation.setDeviceMetricsOverride", **size)
    wide = page.ask("document.documentElement.scrollWidth")
    page.send("Emulation.clearDeviceMetricsOverride")
    assert wide <= 420


def test_a_verdict_on_a_dump_opens_with_its_cause_unfolded(browser, tmp_path):
    golden = golden_of(chain(side=8))
    page = verify_page(verify(golden, dump_of(golden)), "golden", "board")
    (tmp_path / "v.html").write_bytes(render(page))
    browser.troubles.clear()
    browser.open(tmp_path / "v.html")
    assert browser.ask("document.title") == "refint8 verify: differs"
    assert browser.ask("document.querySelectorAll('tr.detail:not([hidden])').length") == 1
    browser.click("#part-1 .operators th:nth-child(8) button")
    browser.click("#part-1 .equal")
    assert browser.ask("document.querySelector('#part-1 .shown').textContent") == "4 of 4 rows"
    assert browser.troubles == []


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_do_nothing(browser, tmp_path, name):
    found = checked(chain((name, f"p{name}", f"s{name}")), Device(name=name))
    (tmp_path / "x.html").write_bytes(
        render(crosscheck_page([found], Arguments(name, unreadable={name: name})))
    )
    browser.requests.clear()
    browser.troubles.clear()
    browser.open(tmp_path / "x.html")
    assert browser.ask("window.hit === undefined")
    assert browser.ask(f"document.body.textContent.includes({json.dumps(name)})")
    assert browser.troubles == []
    assert [url for url in browser.requests if not url.startswith("data:image/png")] == [
        (tmp_path / "x.html").as_uri()
    ]


def test_the_policy_holds_what_escaping_would_let_through(browser, tmp_path, place):
    """A page into which a script and a picture were smuggled: neither runs nor loads."""
    smuggled = b"<script>window.hit=1</script><img src='http://127.0.0.1:9/x.png'>"
    content = place.read_bytes().replace(b"<main>", b"<main>" + smuggled)
    (tmp_path / "x.html").write_bytes(content)
    browser.troubles.clear()
    browser.open(tmp_path / "x.html")
    assert browser.ask("window.hit === undefined")
    assert browser.ask("document.querySelector('#part-1 .shown').textContent") == "2 of 3 rows"
    refused = " ".join(browser.troubles)
    assert "script-src" in refused
    assert "img-src" in refused
