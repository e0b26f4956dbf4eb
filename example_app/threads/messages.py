"""What a request for a thread must look like: the roles, contents and options of OpenAI's API."""

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

ROLES = ("system", "developer", "user", "assistant", "tool", "function")


class Content(fields.Field[Any]):
    """A text, a list of text parts, or nothing where an assistant called a tool; loaded as a text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str):
            return value
        if not isinstance(value, list) or not value:
            raise ValidationError("Not a text or a list of parts.")
        return "\n".join(map(_text_of, value))


def _text_of(part: Any) -> str:
    """Give the text of one part; a model's refusal is kept under the name of its type, too."""
    kind = part.get("type") if isinstance(part, dict) else None
    if kind not in ("text", "refusal"):
        raise ValidationError("Only parts of the types text and refusal can be read.")
    if not isinstance(part.get(kind), str):
        raise ValidationError("A part has no text.")
    return str(part[kind])


class Flag(fields.Boolean):
    """True or False; no other value is one, not even the 1 that equals it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class MessageSchema(Schema):
    """One message of a conversation."""

    class Meta:
        """Clients send more than we read."""

        unknown = EXCLUDE

    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    content = Content(allow_none=True)
    tool_calls = fields.List(fields.Raw())

    @validates_schema
    def _need_content(self, message: dict[str, Any], **_: Any) -> None:
        """Only an assistant that called a tool may say nothing."""
        called = message["role"] == "assistant" and message.get("tool_calls")
        if message.get("content") is None and not called:
            raise ValidationError("Missing data for required field.", "content")


class OptionsSchema(Schema):
    """What a client wants to be streamed beside the answer."""

    class Meta:
        """Clients send more than we read."""

        unknown = EXCLUDE

    include_usage = Flag(load_default=False)


class ChatSchema(Schema):
    """What starts a thread."""

    class Meta:
        """Clients send more than we read."""

        unknown = EXCLUDE

    model = fields.String(required=True)
    messages = fields.List(
        fields.Nested(MessageSchema), required=True, validate=validate.Length(min=1, max=64)
    )
    stream = Flag(load_default=False, allow_none=True)
    stream_options = fields.Nested(OptionsSchema, load_default=None, allow_none=True)
