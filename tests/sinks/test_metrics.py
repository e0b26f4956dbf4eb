"""Faults in Prometheus."""

import re
import urllib.request

import pytest
from flask import Flask
from flow_app import app_with, raising
from prometheus_client import CollectorRegistry, Counter, generate_latest
from servers import serving

from flask_faultmap import FaultMap
from flask_faultmap.errors import ConfigError, DomainError, NotFoundError, UnavailableError
from flask_faultmap.sinks import metrics
from flask_faultmap.sinks.metrics import FaultMetrics, TrailCollector
from flask_faultmap.sinks.trail import AuditTrail


class PumpError(UnavailableError):
    """The pump is off."""


@pytest.fixture
def registry():
    return CollectorRegistry()


def counted(registry):
    text = generate_latest(registry).decode()
    return dict(re.findall(r"faultmap_faults_total(\{.*\}) ([0-9.]+)", text))


def series(code, category, status, route, blame):
    return f'{{blame="{blame}",category="{category}",code="{code}",route="{route}",status="{status}"}}'


def app_counting(registry, failure, **given):
    app = app_with(**given)
    app.add_url_rule("/pumps/<name>", view_func=raising(failure))
    FaultMetrics(registry=registry).init_app(app)
    return app


def test_fault_is_counted_by_code_category_status_route_and_blame(registry):
    client = app_counting(registry, PumpError("x")).test_client()

    for name in "abc":
        client.get(f"/pumps/{name}")

    assert counted(registry) == {series("pump", "unavailable", 503, "/pumps/<name>", "upstream"): "3.0"}


def test_more_kinds_than_are_kept_are_counted_all_the_same(registry, monkeypatch):
    monkeypatch.setattr(metrics, "MOST_KEPT", 2)
    app = app_counting(registry, PumpError("x"))
    app.add_url_rule("/tanks", view_func=raising(NotFoundError()), endpoint="tanks")
    client = app.test_client()

    for path in ("/pumps/a", "/tanks", "/nowhere", "/pumps/b", "/tanks"):
        client.get(path)

    assert counted(registry) == {
        series("pump", "unavailable", 503, "/pumps/<name>", "upstream"): "2.0",
        series("not_found", "not_found", 404, "/tanks", "client"): "2.0",
        series("unknown_path", "not_found", 404, "unmatched", "client"): "1.0",
    }


def test_status_is_the_one_that_was_sent(registry):
    app_counting(registry, NotFoundError(), FAULTMAP_COMPATIBILITY_MODE=True).test_client().get("/pumps/a")

    assert [*counted(registry)] == [series("not_found", "not_found", 400, "/pumps/<name>", "client")]


def test_unhandled_error_is_counted(registry):
    app_counting(registry, KeyError("x")).test_client().get("/pumps/a")

    assert [*counted(registry)] == [series("internal", "internal", 500, "/pumps/<name>", "self")]


def test_storm_of_paths_and_of_codes_makes_few_series(registry):
    app = app_with()
    FaultMetrics(registry=registry).init_app(app)

    @app.get("/made/<name>")
    def made(name):
        raise type(f"Made{name}Error", (NotFoundError,), {"code": f"made_{name}"})

    @app.get("/set/<name>")
    def set_code(name):
        error = PumpError()
        error.code = f"set_{name}"
        raise error

    client = app.test_client()
    for number in range(200):
        for path in ("made", "set", "nowhere"):
            client.get(f"/{path}/{number}")

    assert set(counted(registry)) == {
        series("other", "not_found", 404, "/made/<name>", "client"),
        series("other", "unavailable", 503, "/set/<name>", "upstream"),
        series("unknown_path", "not_found", 404, "unmatched", "client"),
    }


def test_two_apps_share_one_registry(registry):
    for _ in range(2):
        app_counting(registry, PumpError()).test_client().get("/pumps/a")

    assert [*counted(registry).values()] == ["2.0"]


