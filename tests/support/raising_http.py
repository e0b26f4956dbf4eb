"""Requests without an app, and the HTTP errors that reading them raises."""

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request


def caught_of(fail):
    """Give what *fail* raises, with its traceback and context."""
    with pytest.raises(HTTPException) as caught:
        fail()
    return caught.value


def request_with(**given):
    return Request(EnvironBuilder(**given).get_environ())
