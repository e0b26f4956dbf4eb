"""The documentation as a site: built, served, searched and looked at in a browser."""

import importlib.util
import json
import subprocess
import sys
import threading
import time
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from browser import chromium

pytestmark = pytest.mark.long

TOP = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("docs_conf", TOP / "docs" / "conf.py")
conf = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conf)

FOUND = {(word, page) for page, words in conf.searched_words().items() for word in words}
FOUND |= {("rule", "reference/rules"), ("profile", "reference/profiles"), ("pack", "reference/packs")}
PHONE = 390
RESULTS = """
    return WORDS.map(word => {
        const found = Search._performSearch(...Search._parseQuery(word)).reverse();
        return [...new Set(found.map(result => result[0]))].slice(0, 5);
    });
"""


class Page(HTMLParser):
    """The links and the ids of a page."""

    def __init__(self, file):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(file.read_text())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.add(given.get("id"))
        self.links += [given[name] for name in ("href", "src") if given.get(name)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "docs", folder], cwd=TOP, check=True
    )
    return folder


@pytest.fixture(scope="module")
def pages(site):
    files = [file for file in site.rglob("*.html") if "_static" not in file.parts]
    return {file.relative_to(site).as_posix(): Page(file) for file in files}


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def address(site):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


def is_there(site, pages, name, link):
    path, _, anchor = link.partition("#")
    target = (site / name).parent / unquote(path.partition("?")[0]) if path else site / name
    page = pages.get(target.resolve().relative_to(site).as_posix())
    return target.is_file() and (not anchor or page is None or unquote(anchor) in page.ids)


def test_every_link_within_the_site_leads_somewhere(site, pages):
    links = [(name, link) for name, page in pages.items() for link in page.links if ":" not in link]

    assert len(links) > 1000
    assert [each for each in links if not is_there(site, pages, *each)] == []


def test_no_page_scrolls_sideways_on_a_phone(browser, address, pages):
    browser.look(width=PHONE)
    widths = {}
    for name in pages:
        browser.open(address + name)
        widths[name] = browser.run("return document.documentElement.scrollWidth")

    assert {name: width for name, width in widths.items() if width > PHONE} == {}


def test_search_shows_the_page_among_the_first_five(browser, address):
    browser.look(width=1280)
    browser.open(address + "search.html?q=rule")
    while not browser.run("return typeof Search === 'object' && Search.hasIndex()"):
        time.sleep(0.1)
    words = sorted(FOUND)
    results = browser.run(RESULTS.replace("WORDS", json.dumps([word for word, _ in words])))

    missed = {
        word: (page, seen) for (word, page), seen in zip(words, results, strict=True) if page not in seen
    }
    assert missed == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_front_page_follows_the_scheme_and_complains_of_nothing(browser, address, scheme):
    browser.look(width=1280, scheme=scheme)
    browser.open(address + "index.html")
    colour = browser.run("return getComputedStyle(document.body).backgroundColor")
    light = sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(", "))) > 3 * 128

    assert light is (scheme == "light")
    assert browser.logged() == []


@pytest.mark.parametrize("name", conf.MADE_BY_THE_PACKAGE)
def test_no_constructor_is_shown_of_what_only_the_package_makes(site, name):
    pages = [file.read_text() for file in (site / "reference").glob("*.html")]
    shown = [page.partition(f'.{name}">')[2].partition("</dd>")[0] for page in pages if f'.{name}">' in page]

    assert shown
    assert not any('class="sig-paren"' in each.partition("</dt>")[0] for each in shown)