def test_second_one_is_left_out_and_told(registry, caplog):
    app = app_counting(registry, PumpError())
    FaultMetrics(registry=registry).init_app(app)

    app.test_client().get("/pumps/a")

    assert [*counted(registry).values()] == ["1.0"]
    assert "has fault metrics already; the second is left out" in caplog.text


def test_failure_is_logged_once_and_the_answer_stands(registry, caplog, monkeypatch):
    app = app_counting(registry, NotFoundError())
    broken = app.extensions["faultmap.fault metrics"]
    monkeypatch.setattr(broken, "receive", raising(OSError("disk full")))

    answers = [app.test_client().get("/pumps/a") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_app_that_is_none_is_refused(registry):
    with pytest.raises(ConfigError, match="must be a Flask app"):
        FaultMetrics(registry=registry).init_app("app")


def test_backlog_of_the_trail_is_told(registry, tmp_path):
    app = Flask("shop", instance_path=str(tmp_path))
    app.config["FAULTMAP_TRAIL_SHIP"] = False
    FaultMap(app)
    trail = AuditTrail()
    trail.init_app(app)
    app.add_url_rule("/pump", view_func=raising(PumpError()))
    registry.register(TrailCollector(app, trail))

    app.test_client().get("/pump")

    text = generate_latest(registry).decode()
    assert "faultmap_trail_waiting 1.0" in text
    assert "faultmap_trail_refused 0.0" in text


def test_backlog_of_an_app_without_a_trail_is_refused_when_it_is_asked_for():
    with pytest.raises(ConfigError, match="has no audit trail"):
        TrailCollector(Flask("pumps"), AuditTrail())


def test_backlog_is_registered_once(registry, tmp_path):
    app = Flask("shop", instance_path=str(tmp_path))
    AuditTrail().init_app(app)
    registry.register(TrailCollector(app, AuditTrail()))

    with pytest.raises(ValueError, match="faultmap_trail_waiting"):
        registry.register(TrailCollector(app, AuditTrail()))


@pytest.mark.long
def test_scrape_of_several_workers_has_every_fault(tmp_path, monkeypatch):
    (tmp_path / "prom").mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "prom"))
    with serving("gunicorn sync", "metrics_app:app", tmp_path, "--workers", "3") as server:
        for _ in range(60):
            server.ask("GET /pumps/a")
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics") as answer:
            text = answer.read().decode()

    counts = dict(re.findall(r'faultmap_faults_total\{.*code="(\w+)".*\} ([0-9.]+)', text))
    assert counts == {"unavailable": "60.0"}


def test_no_code_is_lost_from_a_class_that_can_be_imported(registry):
    app_counting(registry, DomainError("x")).test_client().get("/pumps/a")

    assert [*counted(registry)] == [series("uncategorized", "uncategorized", 400, "/pumps/<name>", "client")]


def test_classes_that_are_put_into_a_module_at_run_time_are_bounded(registry, monkeypatch):
    monkeypatch.setattr(metrics, "MOST_CODES", sum(metrics._is_promised.values()) + 3)
    made = []

    def fail():
        name = f"Made{len(made)}Error"
        made.append(type(name, (NotFoundError,), {"__module__": __name__}))
        monkeypatch.setitem(globals(), name, made[-1])
        raise made[-1]

    app = app_with()
    app.add_url_rule("/made", view_func=fail)
    FaultMetrics(registry=registry).init_app(app)
    for _ in range(10):
        app.test_client().get("/made")

    assert [re.search('code="(.*?)"', each)[1] for each in counted(registry)] == [
        "made0",
        "made1",
        "made2",
        "other",
    ]


@pytest.mark.parametrize("registry", [None, "default", 7])
def test_what_is_no_registry_is_refused(registry):
    with pytest.raises(ConfigError, match="it must be a CollectorRegistry"):
        FaultMetrics(registry=registry)


def test_metric_of_somebody_else_with_this_name_is_told_at_start(registry):
    Counter("faultmap_faults", "Mine", registry=registry)

    with pytest.raises(ConfigError, match="has a metric 'faultmap_faults' already"):
        FaultMetrics(registry=registry).init_app(Flask("shop"))
