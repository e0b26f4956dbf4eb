"""Try the ten-line app against an installed flask_faultmap: prints what it answers, fails if it is wrong."""

import json
import logging
import sys
from importlib.metadata import distribution

from flask import Flask

from flask_faultmap import FaultMap
from flask_faultmap.errors import NotFoundError

HTML = {"Accept": "text/html"}
SECRET = "dsn=postgres://u:pw@h"


class Keep(logging.Handler):
    """Keeps the records, so that what must be told once can be counted."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def emit(self, record):
        """Keep the record as it would be written."""
        self.seen.append(self.format(record))


def make_app(**settings):
    """Make the app of the README, with *settings*."""
    app = Flask(__name__)
    app.config.update(settings)
    FaultMap(app)

    @app.get("/boxes/<box_id>")
    def show(box_id):
        raise NotFoundError(f"Box {box_id!r} not found")

    @app.get("/crash")
    def crash():
        raise RuntimeError(SECRET)

    return app


def check(app, path, status):
    """Ask *app* for *path* and compare the answer with what it must be."""
    response = app.test_client().get(path, headers=HTML)
    body = response.get_data(as_text=True)
    print(f"  GET {path} -> {response.status_code} {response.mimetype} {body}")
    assert response.status_code == status, response.status
    assert response.mimetype == "application/problem+json", response.mimetype
    assert json.loads(body)["status"] == status, body
    assert "pw@h" not in body, body


package = distribution("flask-faultmap")
print(f"Python {sys.version.split()[0]}, {package.name} {package.version}, from {package.locate_file('')}")
check(make_app(), "/boxes/b1", 404)
check(make_app(), "/nope", 404)
check(make_app(FAULTMAP_COMPATIBILITY_MODE=True), "/boxes/b1", 400)
check(make_app(FAULTMAP_COMPATIBILITY_MODE=True), "/nope", 400)
log = Keep()
logging.getLogger().addHandler(log)
check(make_app(), "/crash", 500)
assert len(log.seen) == 1, log.seen
assert SECRET in log.seen[0], log.seen
print("  logged once, with the text that no client may read")
