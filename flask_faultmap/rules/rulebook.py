"""The first map, compiled: which rule decides about an exception."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from flask_faultmap.errors import DomainError
from flask_faultmap.rules.judging import CompiledRule, itself
from flask_faultmap.rules.matching import Text, causes
from flask_faultmap.rules.resolving import resolve
from flask_faultmap.rules.rule import Rule

FRAMEWORKS = frozenset({"flask", "werkzeug", "jinja2", "pydantic_core"})
WIDE = frozenset({LookupError, KeyError, OSError, ValueError, RuntimeError, TypeError, AssertionError})
TOO_WIDE = "the framework says this of the app itself; a rule must name its class"


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


def leaves_decide(_: object) -> None:
    """A group is what its leaves are, which the mapper asks; this rule names the class."""


ITSELF = Rule(on=DomainError, translate=itself)
GROUP = Rule(on=ExceptionGroup, translate=leaves_decide)


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
        plan = self._plans.get(type(exc))
        if plan is None:
            plan = self._make_plan(type(exc))
        if not (plan or self._last or self.has_wrapped):  # as with most bugs
            return None
        for rules, subject, text_of in self._find_candidates(exc, plan):
            for compiled in rules:
                if compiled.marker is not None and compiled.is_surely_out(text_of):
                    continue
                error = compiled.judge(subject, text_of, request)
                if isinstance(error, DomainError):
                    return Decision(error, None if compiled.rule is ITSELF else compiled.rule)
        return None

    def verdicts(self, exc: BaseException) -> Iterator[Verdict]:
        """Say what each rule says of *exc*, in order, up to the one that decides."""
        for rules, subject, text_of in self._find_candidates(exc, self._make_plan(type(exc))):
            for compiled in rules:
                said = compiled.judge(subject, text_of)
                if isinstance(said, DomainError):
                    yield Verdict(compiled.rule, subject, said, "decides")
                    return
                yield Verdict(compiled.rule, subject, None, said)
        is_theirs = type(exc) in WIDE and _is_frameworks_own(exc)
        for parent in _find_too_wide(type(exc)) or ([type(exc)] if is_theirs else []):
            for compiled in self._by_class.get(parent, ()):
                yield Verdict(compiled.rule, exc, None, TOO_WIDE)

    def _find_candidates(
        self, exc: BaseException, plan: tuple[CompiledRule, ...]
    ) -> list[tuple[tuple[CompiledRule, ...], BaseException, Callable[[], Text]]]:
        """Give the rules that are asked, in order, and which exception each of them is asked about."""
        text_of = _make_reader(exc)
        if plan and type(exc) in WIDE and _is_frameworks_own(exc):
            plan = tuple(known for known in plan if not (known.rule.is_bare and known.rule.on in WIDE))
        found = [(plan, exc, text_of)]
        if self.has_wrapped:
            for link in causes(exc):
                wrapped = tuple(compiled for compiled in self._make_plan(type(link)) if compiled.rule.wrapped)
                found.append((wrapped, link, _make_reader(link)))
        if self._last and isinstance(exc, Exception):
            found.append((self._last, exc, text_of))
        return found

    def _make_plan(self, cls: type) -> tuple[CompiledRule, ...]:
        """The rules of the classes in the MRO of *cls*, nearest first, without bare rules on Exception."""
        plan = self._plans.get(cls)
        if plan is None:
            left_out = _find_too_wide(cls)
            found = (
                compiled
                for parent in cls.__mro__
                if parent not in left_out
                for compiled in self._by_class.get(parent, ())
            )
            plan = tuple(compiled for compiled in found if compiled not in self._last)
            self._plans[cls] = plan
        return plan


def _find_too_wide(cls: type) -> list[type]:
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
    link = exc.__traceback__
    if link is None:
        return False
    while link.tb_next is not None:
        link = link.tb_next
    return str(link.tb_frame.f_globals.get("__name__")).partition(".")[0] in FRAMEWORKS


def _make_reader(exc: BaseException) -> Callable[[], Text]:
    """Read and case-fold the text of *exc* once, when the first rule asks for it."""
    read: list[Text] = []

    def text_of() -> Text:
        if not read:
            read.append(Text(str(exc)))
        return read[0]

    return text_of
