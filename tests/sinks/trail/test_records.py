"""What is kept of a fault, whatever the app puts into it."""

import pytest
from trail_app import add_failure, audited, entries_of, trail_app


def cycle():
    members = {}
    members["self"] = members
    return members


@pytest.mark.parametrize(
    "context", [cycle(), {"x": object()}, {1: {2}}, {"long": "x" * 9000}, {"nul": "\0\ud800"}]
)
def test_context_of_any_sort_costs_no_record(tmp_path, context):
    app = trail_app(tmp_path)
    add_failure(app, "/odd", lambda: audited()("odd", context=context))

    app.test_client().get("/odd")

    assert [entry.code for entry in entries_of(app)] == ["audited"]
