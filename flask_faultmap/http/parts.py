"""What the code of a request has looked at: its JSON as it was sent, its query, form, path and the like."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from operator import is_
from typing import Any, NamedTuple

from werkzeug.datastructures import Headers, MultiDict
from werkzeug.wrappers import Request

UNKNOWN: Any = object()  # a value that nobody kept
KEPT = "_faultmap_parts"  # with a request: what was read of it, and from what

# What werkzeug's request keeps once it was read, and where our violations say that it is.
LOOKED_AT = {"args": "query", "form": "form", "files": "form", "cookies": "cookie"}
KEPT_BY_REQUEST = ("_cached_json", "_cached_data", *LOOKED_AT, "view_args")


class Parts(NamedTuple):
    """What came with the request, as far as its code has looked at it.

    *sent* is the JSON document, parsed once more (UNKNOWN if there is none), *held* what ``get_json`` gave
    to the app, which may have changed it. *named* has all other parts: source, values by name, and the
    object that the app has. *sources* says by name, of all parts but the headers, which has it first;
    *open* is the first part that may hold any name, the query or the form. *memo* keeps what was found once.
    """

    sent: Any
    held: Any
    named: tuple[tuple[str, Mapping[str, list[Any]], object], ...]
    sources: Mapping[Any, str]
    open: str | None
    memo: dict[Any, Any]


NO_PARTS = Parts(UNKNOWN, UNKNOWN, (), {}, None, {})


def parts_of(request: Request | None) -> Parts:
    """Give what the code of *request* has looked at; reading it here reads nothing from the client.

    It is kept with the request, until its code looks at more: each error of a group asks for it.
    """
    if request is None:
        return NO_PARTS
    read = request.__dict__
    seen = [*map(read.get, KEPT_BY_REQUEST)]
    known: list[Any]
    parts: Parts
    known, parts = read.get(KEPT, ([], NO_PARTS))
    if not known or not all(map(is_, known, seen)):
        parts = _read(request, read)
        read[KEPT] = seen, parts
    return parts


def _read(request: Request, read: dict[str, Any]) -> Parts:
    held = read.get("_cached_json", (UNKNOWN,))[0]
    held = UNKNOWN if held is Ellipsis else held
    sent = _parse(request, read["_cached_data"]) if read.get("_cached_data") else UNKNOWN
    named: list[tuple[str, Mapping[str, list[Any]], object]] = []
    sources: dict[Any, str] = {}
    opened = None
    view_args = getattr(request, "view_args", None)
    if view_args:
        named.append(("path", {name: [value] for name, value in view_args.items()}, view_args))
        sources = dict.fromkeys(view_args, "path")
    for name, source in LOOKED_AT.items():
        part = read.get(name)
        if part is not None and isinstance(part, MultiDict):
            values = dict(part.lists())
            named.append((source, values, part))
            sources = {**dict.fromkeys(values, source), **sources}
            if opened is None and source in ("query", "form"):
                opened = source
    if isinstance(read.get("files"), MultiDict):
        named.append(("form", _told_of_files(read["files"]), read["files"]))
    named.append(("header", HeaderValues(request.headers), request.headers))
    return Parts(sent, held, tuple(named), sources, opened, {})


def body_of(request: Request | None) -> bytes:
    """Give the body that the code of *request* has read; empty if none, or not at one go."""
    read = {} if request is None else request.__dict__
    return read.get("_cached_data") or b""


def _parse(request: Request, data: bytes) -> Any:
    try:
        return request.json_module.loads(data)
    except Exception:  # a border: an app's JSON may be read by other code, and the body need not be JSON
        return UNKNOWN


def _told_of_files(files: MultiDict[str, Any]) -> dict[str, list[Any]]:
    """Give what each uploaded file says of itself."""
    return {
        name: [text for file in held for text in (file.filename, file.content_type, file.mimetype)]
        for name, held in files.lists()
    }


class HeaderValues(Mapping[str, list[Any]]):
    """The values of each header by its name in small letters, with ``-`` or ``_``; read when asked for."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    @cached_property
    def _values(self) -> dict[str, list[Any]]:
        values: dict[str, list[Any]] = {}
        for name, value in self._headers:
            for spoken in (name.lower(), name.lower().replace("-", "_")):
                values.setdefault(spoken, []).append(value)
        return values

    def spell(self, name: str) -> str:
        """Give *name* as the header is called, which code may write with ``_`` and in small letters."""
        spoken = name.replace("_", "-").lower()
        return next((sent for sent, _ in self._headers if sent.lower() == spoken), name)

    def __getitem__(self, name: str) -> list[Any]:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
