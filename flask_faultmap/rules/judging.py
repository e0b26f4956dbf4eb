"""One rule, compiled: whether it knows an exception, and what it makes of it."""

import inspect
import logging
from collections.abc import Callable
from typing import Any

from flask_faultmap.errors import DomainError
from flask_faultmap.loggers import logger_named
from flask_faultmap.rules.matching import (
    MissingError,
    Text,
    UncalledError,
    causes,
    describe_uncalled,
    look_up,
)
from flask_faultmap.rules.rule import Rule, name_of

logger: logging.Logger = logger_named("flask_faultmap")

NO_MARKERS = "the text has not all markers"


def itself(exc: DomainError) -> DomainError:
    """A domain error needs no translation."""
    return exc


class CompiledRule:
    """One rule, ready to be asked."""

    __slots__ = (
        "_cause",
        "_has_told",
        "_markers",
        "_redact",
        "_table",
        "_takes_request",
        "_targets",
        "_where",
        "marker",
        "order",
        "rule",
    )

    def __init__(self, rule: Rule, order: int, *, is_ours: bool) -> None:
        self.rule: Rule = rule
        # Within one class: where or table first, then cause, then text, then the app's, then as written.
        self.order: tuple[bool, bool, bool, bool, int] = (
            not (rule.where or rule.table),
            rule.cause is None,
            not rule.text,
            is_ours,
            order,
        )
        self._where = tuple((rule.where or {}).items())
        self._table = rule.table
        self._cause: Any = rule.cause
        self._markers = tuple(marker.casefold() for marker in rule.text)
        self.marker: str | None = self._markers[0] if self._markers else None  # what a text must have
        self._targets: Any = rule.to
        self._redact = load_redact() if rule.expose else None
        self._takes_request = is_ours and "request" in inspect.signature(rule.translate or itself).parameters
        self._has_told = False  # of a method that is not called: once is enough

    def judge(
        self, exc: BaseException, text_of: Callable[[], Text], request: Any = None
    ) -> DomainError | str:
        """Give the domain error of *exc*, or the reason why the rule does not count.

        Whatever an attribute, a translator or a constructor raises is such a reason, and logged.
        """
        try:
            return self._judge(exc, text_of, request)
        except MissingError as problem:
            return str(problem)
        except UncalledError as problem:
            self._tell_uncalled(str(problem))
            return str(problem)
        except Exception as problem:  # a border: conditions and outcomes run foreign code
            reason = f"raised {type(problem).__name__}"
            logger.warning("The rule %s does not count: it %s", self.rule, reason, exc_info=problem)
            return reason

    def is_surely_out(self, text_of: Callable[[], Text]) -> bool:
        """Whether the text lacks a marker at all: nearly always so, and a tenth of what judging costs."""
        try:
            return self.marker is not None and self.marker not in text_of().whole
        except Exception:  # a border: `__str__` runs foreign code; judging will say so
            return False

    def _judge(self, exc: BaseException, text_of: Callable[[], Text], request: Any) -> DomainError | str:
        if self._markers and not text_of().has_all(self._markers):
            return NO_MARKERS
        for path, wanted in self._where:
            found = look_up(exc, path)
            if found != wanted:
                return self._find_uncalled(path, found) or f"{path} is not {name_of(wanted)}"
        target = self._targets
        if self._table is not None:
            found = look_up(exc, self._table)
            target = target.get(found)
            if target is None:
                return (
                    self._find_uncalled(self._table, found)
                    or f"the table has no entry for this {self._table}"
                )
        if self._cause is not None and not any(isinstance(link, self._cause) for link in causes(exc)):
            return "no such cause"
        if target is not None:
            return self._make(target, exc)
        translate: Any = self.rule.translate
        error = translate(exc, request) if self._takes_request else translate(exc)
        if error is None:
            return "the function said: not mine"
        if not isinstance(error, DomainError):
            raise TypeError(f"translate gave a {type(error).__name__}; it must give a DomainError or None")
        return error

    def _find_uncalled(self, path: str, found: object) -> str | None:
        """Say that the value *found* at *path* is a method, where it is one."""
        if not inspect.isroutine(found):
            return None
        told = describe_uncalled(path.rpartition(".")[2])
        self._tell_uncalled(told)
        return told

    def _tell_uncalled(self, told: str) -> None:
        if not self._has_told:
            self._has_told = True
            logger.warning("The rule %s does not count: %s", self.rule, told)

    def _make(self, target: type[DomainError], exc: BaseException) -> DomainError:
        rule, text = self.rule, str(exc)
        public = rule.message or ("" if self._redact is None else self._redact(text))
        if public:
            return target(text, public=public)
        error = target(text)
        vars(error)["expose"] = False  # the text is a foreign one, whatever the class says of its own
        return error


def load_redact() -> Callable[[str], str]:
    """Import what only a rule needs that exposes a text: ten modules, a tenth of our import."""
    from flask_faultmap.redaction.redacting import redact

    return redact
