"""Where a document that was validated as a whole comes from: the request, the code, or somewhere else."""

import json
import sys
from contextlib import suppress
from functools import cached_property
from types import FrameType
from typing import Any

from flask_faultmap.http.documents import MAX_NODES, Refused, deepest, nodes
from flask_faultmap.http.likeness import is_json, is_same, is_trivial
from flask_faultmap.http.parts import UNKNOWN, Parts

# The functions of validators, and which of their variables holds what they were given.
READERS = {
    ("pydantic.main", "__init__"): "data",
    ("pydantic.main", "model_validate"): "obj",
    ("pydantic.main", "model_validate_strings"): "obj",
    ("pydantic.root_model", "__init__"): "root",
    ("pydantic.type_adapter", "validate_python"): "object",
    ("pydantic.type_adapter", "validate_strings"): "obj",
    ("pydantic._internal._dataclasses", "__init__"): "kwargs",
}
PARSERS = {
    ("marshmallow.schema", "loads"): "json_data",
    ("pydantic.main", "model_validate_json"): "json_data",
    ("pydantic.type_adapter", "validate_json"): "data",
}


def read_by(exc: BaseException) -> Any:
    """Give the document that pydantic validated when *exc* was raised; UNKNOWN if that is not to be seen."""
    return _variable(exc, READERS)


def text_parsed_by(exc: BaseException) -> Any:
    """Give the JSON that the validator parsed itself; UNKNOWN if it did not."""
    return _variable(exc, PARSERS)


def is_text_of(parts: Parts, text: Any, body: bytes | None) -> bool:
    """Whether *text* is the JSON of the body, or of a parameter."""
    written = bytes(text) if isinstance(text, bytes | bytearray) else str(text).encode("utf-8", "replace")
    if body and written == body:
        return True
    if parts.sent is not UNKNOWN:
        with suppress(ValueError, RecursionError):
            return is_same(json.loads(written), parts.sent)
    return any(text in texts for _, named, _ in parts.named for texts in named.values())


# Whether a text is interned, as the names in code are. Asking does not make it so for good: Python 3.12
# never frees such a text.
IS_INTERNED = getattr(sys, "_is_interned", None) or (
    (lambda text: sys.getrefcount(text) == sys.getrefcount(None))
    if sys.version_info >= (3, 12)
    else (lambda text: sys.intern((text + " ")[:-1]) is text)
)


class Origins:
    """Tells a document that was read elsewhere by its keys.

    A parser makes the keys of a document anew, and copies and merges of it keep them. So a key that is
    neither one of the request's nor a constant of the code came from a table, a file or another service.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._by_node: dict[int, tuple[Any, dict[Any, Any]]] = {}
        self._kin: dict[int, tuple[Any, bool]] = {}  # with the dict, so that no other gets its id

    def is_its(self, refused: Refused) -> bool:
        """Whether *refused*, or all that was validated, is an object of the request itself."""
        root = refused.root
        return (root is not UNKNOWN and root is self._parts.held) or any(
            id(each) in self._values for each in (root, refused.value)
        )

    def is_elsewhere(self, refused: Refused) -> bool:
        """Whether *refused* lies in a document that was read from anything but the request."""
        if refused.root is UNKNOWN or self.is_its(refused) or not self._is_told:
            return False
        holder, keys = self._holder_of(refused)
        return bool(keys) and all(map(self._is_foreign, keys)) and not self._is_kin(holder)

    @cached_property
    def _is_told(self) -> bool:
        """Whether the objects of all that the code has read are known."""
        parts = self._parts
        if parts.held is UNKNOWN:
            return parts.sent is UNKNOWN and not any(
                is_json(text) for _, named, _ in parts.named for texts in named.values() for text in texts
            )
        return len(self._held) < MAX_NODES

    @cached_property
    def _held(self) -> list[Any]:
        return [] if self._parts.held is UNKNOWN else [node for _, node in nodes(self._parts.held)]

    @cached_property
    def _values(self) -> dict[int, Any]:
        texts = (text for _, named, _ in self._parts.named for texts in named.values() for text in texts)
        wholes = (whole for _, _, whole in self._parts.named)
        return {id(value): value for value in (*self._held, *texts, *wholes) if not is_trivial(value)}

    @cached_property
    def _keys(self) -> dict[int, Any]:
        held = (key for node in self._held if isinstance(node, dict) for key in node)
        names = (name for _, named, _ in self._parts.named for name in named)
        return {id(key): key for key in (*held, *names)}

    def _holder_of(self, refused: Refused) -> tuple[dict[Any, Any], list[Any]]:
        """Give the nearest dict that holds what was refused, and the keys that tell where that is from."""
        if refused.missing is not UNKNOWN and type(refused.value) is dict and refused.value:
            return refused.value, [*refused.value]
        holder, last, node = {}, UNKNOWN, refused.root
        for step in deepest(node, refused.path)[0]:
            if isinstance(node, dict):
                holder, last = node, step
            node = node[step]
        return holder, [] if last is UNKNOWN else [self._key_object(holder, last)]

    def _key_object(self, holder: dict[Any, Any], key: Any) -> Any:
        """Give the object that is *key* in *holder*."""
        if id(holder) not in self._by_node:
            self._by_node[id(holder)] = holder, {each: each for each in holder}
        return self._by_node[id(holder)][1][key]

    def _is_kin(self, holder: dict[Any, Any]) -> bool:
        """Whether the request's own objects are among the values: it is a dict of other names for them."""
        if id(holder) not in self._kin:
            self._kin[id(holder)] = holder, any(id(value) in self._values for value in holder.values())
        return self._kin[id(holder)][1]

    def _is_foreign(self, key: Any) -> bool:
        if type(key) is not str or id(key) in self._keys or IS_INTERNED(key):
            return False
        return not any(source == "header" and key.lower() in named for source, named, _ in self._parts.named)


def frames_of(exc: BaseException) -> list[tuple[str, str]]:
    """Give module and function of each frame that *exc* went through."""
    frames, link = [], exc.__traceback__
    while link is not None:
        frame = link.tb_frame
        frames.append((str(frame.f_globals.get("__name__")), frame.f_code.co_name))
        link = link.tb_next
    return frames


def _variable(exc: BaseException, functions: dict[tuple[str, str], str]) -> Any:
    found: tuple[FrameType, str] | None = None
    link = exc.__traceback__
    while link is not None:
        frame = link.tb_frame
        name = functions.get((str(frame.f_globals.get("__name__")), frame.f_code.co_name))
        found = found if name is None else (frame, name)
        link = link.tb_next
    return UNKNOWN if found is None else found[0].f_locals.get(found[1], UNKNOWN)
