"""The first map: what a foreign exception means to the domain."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from flask_faultmap.defining import OURS
from flask_faultmap.errors import ConfigError, DomainError

Translator = Callable[[Any], DomainError | None]
Outcome = type[DomainError] | Mapping[Any, type[DomainError]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """One rule of the first map: conditions, all of which must hold, and one outcome.

    Args:
        on: the exception class, or its dotted name (an optional dependency).
        to: the domain error, or with *table* a mapping of values to domain errors.
        translate: a function of the exception in place of *to*; None means "not mine".
        where: dotted paths of attributes, keys or methods (``code()``), and the values that they must have.
        table: a dotted path, as in *where*, whose value chooses among *to*.
        cause: a class that must occur in the explicit cause chain.
        text: literal markers that must all occur in ``str(exc)``, in any case, on word borders.
        wrapped: whether the rule also counts for a link deep in the cause chain.
        expose: whether the client may read the exception's own text, redacted.
        message: a fixed text for the client.
        pack: the name of the pack that the rule belongs to, for the tools.

    Raises:
        ConfigError: when the rule could never be right.
    """

    on: type[BaseException] | str
    to: Outcome | None = None
    translate: Translator | None = None
    where: Mapping[str, Any] | None = None
    table: str | None = None
    cause: type[BaseException] | str | None = None
    text: str | tuple[str, ...] = ()
    wrapped: bool = False
    expose: bool = False
    message: str | None = None
    pack: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.text, Iterable):
            markers = (self.text,) if isinstance(self.text, str) else tuple(self.text)
            object.__setattr__(self, "text", markers)
        mistakes = [*_find_mistakes(self)]
        if mistakes:
            raise ConfigError(f"{_name_rule(self.on)}: " + "; ".join(mistakes))
        for name in ("to", "where"):
            value = getattr(self, name)
            if isinstance(value, Mapping):
                object.__setattr__(self, name, dict(value))

    def __str__(self) -> str:
        conditions = [f"{path}={name_of(value)}" for path, value in (self.where or {}).items()]
        if self.cause is not None:
            conditions.append(f"cause={name_of(self.cause)}")
        if self.text:
            conditions.append("text=" + " + ".join(repr(marker) for marker in self.text))
        place = " (or wrapped)" if self.wrapped else ""
        given = f" where {', '.join(conditions)}" if conditions else ""
        return f"{name_of(self.on)}{place}{given} -> {_name_outcome(self)}"

    @property
    def is_bare(self) -> bool:
        """Whether the class alone decides."""
        return not (self.where or self.table or self.cause or self.text)

    @property
    def is_built_in(self) -> bool:
        """Whether the rule is one of ours, all of which have a function of ours."""
        return self.pack is None and str(getattr(self.translate, "__module__", "")).startswith(OURS)

    @property
    def outcomes(self) -> tuple[type[DomainError], ...]:
        """The domain errors that this rule names."""
        if isinstance(self.to, Mapping):
            return tuple(dict.fromkeys(self.to.values()))
        return () if self.to is None else (self.to,)


def _find_mistakes(rule: Rule) -> Iterator[str]:
    yield from _check_class("on", rule.on)
    if rule.cause is not None:
        yield from _check_class("cause", rule.cause)
    yield from _check_outcome(rule)
    yield from _check_text(rule)
    yield from _check_paths(rule)
    for name, flag in (("wrapped", rule.wrapped), ("expose", rule.expose)):
        if not isinstance(flag, bool):
            yield f"{name} is {flag!r}; it must be True or False"
    if rule.message is not None and not isinstance(rule.message, str):
        yield f"message is {rule.message!r}; it must be a str"
    if rule.message == "":
        yield "message is ''; it must not be empty"
    if rule.message is not None and rule.expose:
        yield "it has both expose and message; a fixed text leaves nothing to expose"


def _check_class(name: str, value: object) -> Iterator[str]:
    is_class = isinstance(value, type) and issubclass(value, BaseException)
    if not is_class and not _is_dotted_name(value):
        hint = "; give each class a rule of its own" if isinstance(value, tuple | list) else ""
        yield f"{name} is {value!r}; it must be an exception class or its dotted name{hint}"
    elif is_class and not issubclass(value, Exception):  # type: ignore[arg-type]  # told by is_class
        yield f"{name} is {name_of(value)}, which is no Exception: Flask hands none of these to handlers"


def _is_dotted_name(value: object) -> bool:
    return isinstance(value, str) and "." in value and all(part.isidentifier() for part in value.split("."))


def _check_outcome(rule: Rule) -> Iterator[str]:
    if (rule.to is None) == (rule.translate is None):
        yield "it needs one outcome: to=ErrorClass, to={value: ErrorClass} with table=, or translate=function"
    elif rule.translate is not None:
        yield from _check_function(rule.translate)
        if rule.expose or rule.message is not None:
            yield "expose and message go with to=; a function says itself what is public"
        if rule.table is not None:
            yield "table goes with to={value: ErrorClass}, not with translate"
    elif isinstance(rule.to, Mapping) != (rule.table is not None):
        yield "table='path' and to={value: ErrorClass} go together"
    elif rule.to == {}:
        yield "to is {}; a table needs an entry"
    targets = rule.to.values() if isinstance(rule.to, Mapping) else () if rule.to is None else (rule.to,)
    for target in targets:
        yield from _check_target(target)


def _check_target(target: object) -> Iterator[str]:
    if not (isinstance(target, type) and issubclass(target, DomainError)):
        hint = "; a function goes to translate=" if inspect.isroutine(target) else ""
        yield f"to names {name_of(target)}; it must be a subclass of DomainError{hint}"
        return
    try:
        inspect.signature(target).bind("text", public="text")
    except TypeError as exc:
        yield f"{target.__name__} cannot be made as {target.__name__}(text, public=…) ({exc}); use translate="


def _check_function(function: object) -> Iterator[str]:
    if isinstance(function, type) and issubclass(function, DomainError):
        name = function.__name__
        yield f"translate is the class {name}, which would expose the exception's text; write to={name}"
    elif inspect.iscoroutinefunction(function):
        yield f"translate is {function!r}; it must be a function of the exception, and no coroutine function"
    elif not callable(function) or not _takes_one(function):
        yield f"translate is {function!r}; it must be a function of the exception"


def _takes_one(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind("exception")
    except TypeError:
        return False
    except ValueError:  # some functions written in C do not say what they take
        return True
    return True


def _check_paths(rule: Rule) -> Iterator[str]:
    if rule.table is not None and not _is_path(rule.table):
        yield f"table is {rule.table!r}; a path is names with dots between"
    if rule.where is not None and not isinstance(rule.where, Mapping):
        yield f"where is {rule.where!r}; it must be a mapping"
        return
    for path in rule.where or ():
        if not _is_path(path):
            yield f"where has {path!r}; a path is names with dots between"


def _is_path(value: object) -> bool:
    return isinstance(value, str) and all(step.removesuffix("()") for step in value.split("."))


def _check_text(rule: Rule) -> Iterator[str]:
    if not isinstance(rule.text, tuple):
        yield f"text is {rule.text!r}; it must be a text or a tuple of texts"
    elif any(not isinstance(marker, str) or not marker.strip() for marker in rule.text):
        yield f"text is {rule.text!r}; each marker must be a text that is not empty"
    elif len(rule.text) == 1 and rule.text[0].isalpha():
        yield f"text is the one word {rule.text[0]!r}, which many texts have; give a longer marker or several"
    if rule.text and rule.on is Exception:
        yield "a text rule on Exception would read every failure; name the class"


def _name_rule(on: object) -> str:
    return f"Rule(on={name_of(on)})"


def name_of(value: object) -> str:
    """Write *value* as the rule's source does: ``Code.INTERNAL``, ``KeyError``, ``'55P03'``."""
    if isinstance(value, Enum) and value.name is not None:  # flags together may have none
        return f"{type(value).__name__}.{value.name}"
    return getattr(value, "__name__", None) or repr(value)


def _name_outcome(rule: Rule) -> str:
    if isinstance(rule.to, Mapping):
        return f"{len(rule.to)} errors by {rule.table}"
    return name_of(rule.translate if rule.to is None else rule.to)
