"""The example app has every sink on: what fails there is in the trail, a span and Sentry."""

import subprocess
import sys
from importlib import import_module

import pytest
import sentry_sdk
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sentry_sdk.transport import Transport

from example_app import create_app
from example_app.rooms import close_rooms
from example_app.sinks import OTHERS, trail_of


@pytest.fixture
def app(tmp_path):
    config = {"FAULTMAP_TRAIL_FOLDER": str(tmp_path), "FAULTMAP_TRAIL_URL": f"sqlite:///{tmp_path}/faults.db"}
    app = create_app({**config, "FAULTMAP_TRAIL_SHIP": False})
    yield app
    close_rooms(app)


def test_fault_is_in_the_trail(app):
    fault_id = app.test_client().get("/break").get_json()["request_id"]

    with app.app_context():
        (entry,) = trail_of(app).reader().find(fault_id)
    assert (entry.code, entry.status) == ("unavailable", 503)


def test_fault_is_on_the_current_span(app):
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    with provider.get_tracer("test").start_as_current_span("request"):
        app.test_client().get("/break")

    (span,) = exporter.get_finished_spans()
    assert span.attributes["faultmap.code"] == "unavailable"


class Keeping(Transport):
    """Keeps the events that it is given."""

    def __init__(self):
        super().__init__()
        self.events = []

    def capture_envelope(self, envelope):
        """Keep the event of *envelope*."""
        self.events += [item.get_event() for item in envelope.items if item.get_event()]


def test_handled_fault_is_sent_to_sentry_once(app):
    transport = Keeping()
    sentry_sdk.init(dsn="http://key@localhost/1", transport=transport)
    try:
        app.test_client().get("/break")
    finally:
        sentry_sdk.init()

    assert [event["tags"]["faultmap.code"] for event in transport.events] == ["unavailable"]


DSN = """
import sys
sys.modules.update(dict.fromkeys(sys.argv[1].split()))
from example_app import create_app
client = create_app().test_client()
print(client.get("/break").status_code, client.get("/metrics").status_code)
import sentry_sdk
print(sentry_sdk.get_client().dsn)
"""


def run(script, *arguments, **environment):
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.check_output(command, env={**environment}, text=True, stderr=subprocess.DEVNULL)


@pytest.mark.long
def test_app_tells_sentry_where_an_address_is_given(monkeypatch):
    assert run(DSN, "", SENTRY_DSN="http://key@127.0.0.1:9/1") == "503 200\nhttp://key@127.0.0.1:9/1\n"


def test_app_works_without_what_the_sinks_need():
    without = DSN.partition("import sentry_sdk")[0]

    assert run(without, "prometheus_client opentelemetry sentry_sdk") == "503 404\n"


@pytest.mark.parametrize(("module", "name"), OTHERS.items())
def test_sink_is_one_of_ours(module, name):
    assert isinstance(getattr(import_module(f"flask_faultmap.sinks.{module}"), name), type)
