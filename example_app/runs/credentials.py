"""Credentials for tool servers: checked, encrypted, and kept for one user and one server."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet
from marshmallow import Schema, ValidationError, fields, validate

from example_app.runs.errors import EncryptionKeyMissingError, InvalidCredentialsError

SECRETS = ("refreshToken", "clientSecret")


class CredentialsSchema(Schema):
    """What is taken; a member that is not named, such as a user id, is refused."""

    mcpServerId = fields.String(required=True, validate=validate.Length(min=1))  # noqa: N815
    refreshToken = fields.String(required=True, validate=validate.Length(min=1))  # noqa: N815
    tokenEndpoint = fields.Url(required=True, schemes={"http", "https"}, require_tld=False)  # noqa: N815
    clientId = fields.String()  # noqa: N815
    clientSecret = fields.String(validate=validate.Length(min=1))  # noqa: N815
    clientSecretExpiresAt = fields.AwareDateTime()  # noqa: N815
    tokenEndpointAuthMethod = fields.String()  # noqa: N815
    scopes = fields.String()


class Vault:
    """Encrypts what is secret in credentials; without a *key* it takes none."""

    def __init__(self, key: str | None) -> None:
        # Any text is a key here; Fernet wants 32 bytes.
        digest = None if key is None else base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())
        self._fernet = None if digest is None else Fernet(digest)

    def check_key(self) -> Fernet:
        """Give what encrypts.

        Raises:
            EncryptionKeyMissingError: there is no key.
        """
        if self._fernet is None:
            raise EncryptionKeyMissingError("EXECUTOR_ENCRYPTION_KEY is not set")
        return self._fernet

    def seal(self, body: object) -> dict[str, Any]:
        """Check the *body* of a request, and give it with its secrets encrypted.

        Raises:
            InvalidCredentialsError: a member is missing, unknown or of the wrong kind.
        """
        fernet = self.check_key()
        schema = CredentialsSchema()
        try:
            schema.load(body)  # type: ignore[arg-type]  # anything may have been sent
        except ValidationError as exc:
            raise InvalidCredentialsError(sorted(map(str, exc.messages_dict))) from exc
        sealed: dict[str, Any] = dict(body)  # type: ignore[call-overload]  # the schema took it
        for name in SECRETS:
            if name in sealed:
                sealed[name] = fernet.encrypt(sealed[name].encode()).decode()
        return sealed

    def open_token(self, sealed: Mapping[str, Any]) -> str:
        """Give the refresh token of what :meth:`seal` gave."""
        return self.check_key().decrypt(sealed["refreshToken"].encode()).decode()
