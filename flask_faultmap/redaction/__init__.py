"""What may be said of a foreign text? Secrets, tracebacks and paths of files go, the rest stays."""

from flask_faultmap.redaction.redacting import is_secret_name, redact, redact_url

__all__ = ["is_secret_name", "redact", "redact_url"]
