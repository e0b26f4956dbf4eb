"""How a text is laid out in lines: JSON breaks between members, other text between words."""

import json
import re
from typing import Any

MOST = 400  # characters of a text
MOST_OF_A_STRING = 160  # characters of a string in JSON
LONG_ID = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24}\b")


def lay(text: str, width: int) -> list[str]:
    """Lay *text* out in lines of at most *width*, by its members if it is JSON."""
    try:
        value = json.loads(text)
    except ValueError:
        return fill(shorten(" ".join(text.split())).split(), width)
    return fill(units_of(value), width)


def units_of(value: Any) -> list[str]:
    """Write JSON in units that no line breaks, unless one is longer than a line."""
    if isinstance(value, dict) and value:
        items = [(f"{json.dumps(name, ensure_ascii=False)}: ", member) for name, member in value.items()]
        return _enclose("{", items, "}")
    if isinstance(value, list) and value:
        return _enclose("[", [("", item) for item in value], "]")
    told = shorten(value, MOST_OF_A_STRING) if isinstance(value, str) else value
    return [json.dumps(told, ensure_ascii=False)]


def _enclose(start: str, items: list[tuple[str, Any]], end: str) -> list[str]:
    units: list[str] = []
    for name, item in items:
        first, *others = units_of(item)
        units += [name + first, *others]
        units[-1] += ","
    units[0] = start + units[0]
    units[-1] = units[-1].removesuffix(",") + end
    return units


def fill(units: list[str], width: int) -> list[str]:
    """Put as many *units* into each line as there is room for; one that is longer is broken at a blank."""
    lines: list[str] = []
    for unit in units:
        if lines and len(lines[-1]) + 1 + len(unit) <= width:
            lines[-1] += f" {unit}"
        elif len(unit) <= width:
            lines.append(unit)
        elif " " in unit:
            lines += fill(unit.split(" "), width)
        else:
            lines.append(f"{unit[: width - 1]}…")
    return lines


def shorten(text: str, most: int = MOST) -> str:
    """Cut ids to their beginning, and what is long between two words."""
    text = LONG_ID.sub(r"\1…", text)
    if len(text) <= most:
        return text
    start, blank, _ = text[: most + 1].rpartition(" ")
    return f"{start if blank else text[:most]}… ({len(text)} characters)"
