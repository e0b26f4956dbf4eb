"""The first map, compiled: which rule decides about an exception."""

import inspect
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

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
from flask_faultmap.rules.rule import Rule, name_of, resolve

logger: logging.Logger = logger_named("flask_faultmap")

FRAMEWORKS = frozenset({"flask", "werkzeug", "jinja2", "pydantic_core"})
WIDE = frozenset({LookupError, KeyError, OSError, ValueError, RuntimeError, TypeError, AssertionError})
TOO_WIDE = "the framework says this of the app itself; a rule must name its class"
NO_MARKERS = "the text has not all markers"


class Decision(NamedTuple):  # made for each fault, and in half the time of a frozen dataclass
    """What an exception means to the domain, and the rule that said so (None: it was a domain error)."""

    error: DomainError
    rule: Rule | None = None

    @property
    def rule_name(self) -> str | None:
        """What the log and the signal call the rule."""
        return None if self.rule is None else str(self.rule)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule said of one exception: why not, or its domain error."""

    rule: Rule
    subject: BaseException
    error: DomainError | None
    reason: str


def itself(exc: DomainError) -> DomainError:
    """A domain error needs no translation."""
    return exc


def leaves_decide(_: object) -> None:
    """A group is what its leaves are, which the mapper asks; this rule names the class."""


ITSELF = Rule(on=DomainError, translate=itself)
GROUP = Rule(on=ExceptionGroup, translate=leaves_decide)


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
                return self._uncalled(path, found) or f"{path} is not {name_of(wanted)}"
        target = self._targets
        if self._table is not None:
            found = look_up(exc, self._table)
            target = target.get(found)
            if target is None:
                return self._uncalled(self._table, found) or f"the table has no entry for this {self._table}"
        if self._cause is not None and not any(isinstance(link, self._cause) for link in causes(exc)):
            return "no such cause"
        if target is not None:
            return self._make(target, exc)
        return self._translated(exc, request)

    def _uncalled(self, path: str, found: object) -> str | None:
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

    def _translated(self, exc: BaseException, request: Any) -> DomainError | str:
        translate: Any = self.rule.translate
        error = translate(exc, request) if self._takes_request else translate(exc)
        if error is None:
            return "the function said: not mine"
        if not isinstance(error, DomainError):
            raise TypeError(f"translate gave a {type(error).__name__}; it must give a DomainError or None")
        return error


def load_redact() -> Callable[[str], str]:
    """Import what only a rule needs that exposes a text: ten modules, a tenth of our import."""
    from flask_faultmap.redaction.redacting import redact

    return redact


class RuleBook:
    """All rules of one map, in the order in which they are asked.

    Args:
        rules: the app's rules.
        ours: built-in rules, asked after the app's rules of the same class.
    """

    def __init__(self, rules: Iterable[Rule], ours: Iterable[Rule] = ()) -> None:
        self.missing: list[Rule] = []  # rules of packages that are not installed
        self._by_class: dict[type, tuple[CompiledRule, ...]] = {}
        self._plans: WeakKeyDictionary[type, tuple[CompiledRule, ...]] = WeakKeyDictionary()
        by_class: dict[type, list[CompiledRule]] = {}
        for is_ours, given in ((False, rules), (True, (*ours, ITSELF, GROUP))):
            for order, rule in enumerate(given):
                known = resolve(rule)
                if known is None:
                    self.missing.append(rule)
                    continue
                compiled = CompiledRule(known, order, is_ours=is_ours)
                by_class.setdefault(known.on, []).append(compiled)  # type: ignore[arg-type]  # resolved
        for cls, found in by_class.items():
            self._by_class[cls] = tuple(sorted(found, key=lambda compiled: compiled.order))
        self._names_domain_errors = self.names_more_than(ITSELF)
        self.has_wrapped: bool = any(
            compiled.rule.wrapped for found in by_class.values() for compiled in found
        )
        self._last = tuple(
            compiled for compiled in self._by_class.get(Exception, ()) if compiled.rule.is_bare
        )

    @property
    def rules(self) -> list[Rule]:
        """All rules that are installed, class by class, in the order in which they are asked."""
        return [compiled.rule for found in self._by_class.values() for compiled in found]

    @property
    def classes(self) -> list[type[Exception]]:
        """The classes that rules name."""
        return list(self._by_class)

    def names_more_than(self, rule: Rule) -> bool:
        """Say whether there is another rule for the class of *rule* or one below it."""
        cls: Any = rule.on
        return any(
            issubclass(known, cls) and any(compiled.rule is not rule for compiled in found)
            for known, found in self._by_class.items()
        )

    def decide(self, exc: BaseException, request: Any = None) -> Decision | None:
        """Give the decision of the first rule that counts; None if no rule knows *exc*.

        *request* is for built-in rules that ask whether a value came with it.
        """
        if not self._names_domain_errors and isinstance(exc, DomainError):
            return Decision(exc)
        plan = self._plan(type(exc))
        if not (plan or self._last or self.has_wrapped):  # as with most bugs
            return None
        for rules, subject, text_of in self._candidates(exc, plan):
            for compiled in rules:
                if compiled.marker is not None and compiled.is_surely_out(text_of):
                    continue
                error = compiled.judge(subject, text_of, request)
                if isinstance(error, DomainError):
                    return Decision(error, None if compiled.rule is ITSELF else compiled.rule)
        return None

    def verdicts(self, exc: BaseException) -> Iterator[Verdict]:
        """Say what each rule says of *exc*, in order, up to the one that decides."""
        for rules, subject, text_of in self._candidates(exc, self._plan(type(exc))):
            for compiled in rules:
                said = compiled.judge(subject, text_of)
                if isinstance(said, DomainError):
                    yield Verdict(compiled.rule, subject, said, "decides")
                    return
                yield Verdict(compiled.rule, subject, None, said)
        for parent in _too_wide(type(exc)) or ([type(exc)] if _is_frameworks_own(exc) else []):
            for compiled in self._by_class.get(parent, ()):
                yield Verdict(compiled.rule, exc, None, TOO_WIDE)

    def _candidates(
        self, exc: BaseException, plan: tuple[CompiledRule, ...]
    ) -> Iterator[tuple[tuple[CompiledRule, ...], BaseException, Callable[[], Text]]]:
        """Give the rules that are asked, in order, and which exception each of them is asked about."""
        text_of = _reader(exc)
        if plan and _is_frameworks_own(exc):
            plan = tuple(known for known in plan if not (known.rule.is_bare and known.rule.on in WIDE))
        if plan:
            yield plan, exc, text_of
        if self.has_wrapped:
            for link in causes(exc):
                wrapped = tuple(compiled for compiled in self._plan(type(link)) if compiled.rule.wrapped)
                yield wrapped, link, _reader(link)
        if self._last and isinstance(exc, Exception):
            yield self._last, exc, text_of

    def _plan(self, cls: type) -> tuple[CompiledRule, ...]:
        """The rules of the classes in the MRO of *cls*, nearest first, without bare rules on Exception."""
        plan = self._plans.get(cls)
        if plan is None:
            left_out = _too_wide(cls)
            found = (
                compiled
                for parent in cls.__mro__
                if parent not in left_out
                for compiled in self._by_class.get(parent, ())
            )
            plan = tuple(compiled for compiled in found if compiled not in self._last)
            self._plans[cls] = plan
        return plan


def _too_wide(cls: type) -> list[type]:
    """Name the built-in parents of *cls* whose rules do not count: a framework's error is made of them.

    A missing template is a ``LookupError`` and an ``OSError``, and yet no word about the domain.
    """
    frameworks = [parent for parent in cls.__mro__ if parent.__module__.partition(".")[0] in FRAMEWORKS]
    return [
        parent
        for parent in cls.__mro__
        if parent.__module__ == "builtins"
        and parent is not Exception
        and any(issubclass(known, parent) for known in frameworks)
    ]


def _is_frameworks_own(exc: BaseException) -> bool:
    """Say whether a framework raised a wide class itself: no secret key, a view that returned nothing."""
    link = exc.__traceback__ if type(exc) in WIDE else None
    if link is None:
        return False
    while link.tb_next is not None:
        link = link.tb_next
    return str(link.tb_frame.f_globals.get("__name__")).partition(".")[0] in FRAMEWORKS


def _reader(exc: BaseException) -> Callable[[], Text]:
    """Read and case-fold the text of *exc* once, when the first rule asks for it."""
    read: list[Text] = []

    def text_of() -> Text:
        if not read:
            read.append(Text(str(exc)))
        return read[0]

    return text_of
