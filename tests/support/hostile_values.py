"""Values that are no JSON, and do harm when they are looked at: for Hypothesis, and by name."""

from collections import namedtuple
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import PurePosixPath
from types import MappingProxyType

from hypothesis import strategies as st


class Colour(Enum):
    RED = "red"
    BOTH = ("red", "blue")
    ODD = object()


class Number(IntEnum):
    ONE = 1


class Word(StrEnum):
    GONE = "gone"


class Endless(Enum):
    MEMBER = 1

    @property
    def value(self):
        return self


def fails(*_):
    raise RuntimeError("not today")


class RaisingMapping(Mapping):
    __getitem__ = __iter__ = __len__ = __bool__ = fails


RaisingDict = type(
    "RaisingDict", (dict,), {"items": fails, "__iter__": fails, "__len__": fails, "__bool__": fails}
)
RaisingList = type("RaisingList", (list,), {"__iter__": fails, "__len__": fails})
RaisingInt = type(
    "RaisingInt", (int,), {"__repr__": fails, "__str__": fails, "__add__": fails, "__pos__": fails}
)
RaisingFloat = type("RaisingFloat", (float,), {"__repr__": fails, "__float__": fails, "__add__": fails})
RaisingStr = type("RaisingStr", (str,), {"__str__": fails, "__repr__": fails, "encode": fails})
RaisingBytes = type("RaisingBytes", (bytes,), {"__bytes__": fails, "decode": fails})
RaisingPath = type("RaisingPath", (PurePosixPath,), {"__str__": fails, "__repr__": fails})
RaisingObject = type(
    "RaisingObject",
    (),
    {"__getattr__": fails, "__repr__": fails, "__str__": fails, "__eq__": fails, "__hash__": fails},
)
RaisingClass = type("RaisingClass", (), {"__class__": property(fails)})
Point = namedtuple("Point", "x y")


ODD_KEYS = {
    "enum": lambda: Colour.BOTH,
    "int enum": lambda: Number.ONE,
    "text enum": lambda: Word.GONE,
    "decimal": lambda: Decimal("NaN"),
    "date": lambda: date(2026, 1, 1),
    "raising text": lambda: RaisingStr("k"),
    "huge number": lambda: 10**5000,
    "class": lambda: object,
}
ODD_VALUES = {
    "object": object,
    "function": lambda: fails,
    "exception": lambda: ValueError("x"),
    "complex": lambda: 1j,
    "range": lambda: range(3),
    "bytearray": lambda: bytearray(b"\xff"),
    "endless enum": lambda: Endless.MEMBER,
    "raising mapping": RaisingMapping,
    "raising dict": lambda: RaisingDict(a=1),
    "raising list": lambda: RaisingList([1]),
    "raising int": lambda: RaisingInt(5),
    "raising float": lambda: RaisingFloat(1.5),
    "raising bytes": lambda: RaisingBytes(b"b"),
    "raising path": lambda: RaisingPath("/a"),
    "raising object": RaisingObject,
}


def odd_key(name):
    return ODD_KEYS[name]()


def odd_value(name):
    return ODD_VALUES[name]()


# Odd things by name, since Hypothesis shows what it draws.
KEYS = (
    st.text(st.characters(categories=["L", "Cs"]), max_size=3)
    | st.integers()
    | st.floats()
    | st.none()
    | st.binary(max_size=3)
    | st.tuples(st.integers())
    | st.sampled_from(sorted(ODD_KEYS)).map(odd_key)
)
ANYTHING = st.recursive(
    KEYS | st.text(st.characters()) | st.booleans() | st.sampled_from(sorted(ODD_VALUES)).map(odd_value),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.frozensets(KEYS, max_size=3)
        | inner.map(lambda value: MappingProxyType({"in": value}))
    ),
    max_leaves=10,
)
