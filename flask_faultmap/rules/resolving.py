"""How a rule that names its classes by text gets them: optional dependencies are imported, or left out."""

import sys
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask_faultmap.errors import ConfigError
from flask_faultmap.near_miss import near_miss
from flask_faultmap.rules.rule import Rule


def resolve(rule: Rule) -> Rule | None:
    """Load the classes that *rule* names by string; None if their package is not installed.

    Raises:
        ConfigError: a package is installed and has no such class.
    """
    loaded = {}
    for name in ("on", "cause"):
        wanted = getattr(rule, name)
        if isinstance(wanted, str):
            loaded[name] = _load(wanted, f"Rule({name}={wanted!r})")
            if loaded[name] is None:
                return None
    if not loaded:
        return rule
    return replace(rule, **loaded)  # type: ignore[arg-type]  # checked once more, now with its classes


def _load(path: str, place: str) -> type[BaseException] | None:
    """Import the exception class of a dotted *path*; None if its package is not installed."""
    package, *_ = parts = path.split(".")
    if sys.modules.get(package) is None and find_spec(package) is None:
        return None
    home: Any = None
    found: Any = None
    for at in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:at])
        try:
            found = home = import_module(module)
            for part in parts[at:]:
                found = getattr(found, part, None)
            break
        except ModuleNotFoundError as exc:
            if exc.name is not None and (module == exc.name or module.startswith(f"{exc.name}.")):
                continue  # the part may be a class that holds the class
            raise ConfigError(f"{place}: importing {module} failed: {exc}") from exc
        except Exception as exc:  # a border: an installed package may fail in any way while it is imported
            raise ConfigError(f"{place}: importing {module} failed: {exc!r}") from exc
    if not (isinstance(found, type) and issubclass(found, BaseException)):
        miss = near_miss(parts[-1], dir(home))
        raise ConfigError(f"{place}: {package} is installed, but {path} is no exception class in it{miss}")
    return found
