"""A service built with flask_faultmap, and what a client of it makes of its answers."""

from typing import Any

import httpx
import pytest
from flask import Flask

from flask_faultmap import DomainError, FaultMap, Profile
from flask_faultmap.profiles import PROBLEM
from flask_faultmap.upstreams import upstream


def peer_answer(error: DomainError, profile: Profile = PROBLEM) -> httpx.Response:
    """Give what a service built with flask_faultmap answers when *error* is raised in it."""
    app = Flask("peer")
    app.config["FAULTMAP_PROFILE"] = profile.name
    FaultMap(app)

    @app.get("/x")
    def fail() -> None:
        raise error

    answer = app.test_client().get("/x")
    return httpx.Response(answer.status_code, headers=list(answer.headers), content=answer.data)


def error_of(response: httpx.Response, **terms: Any) -> Any:
    with pytest.raises(DomainError) as caught, upstream("peer", operation="get", **terms) as call:
        call.check(response)
    return caught.value
