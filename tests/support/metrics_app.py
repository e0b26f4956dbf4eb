"""An app whose faults are scraped from several workers."""

from flask import Flask
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from flask_faultmap import FaultMap
from flask_faultmap.errors import UnavailableError
from flask_faultmap.sinks.metrics import FaultMetrics

app = Flask(__name__)
FaultMap(app)
FaultMetrics().init_app(app)


@app.get("/pumps/<name>")
def pump(name):
    raise UnavailableError(name)


@app.get("/metrics")
def metrics():
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry), {"Content-Type": CONTENT_TYPE_LATEST}
