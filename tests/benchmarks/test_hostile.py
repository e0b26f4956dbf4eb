"""The table of hostile requests: ours has no miss, and the judge sees what is wrong."""

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from benchmarks.peers.hostile import CASES, SECRET, try_case
from benchmarks.peers.setups import Peer, flask_faultmap, plain_flask, plain_routes


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ours_answers_every_hostile_request(case):
    assert try_case(flask_faultmap, case) == "ok"


def answering(answer):
    """Make a peer that answers everything alike."""

    def make():
        app = Flask("alike")
        app.register_error_handler(HTTPException, lambda exc: answer)
        return Peer(app, plain_routes(app))

    return make


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (({"detail": SECRET}, 404), "leaks"),
        (({}, 200), "200"),
        (("<p>", 404), "HTML"),
        (("[1]", 404, {"Content-Type": "application/json"}), "no JSON object"),
        (('{"a":NaN}', 404, {"Content-Type": "application/json"}), "no JSON object"),
        (({}, 404), "ok"),
    ],
    ids=["leak", "status", "HTML", "list", "NaN", "right"],
)
def test_judge_sees_what_is_wrong(answer, verdict):
    assert try_case(answering(answer), CASES[0]) == verdict


def test_header_that_is_missing_is_seen():
    case = next(case for case in CASES if case.needs == ("Allow",))

    assert try_case(answering(({}, 405)), case) == "no Allow"


def test_plain_flask_leaks_where_the_docs_say_so():
    case = next(case for case in CASES if case.name == "abort(500, secret)")

    assert try_case(plain_flask, case) == "leaks"
