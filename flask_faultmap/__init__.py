"""One error boundary for a Flask app.

Names are loaded when they are asked for (PEP 562), so that ``flask_faultmap.errors`` can be
imported by a domain that knows no Flask.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask_faultmap.border import FaultMap, current_fault, request_id
    from flask_faultmap.categories import Category
    from flask_faultmap.errors import ConfigError, DomainError
    from flask_faultmap.faults import Fault, Violation
    from flask_faultmap.profiles import Profile
    from flask_faultmap.rules import Rule
    from flask_faultmap.signals import fault_translated
    from flask_faultmap.upstreams import upstream

__version__ = "0.1.0"

__all__ = [
    "Category",
    "ConfigError",
    "DomainError",
    "Fault",
    "FaultMap",
    "Profile",
    "Rule",
    "Violation",
    "current_fault",
    "fault_translated",
    "request_id",
    "upstream",
]

_HOMES = {
    "Category": "categories",
    "ConfigError": "errors",
    "DomainError": "errors",
    "Fault": "faults",
    "FaultMap": "border",
    "Profile": "profiles",
    "Rule": "rules",
    "Violation": "faults",
    "current_fault": "border",
    "fault_translated": "signals",
    "request_id": "border",
    "upstream": "upstreams",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        from flask_faultmap.near_miss import near_miss

        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{near_miss(name, __all__)}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
