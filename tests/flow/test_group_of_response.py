"""A group whose only leaf brings its own response."""

import pytest
from flask import Response
from flow_app import answer_to
from werkzeug.exceptions import HTTPException, NotFound


def brought():
    return HTTPException(response=Response("own", 418))


@pytest.mark.parametrize(
    ("group", "status"),
    [
        (ExceptionGroup("x", [brought()]), 418),
        (ExceptionGroup("x", [ExceptionGroup("y", [brought()])]), 418),
        (ExceptionGroup("x", [NotFound()]), 404),
    ],
    ids=["one", "nested", "http"],
)
def test_response_of_the_only_leaf_passes(group, status):
    assert answer_to(group).status_code == status


def test_group_of_several_responses_is_no_response():
    assert answer_to(ExceptionGroup("x", [brought(), brought()])).status_code == 500
