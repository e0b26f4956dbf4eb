"""Bearer tokens: signed claims that end."""

import logging
import time
from dataclasses import dataclass
from typing import Any

from itsdangerous import URLSafeSerializer

from example_app.runs.errors import UnauthorizedError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Who is asking."""

    user_id: int
    is_operator: bool


class Tokens:
    """Signs and reads the claims of a user; a bad signature stays itsdangerous' own exception."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeSerializer(secret, salt="runs")

    def issue(self, claims: dict[str, Any], *, seconds: float = 600) -> str:
        """Sign *claims* for the next *seconds*."""
        return str(self._serializer.dumps({**claims, "exp": time.time() + seconds}))

    def read(self, authorization: str) -> Claims:
        """Return the claims of the token in an ``Authorization`` header.

        Raises:
            UnauthorizedError: there is no token, or it ended, or its claims are not those of a user.
            itsdangerous.BadData: the token was not signed here.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UnauthorizedError("No bearer token")
        claims = self._serializer.loads(token)
        if not isinstance(claims, dict) or claims.get("exp", 0) < time.time():
            raise UnauthorizedError("The bearer token has ended")
        user_id = _user_id(claims.get("id"))
        if user_id is None:
            # Paths and codes only: the payload is the client's.
            log.warning(
                "Bearer token has invalid claims", extra={"issues": [{"path": "id", "code": "invalid_type"}]}
            )
            raise UnauthorizedError("The bearer token has no numeric id")
        return Claims(user_id=user_id, is_operator=claims.get("operator") is True)


def _user_id(told: object) -> int | None:
    """Read a positive number; Forest sends it as a text, too."""
    if isinstance(told, str) and told.isascii() and told.isdecimal() and len(told) < 19:
        told = int(told)
    return told if type(told) is int and told > 0 else None
