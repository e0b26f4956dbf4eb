"""Both pages in a real Chromium: the walks of an operator and of a client's developer; axe finds nothing."""

import json
from urllib.request import urlopen

import pytest
from browser import SCREENSHOTS, chromium
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from servers import serving

pytestmark = pytest.mark.long

PAGES = {
    "catalogue": "/problems/",
    "catalogue-search": "/problems/?q=no+such+thing",
    "catalogue-page": "/problems/stock_down",
    "catalogue-deprecated": "/problems/card_refused",
    "console": "/ops/faults/",
    "console-faults": "/ops/faults/faults",
    "console-filtered": "/ops/faults/faults?code=stock_down&status=x&window=7d",
    "console-nothing": "/ops/faults/faults?id=nope",
    "console-groups": "/ops/faults/groups",
    "console-health": "/ops/faults/health",
}
LOOKS = [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with serving("waitress", "pages_served:app", tmp_path_factory.mktemp("site")) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def window():
    with chromium() as browser:
        yield browser


@pytest.fixture
def browser(window):
    window.look()
    window.logged()
    return window


def click(browser, text):
    browser.driver.find_element(By.PARTIAL_LINK_TEXT, text).click()


def text_of(browser):
    return browser.driver.find_element(By.TAG_NAME, "body").text


def planted(browser, site):
    """Open the fault that has markup everywhere: the newest one of the list."""
    browser.open(f"{site}/ops/faults/faults?window=all&group=x")
    browser.open(f"{site}/ops/faults/faults?window=all")
    browser.driver.find_element(By.CSS_SELECTOR, ".cards a").click()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_the_page_is_not_wider_than_the_window(browser, site, name, width, scheme):
    browser.look(width=width, scheme=scheme)
    browser.open(site + PAGES[name])
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true })")

    browser.take_picture(SCREENSHOTS / f"{name}-{width}-{scheme}.png", whole=True)

    assert browser.complaints() == []
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert browser.logged() == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("page", ["fault", "group"])
def test_axe_finds_nothing_on_a_fault_and_its_group(browser, site, page, width, scheme):
    browser.look(width=width, scheme=scheme)
    browser.open(f"{site}/ops/faults/faults?id=order-0008")
    if page == "group":
        click(browser, "All faults with this cause")
    browser.take_picture(SCREENSHOTS / f"console-{page}-{width}-{scheme}.png", whole=True)

    assert browser.complaints() == []
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert browser.logged() == []


def test_operator_goes_from_an_id_to_the_fault_to_why_to_its_group_to_its_page(browser, site):
    browser.open(f"{site}/ops/faults/")
    browser.driver.find_element(By.ID, "id").send_keys("order-0004", Keys.ENTER)
    WebDriverWait(browser.driver, 60).until(lambda driver: "stock_down" in driver.title)

    assert "TimeoutError" in text_of(browser)
    assert "ConnectionError -> StockDownError" in text_of(browser)
    assert "restart stockd if it hangs" in text_of(browser)
    assert "hunter2" not in text_of(browser)

    click(browser, "All faults with this cause")
    assert "Newest faults" in text_of(browser)

    click(browser, "What stock_down means")
    assert browser.driver.current_url == f"{site}/problems/stock_down"
    assert browser.logged() == []


def test_developer_of_a_client_goes_from_the_type_to_what_to_do(browser, site):
    browser.open(f"{site}/nowhere")
    answer = json.loads(text_of(browser))

    browser.open(site + answer["type"])

    assert "Check the identifier or the address" in text_of(browser)


def test_fault_that_is_not_shipped_yet_is_found(browser, site):
    browser.open(f"{site}/ops/faults/faults?id=order-0034")

    assert "order-0034" in text_of(browser)
    assert "/ops/faults/faults/" in browser.driver.current_url


def test_keyboard_alone_reaches_every_link_and_field(browser, site):
    browser.open(f"{site}/ops/faults/")
    wanted = browser.run(
        "return [...document.querySelectorAll('a[href], input, select, button, summary')].length"
    )
    body = browser.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    reached = set()
    for _ in range(wanted + 5):
        active = browser.driver.switch_to.active_element
        reached.add(active.id)
        active.send_keys(Keys.TAB)

    assert len(reached) >= wanted


def test_markup_in_every_column_stays_text(browser, site):
    planted(browser, site)

    assert "planted" in text_of(browser)
    assert browser.driver.find_elements(By.ID, "planted") == []
    assert browser.driver.title != "planted"

    for path in ("/ops/faults/faults?window=all", "/ops/faults/groups", "/ops/faults/"):
        browser.open(site + path)
        assert browser.driver.find_elements(By.ID, "planted") == []
        assert browser.driver.title != "planted"
    assert browser.logged() == []


def test_every_link_works(browser, site):
    seen, ahead = set(), ["/problems/", "/ops/faults/"]
    while ahead and len(seen) < 150:
        path = ahead.pop()
        seen.add(path)
        with urlopen(site + path) as answer:
            assert answer.status == 200, path
            is_page = answer.headers.get_content_type() == "text/html"
        if is_page:
            browser.open(site + path)
            links = browser.run("return [...document.querySelectorAll('a[href]')].map(each => each.href)")
            assert all(link.startswith(site) for link in links)
            links = [link for link in links if "planted" not in link]  # of a fault that no app can have
            found = {link.removeprefix(site).partition("#")[0] for link in links}
            ahead += sorted(found - seen - {*ahead})

    assert "/problems/stock_down" in seen
