"""The console: who may look, what is found, shipped or not, and what a page shows of it."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Blueprint, Flask, abort, redirect
from flow_app import heard
from pages_app import MARKUP, fill, make_app, plant_markup
from sqlalchemy import create_engine, text
from trail_app import entries_of, fail_with, journal_of, record_line, ship, trail_app

from flask_faultmap import ConfigError, FaultMap
from flask_faultmap.pages import console
from flask_faultmap.pages.picture import draw
from flask_faultmap.sinks.trail import AuditTrail, Bucket, Histogram

PLACES = ["/", "/faults", "/faults/a-b.0", "/groups", "/groups/x", "/health", "/static/faults.css"]


def guarded(tmp_path, authorize, **config):
    trail = AuditTrail()
    app = trail_app(tmp_path, trail=trail, **config)
    app.register_blueprint(console(trail, authorize=authorize), url_prefix="/ops")
    return app


@pytest.fixture
def shop(tmp_path):
    return make_app(tmp_path)


@pytest.fixture
def client(shop):
    return shop.test_client()


def get(shop, path):
    return shop.test_client().get("/ops/faults" + path)


@pytest.mark.parametrize("authorize", [None, True, "is_operator"])
def test_console_without_a_function_that_authorizes_is_refused(authorize):
    with pytest.raises(ConfigError, match=r"authorize is .*returns True for an operator"):
        console(AuditTrail(), authorize=authorize)


def test_console_needs_a_trail():
    with pytest.raises(ConfigError, match="trail is None"):
        console(None, authorize=lambda: True)


def give(value):
    return lambda: value


def fail(exc):
    def authorize():
        raise exc

    return authorize


async def deny():
    await asyncio.sleep(0)
    return False


async def allow():
    await asyncio.sleep(0)
    return True


class Callable:
    async def __call__(self):
        return True


NO = {
    "False": give(False),
    "None": give(None),
    "1": give(1),
    "a user": give("ann"),
    "401": lambda: abort(401),
    "404": lambda: abort(404),
    "a bug": fail(ZeroDivisionError("x")),
    "async": deny,
    "a coroutine": lambda: deny(),
}


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("authorize", NO.values(), ids=NO)
def test_whatever_is_not_true_is_a_fault_of_403(tmp_path, authorize, path):
    app = guarded(tmp_path, authorize)

    with heard() as told:
        answer = app.test_client().get("/ops" + path)

    assert (answer.status_code, answer.get_json()["code"]) == (403, "permission_denied")
    assert [each.status for each in told] == [403]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("authorize", [give(True), allow, Callable(), lambda: allow()])
def test_true_opens_also_if_it_is_awaited(tmp_path, authorize):
    assert guarded(tmp_path, authorize).test_client().get("/ops/").status_code == 200


def test_redirect_to_a_login_passes(tmp_path):
    app = guarded(tmp_path, lambda: abort(redirect("/login")))

    answer = app.test_client().get("/ops/faults")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/login")


@pytest.mark.parametrize("kind", ["1", "a user", "a bug"])
def test_what_is_neither_yes_nor_no_is_logged_once(tmp_path, caplog, kind):
    app = guarded(tmp_path, NO[kind])

    for _ in range(3):
        app.test_client().get("/ops/")

    assert sum("authorize=" in record.getMessage() for record in caplog.records) == 1


def test_nothing_is_looked_up_before_authorize(tmp_path):
    app = guarded(tmp_path, give(False))
    asked = []
    app.extensions["faultmap.console"] = asked  # a reader that fails when it is asked anything

    for path in PLACES:
        app.test_client().get("/ops" + path)

    assert asked == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_console_takes_nothing_that_could_change_something(shop, method):
    assert shop.test_client().open("/ops/faults/faults", method=method).status_code == 405


@pytest.mark.parametrize("is_shipped", [True, False], ids=["in the database", "in the journal"])
def test_fault_is_found_by_its_request_id(shop, is_shipped):
    fill(shop, 1, 5)
    if is_shipped:
        ship(shop)

    answer = shop.test_client().get("/ops/faults/faults?id=order-0004", follow_redirects=True)

    for part in (
        "ConnectionError -&gt; StockDownError",
        "TimeoutError",
        "Service unavailable",
        "restart <code>stockd</code>",
        "pages_app:make_app",
        'href="/problems/stock_down"',
        "order-0004",
    ):
        assert part in answer.text
    assert "hunter2" not in answer.text


def test_unknown_id_says_what_may_be_the_reason(shop):
    assert "No fault with this id" in get(shop, "/faults?id=nope").text


@pytest.mark.parametrize(
    "path", ["/faults/x", "/faults/a.1", "/faults/a.99999999999999999999", "/groups/x", "/groups/a.b"]
)
def test_what_is_not_there_is_a_fault_of_404(shop, path):
    fill(shop, 1, 1)
    ship(shop)

    assert get(shop, path).get_json()["code"] == "not_found"


def test_group_has_count_blame_and_faults(shop):
    fill(shop, 1, 9)
    ship(shop)
    group = next(entry.fingerprint for entry in entries_of(shop) if entry.code == "stock_down")

    told = get(shop, f"/groups/{group}").text

    assert "<dd>5</dd>" in told
    assert "order-0008" in told
    assert "order-0007" not in told


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("code=stock_down", 5),
        ("status=500", 1),
        ("blame=client", 3),
        ("user=ann", 9),
        ("user=bob", 0),
        ("route=/orders/<int:number>", 9),
        ("window=1h", 9),
        ("since=2001-01-01T00:00", 9),
        ("until=2001-01-01T00:00", 0),
        ("since=2001-01-01&until=2001-01-02", 0),
        ("since=9000-01-01", 0),
        ("blame=client&window=all", 3),
    ],
)
def test_filters_stand_in_the_url(shop, query, count):
    fill(shop, 1, 9)
    ship(shop)

    assert get(shop, f"/faults?{query}").text.count('class="code" href="/ops/faults/faults/') == count


@pytest.mark.parametrize(
    ("query", "notice"),
    [
        ("status=5xx", "The status must be a number"),
        ("since=yesterday", "The time in &#39;since&#39; is none"),
        ("until=0001-01-01T00:00", "The time in &#39;until&#39; is none"),
        ("window=century", "That window of time is not known"),
        ("blame=client&window=all", "in 7 days at most"),
    ],
)
def test_filter_that_makes_no_sense_is_told(shop, query, notice):
    assert notice in get(shop, f"/faults?{query}").text


def test_pages_follow_each_other_and_keep_the_filters(shop):
    fill(shop, 1, 120)
    ship(shop)
    path, seen = "/ops/faults/faults?user=ann", []

    while path:
        told = shop.test_client().get(path).text
        seen += re.findall("id <code>(order-[0-9]+)", told)
        path = unescape("".join(re.findall('rel="next" href="([^"]+)"', told)))

    assert seen == [f"order-{number:04d}" for number in range(120, 0, -1)]


def test_page_that_somebody_has_written_is_a_404(shop):
    assert get(shop, "/faults?before=nonsense").status_code == 404


def test_picture_has_a_table_of_the_same_numbers(shop):
    fill(shop, 1, 9)
    text = get(shop, "/?window=1h").text

    assert text.count("<rect") >= 6
    assert "stock_down (5)" in text
    assert text.count('<td class="number">') == 3
    assert "style=" not in text


def test_rare_codes_are_one_series_of_the_picture():
    start = datetime(2024, 1, 1, tzinfo=UTC)
    counts = {f"c{number}": 20 - number for number in range(10)}
    buckets = (Bucket(start=start, counts=counts), Bucket(start=start + timedelta(minutes=1), counts={}))
    histogram = Histogram(
        since=start, until=start, width=timedelta(minutes=1), codes=tuple(counts), buckets=buckets
    )

    picture = draw(histogram)

    assert picture.codes == ("c0", "c1", "c2", "c3", "c4", "c5", "others")
    assert picture.count == sum(counts.values()) == picture.peak
    assert round(sum(bar.height for bar in picture.bars), 1) == 100
    assert len(picture.table) == 1


def test_picture_of_no_time_is_empty():
    now = datetime(2024, 1, 1, tzinfo=UTC)

    assert draw(Histogram(since=now, until=now, width=timedelta(1), codes=(), buckets=())).count == 0


def test_health_of_the_trail_is_shown(shop):
    fill(shop, 1, 2)

    assert "2 faults" in get(shop, "/health").text
    assert "All is well" in get(shop, "/health").text


def test_trail_that_is_not_well_says_so_on_the_first_page(tmp_path):
    app = guarded(tmp_path, give(True), FAULTMAP_TRAIL_MAX_WAIT=1)
    plant_markup(app)
    line = next(journal_of(app).glob("*.log"))
    line.write_bytes(record_line())

    assert "The trail is not well: a fault waits" in app.test_client().get("/ops/").text
    assert "a fault waits" in app.test_client().get("/ops/health").text


@pytest.fixture
def broken(tmp_path):
    """A shop whose database is no database."""
    shop = make_app(tmp_path)
    fill(shop, 1, 4)
    (tmp_path / "instance" / "faults.db").write_bytes(b"this is no database" * 100)
    return shop


ASKING = ["/", "/faults", "/groups", "/groups/abc", "/faults/a.1", "/faults?id=order-0004"]


@pytest.mark.parametrize("path", ASKING)
def test_database_that_does_not_answer_is_told(broken, path):
    answer = get(broken, path)

    assert answer.status_code in (200, 503)
    assert "The trail&#39;s database does not answer" in answer.text


def test_fault_of_this_host_is_found_while_the_database_is_down(broken):
    assert "order-0004" in get(broken, "/faults?id=order-0004").text.split("<ul")[1]


def test_schema_of_another_version_is_told(shop):
    fill(shop, 1, 1)
    ship(shop)
    engine = create_engine(shop.extensions["faultmap.trail"].settings.url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE faultmap_meta SET value = '99'"))
    engine.dispose()

    assert "schema version 99" in get(shop, "/").text


@pytest.mark.parametrize("is_shipped", [True, False], ids=["in the database", "in the journal"])
def test_markup_in_every_column_is_escaped_on_every_page(shop, is_shipped):
    plant_markup(shop)
    if is_shipped:
        ship(shop)
    [entry] = entries_of(shop)

    told = [get(shop, path).text for path in ("/", "/faults?window=all", f"/faults/{entry.key}", "/groups")]

    assert all("&lt;img src=x id=planted&gt;" in each for each in told)
    assert not any("<img" in each or "<script" in each for each in told)


def test_mark_that_turns_letters_around_is_written_out(shop):
    marked = "ann\u202e\u2066txt.exe\x1b\u0627"
    folder = shop.extensions["faultmap.trail"].settings.folder
    folder.mkdir(parents=True, exist_ok=True)
    line = record_line(id="id-1", user=marked, route=marked, exception=marked, context={marked: marked})
    (folder / "1000000000000-aa.log").write_bytes(line)
    [entry] = entries_of(shop)

    told = [get(shop, path).text for path in ("/", "/faults?window=all", f"/faults/{entry.key}", "/groups")]

    assert not set("\u202e\u2066\x1b") & set("".join(told))
    assert "ann\\u202e\\u2066txt.exe\\u001b\u0627" in told[1]


@pytest.mark.long
@pytest.mark.parametrize("value", [MARKUP, '" onfocus="x', "javascript:alert(1)", "\0", "\ufffd"])
@pytest.mark.parametrize(
    "name", ["id", "code", "group", "route", "user", "blame", "window", "status", "since"]
)
def test_markup_in_a_filter_is_escaped(shop, name, value):
    answer = shop.test_client().get("/ops/faults/faults", query_string={name: value})

    assert answer.status_code == 200
    assert "<img" not in answer.text
    assert 'onfocus="x' not in answer.text


@pytest.mark.parametrize("path", ["/", "/faults", "/faults/x", "/groups", "/health", "/static/faults.css"])
def test_every_answer_is_locked_down_and_stored_by_nobody(shop, path):
    with get(shop, path) as answer:
        headers = answer.headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/no/such/page", 404), ("POST", "/faults", 405), ("PUT", "/", 405)]
)
def test_error_of_the_routing_below_the_pages_is_locked_down_too(shop, method, path, status):
    answer = shop.test_client().open(f"/ops/faults{path}", method=method)
    elsewhere = shop.test_client().open("/ops/other", method=method)

    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" not in elsewhere.headers


def test_console_works_without_a_catalogue_and_twice(tmp_path):
    app, trail = guarded(tmp_path, give(True)), AuditTrail()
    app.register_blueprint(console(trail, authorize=give(True), name="second"), url_prefix="/second")
    outer = Blueprint("outer", "outer", url_prefix="/outer")
    outer.register_blueprint(console(trail, authorize=give(True), name="third"), url_prefix="/third")
    app.register_blueprint(outer)
    [request_id] = fail_with(app, "x")

    for prefix in ("/ops", "/second", "/outer/third"):
        answer = app.test_client().get(f"{prefix}/faults?id={request_id}", follow_redirects=True)
        assert "store_down" in answer.text
        assert "catalogue" not in answer.text
        assert f'href="{prefix}/groups' in answer.text


def test_code_that_the_app_no_longer_has_has_no_link(shop):
    plant_markup(shop)
    [entry] = entries_of(shop)

    assert "(catalogue)" not in get(shop, f"/faults/{entry.key}").text


def test_app_without_the_trail_says_what_to_do():
    app = Flask("shop")
    FaultMap(app)
    app.register_blueprint(console(AuditTrail(), authorize=give(True)), url_prefix="/ops")

    assert "has no audit trail" in app.test_client().get("/ops/groups").text
