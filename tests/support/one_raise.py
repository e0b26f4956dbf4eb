"""An error of which one raise says more than its class."""

from flask_faultmap.errors import DomainError


def error_with(cls=DomainError, **attributes):
    """Make an error of which one raise has set *attributes*."""
    error = cls("raised")
    vars(error).update(attributes)
    return error
