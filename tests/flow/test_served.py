"""Behind real servers: ids never repeat, broken requests are answered, no secret is told."""

import re

import pytest
from server_table import CASES, answer_to
from servers import COMMANDS, serving

pytestmark = pytest.mark.long

WORKERS = {
    "dev server": [],
    "waitress": [],
    "gunicorn sync": ["--preload", "--workers", "4"],
    "gunicorn gthread": ["--preload", "--workers", "4"],
    "gunicorn gevent": ["--preload", "--workers", "4"],
    "uWSGI": ["--processes", "4"],
}
REACH_THE_APP = ("unknown path", "HTTP/1.0", "a bug", "HEAD of a failure")


@pytest.mark.parametrize("kind", COMMANDS)
def test_no_id_comes_twice_from_forked_workers(kind, tmp_path):
    with serving(kind, "plain_app:app", tmp_path, *WORKERS[kind]) as server:
        answers = [server.ask("GET /missing") for _ in range(400)]

    ids = [re.search(rb"(?i)x-request-id: ([0-9a-f]{32})", answer)[1] for answer in answers]
    assert len(set(ids)) == 400


@pytest.fixture(scope="module", params=COMMANDS)
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param.replace(" ", "_"))
    with serving(request.param, "plain_app:app", folder) as running:
        yield running


@pytest.mark.parametrize("name", CASES)
def test_broken_request_does_no_harm(server, name):
    answer = answer_to(server, CASES[name])

    assert (answer.endswith(" ours") or name not in REACH_THE_APP) is True
    assert b"hunter2" not in server.ask("GET /crash")
    assert b" 404 " in server.ask("GET /missing").splitlines()[0]
