"""Flask-JWT-Extended: 401 with a challenge and a code of its own for each way in which a token fails."""

from flask_faultmap.errors import DomainError, UnauthenticatedError
from flask_faultmap.rules.rule import Rule


class TokenMissingError(UnauthenticatedError):
    """The request has no token where one is asked for."""

    code: str = "token_missing"
    public: str | None = "The request needs a token."
    client_action: str | None = "Log in, and send the access token."


class TokenInvalidError(UnauthenticatedError):
    """The token cannot be read, or is not meant for this."""

    code: str = "token_invalid"
    public: str | None = "The token is not valid."
    client_action: str | None = "Log in again."


class TokenExpiredError(UnauthenticatedError):
    """The token was valid once."""

    code: str = "token_expired"
    public: str | None = "The token has expired."
    client_action: str | None = "Ask for a new access token with the refresh token, or log in again."


class TokenRevokedError(UnauthenticatedError):
    """The token was taken back."""

    code: str = "token_revoked"
    public: str | None = "The token has been revoked."
    client_action: str | None = "Log in again."


class FreshTokenRequiredError(UnauthenticatedError):
    """The token was refreshed, and this action asks for a new log-in."""

    code: str = "fresh_token_required"
    public: str | None = "A fresh token is required."
    client_action: str | None = "Log in again, and send the new access token."


BY_CLASS: dict[str, type[DomainError]] = {
    "flask_jwt_extended.exceptions.NoAuthorizationError": TokenMissingError,
    "flask_jwt_extended.exceptions.CSRFError": TokenInvalidError,
    "flask_jwt_extended.exceptions.FreshTokenRequired": FreshTokenRequiredError,
    "flask_jwt_extended.exceptions.InvalidHeaderError": TokenInvalidError,
    "flask_jwt_extended.exceptions.InvalidQueryParamError": TokenInvalidError,
    "flask_jwt_extended.exceptions.JWTDecodeError": TokenInvalidError,
    "flask_jwt_extended.exceptions.RevokedTokenError": TokenRevokedError,
    "flask_jwt_extended.exceptions.UserClaimsVerificationError": TokenInvalidError,
    "flask_jwt_extended.exceptions.UserLookupError": TokenInvalidError,
    "flask_jwt_extended.exceptions.WrongTokenError": TokenInvalidError,
    "jwt.exceptions.DecodeError": TokenInvalidError,
    "jwt.exceptions.ExpiredSignatureError": TokenExpiredError,
    "jwt.exceptions.InvalidAudienceError": TokenInvalidError,
    "jwt.exceptions.InvalidIssuerError": TokenInvalidError,
    "jwt.exceptions.InvalidTokenError": TokenInvalidError,
    "jwt.exceptions.MissingRequiredClaimError": TokenInvalidError,
}

JWT_EXTENDED: tuple[Rule, ...] = tuple(
    Rule(on=name, to=error, pack="jwt_extended") for name, error in BY_CLASS.items()
)
