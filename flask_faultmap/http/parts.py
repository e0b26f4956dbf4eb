"""What the code of a request has looked at: its JSON as it was sent, its query, form, path and the like."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from operator import is_
from typing import Any

from werkzeug.datastructures import Headers, MultiDict
from werkzeug.wrappers import Request

UNKNOWN: Any = object()  # a value that nobody kept
KEPT = "_faultmap_parts"  # with a request: what was read of it, and from what

# What werkzeug's request keeps once it was read.
KEPT_BY_REQUEST = ("_cached_json", "_cached_data", "args", "form", "files", "cookies", "view_args")


Named = tuple[str, Mapping[str, list[Any]], object]  # source, values by name, the object that the app has
Dicts = list[tuple[str, MultiDict[str, Any]]]  # the query, form, files and cookies, each with its source


class Parts:
    """What came with the request, as far as its code has looked at it.

    *sent* is the JSON document, parsed once more (UNKNOWN if there is none), *held* what ``get_json`` gave
    to the app, which may have changed it. *sources* says by name, of all parts but the headers, which has it
    first; *open* is the first part that may hold any name, the query or the form. *memo* keeps what was
    found once.
    """

    __slots__ = (
        "_dicts",
        "_files",
        "_headers",
        "_named",
        "_view_args",
        "held",
        "memo",
        "open",
        "sent",
        "sources",
    )

    def __init__(
        self,
        sent: Any = UNKNOWN,
        held: Any = UNKNOWN,
        view_args: Mapping[str, Any] | None = None,
        dicts: Dicts | None = None,
        files: MultiDict[str, Any] | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.sent: Any = sent
        self.held: Any = held
        self.sources: dict[Any, str] = dict.fromkeys(view_args, "path") if view_args else {}
        self.open: str | None = None
        self.memo: dict[Any, Any] = {}
        self._view_args, self._dicts, self._files, self._headers = view_args, dicts, files, headers
        self._named: tuple[Named, ...] | None = None
        for source, part in dicts or ():
            self.sources = {**dict.fromkeys(part, source), **self.sources}
            if self.open is None and source in ("query", "form"):
                self.open = source

    @property
    def named(self) -> tuple[Named, ...]:
        """All parts but the body, made when they are asked for: nobody does where no value is known."""
        if self._named is None:
            self._named = tuple(self._name())
        return self._named

    def _name(self) -> Iterator[Named]:
        if self._view_args:
            yield "path", {name: [value] for name, value in self._view_args.items()}, self._view_args
        for source, part in self._dicts or ():
            yield source, dict(part.lists()), part
        if self._files is not None:
            yield "form", _told_of_files(self._files), self._files
        if self._headers is not None:
            yield "header", HeaderValues(self._headers), self._headers


NO_PARTS = Parts()


def parts_of(request: Request | None) -> Parts:
    """Give what the code of *request* has looked at; reading it here reads nothing from the client.

    It is kept with the request, until its code looks at more: each error of a group asks for it.
    """
    if request is None:
        return NO_PARTS
    read = request.__dict__
    seen = [*map(read.get, KEPT_BY_REQUEST)]
    kept: tuple[list[Any], Parts] | None = read.get(KEPT)
    if kept is None or not all(map(is_, kept[0], seen)):
        kept = read[KEPT] = seen, _read(request, *seen)
    return kept[1]


def _read(
    request: Request, json: Any, data: Any, args: Any, form: Any, files: Any, cookies: Any, view_args: Any
) -> Parts:
    held = UNKNOWN if json is None or json[0] is Ellipsis else json[0]
    looked_at: tuple[tuple[str, Any], ...] = ()
    if not (args is form is files is cookies is None):
        looked_at = (("query", args), ("form", form), ("form", files), ("cookie", cookies))
    return Parts(
        sent=_parse(request, data) if data else UNKNOWN,
        held=held,
        view_args=view_args,
        dicts=[(source, part) for source, part in looked_at if isinstance(part, MultiDict)],
        files=files if isinstance(files, MultiDict) else None,
        headers=request.headers,
    )


def body_of(request: Request | None) -> bytes | None:
    """Give the body that the code of *request* has read; None if it has read none, or not at one go."""
    return None if request is None else request.__dict__.get("_cached_data")


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
