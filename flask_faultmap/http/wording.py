"""What a violation says: a message and a code, which name no class of the app and repeat no value."""

from bisect import bisect
from typing import Any

MAX_MESSAGE = 500  # characters
MAX_NAME = 100  # characters of one step of a path: an unknown field's name is the client's choice
INVALID = "Invalid value."

# marshmallow has messages and no codes; by these words of its own a client may want to tell fields apart.
CODES = {
    "Missing data for required field.": "required",
    "Field may not be null.": "null",
    "Unknown field.": "unknown",
    "Invalid input type.": "type",
    "String does not match expected pattern.": "regexp",
    "Not a valid email address.": "email",
    "Not a valid URL.": "url",
    "Invalid input.": "none_of",
    "One or more of the choices you made was in: ": "none_of",
    "One or more of the choices you made was not in: ": "one_of",
    "Must be one of: ": "one_of",
    "Must be equal to ": "equal",
    "Must be greater than ": "range",
    "Must be less than ": "range",
    "Shorter than minimum length ": "length",
    "Longer than maximum length ": "length",
    "Length must be ": "length",
}

# pydantic's types whose message may quote the value, or another exception's text that may.
QUOTING = frozenset(
    {
        "assertion_error",
        "bytes_invalid_encoding",
        "datetime_object_invalid",
        "get_attribute_error",
        "import_error",
        "iteration_error",
        "mapping_type",
        "timezone_offset",
        "uuid_parsing",
        "value_error",
    }
)

# pydantic's types whose message names a class or a function of the app.
WORDS = {
    "dataclass_exact_type": "Input should be an object",
    "dataclass_type": "Input should be an object",
    "is_instance_of": "Input should be of another type",
    "is_subclass_of": "Input should be of another type",
    "model_attributes_type": "Input should be an object",
    "model_type": "Input should be an object",
    "union_tag_invalid": "The tag is none of those that are known",
    "union_tag_not_found": "The tag is missing",
}


WORDS_OF_CODES = sorted(CODES)  # none begins as another one does


def code_of(message: str) -> str:
    """Give the code of a check of marshmallow's by the words in which it is told."""
    words = WORDS_OF_CODES[bisect(WORDS_OF_CODES, message) - 1]
    return CODES[words] if message.startswith(words) else "invalid"


def word_pydantic(kind: str, message: str) -> str:
    """Give the message of an error of pydantic's, by its type."""
    return INVALID if kind in QUOTING else WORDS.get(kind) or say_message(message)


def say_name(thing: object) -> str | None:
    """Say one step of a path; None if it is too long, or no Unicode, or cannot be said."""
    name = _say(thing)
    if name is None or len(name) > MAX_NAME:
        return None
    if name.isascii():
        return name
    try:
        name.encode()
    except UnicodeEncodeError:
        return None
    return name


def say_message(thing: object) -> str:
    """Say a message, or that the value is invalid."""
    if type(thing) is str and 0 < len(thing) <= MAX_MESSAGE:
        return thing
    return ((_say(thing) or "")[:MAX_MESSAGE] if thing is not None else "") or INVALID


def _say(thing: Any) -> str | None:
    """Say *thing*, which need not be a ``str``: a translation may be lazy; None if it cannot be said."""
    if type(thing) is str:
        return thing
    if type(thing) is bytes:
        return thing.decode("utf-8", "replace")
    try:
        return str.__str__(str(thing))
    except Exception:  # a border: `__str__` may raise anything, and a message is not worth a 500
        return None
