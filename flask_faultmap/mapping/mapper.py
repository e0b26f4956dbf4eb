"""Both maps of one app, without a request: an exception in, a fault out."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from typing import Any, NamedTuple
from urllib.parse import quote
from weakref import WeakKeyDictionary

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from flask_faultmap.errors import (
    NOTHING,
    ConfigError,
    DomainError,
    InternalError,
    ValidationFailedError,
)
from flask_faultmap.faults import Fault, Kind, new_fault
from flask_faultmap.http.errors import from_http
from flask_faultmap.http.statuses import FrameworkError
from flask_faultmap.http.validation import with_violations
from flask_faultmap.mapping.builtin import HTTP, rules_of_our_own
from flask_faultmap.mapping.explanation import Explanation
from flask_faultmap.mapping.occurrences import (
    category_of,
    code_of,
    details_of,
    differs,
    public_text,
    title_of,
    trait_of,
    violations_of,
)
from flask_faultmap.mapping.settings import STATUSES, Mode, Settings
from flask_faultmap.mapping.worded import word_without_request
from flask_faultmap.profiles.profile import Profile
from flask_faultmap.profiles.schemas import ABOUT_BLANK
from flask_faultmap.profiles.templates import Template
from flask_faultmap.retry_after import whole_seconds
from flask_faultmap.rules.rule import Rule
from flask_faultmap.rules.rulebook import Decision, RuleBook
from flask_faultmap.texts import level_number, text_of

KIND_ATTRIBUTES = frozenset({"category", "code", "title", "log_level", "retryable", "status"})


def new_id() -> str:
    """Make the id of a request that brought none: 32 hexadecimal digits, all of them random.

    They come from the system each time: a generator of our own would go on alike in every process that
    was forked without Python's hooks (as uWSGI does), or came from one snapshot of a machine.
    """
    return os.urandom(16).hex()


class CompiledKind(NamedTuple):
    """A kind, and the body of its faults with placeholders, where the profile's schema is compiled."""

    kind: Kind
    template: Template | None


# Gives the problem type of a code of an error class, where the app has a page for it.
FindType = Callable[["Mapper", type[DomainError], str], str | None]


class Mapper:
    """The machine of one app: never changes once made, holds no app, needs no request."""

    _find_type: FindType | None = None

    def __init__(self, rules: Iterable[Rule], profiles: Mapping[str, Profile], settings: Settings) -> None:
        self.profiles = profiles
        self.settings = settings
        self.book: RuleBook = RuleBook(rules, ours=rules_of_our_own(settings))
        self._names_http_errors = self.book.names_more_than(HTTP)
        # A category's word is no code here: what sets its category for one raise keeps its class's code.
        codes = {word: status for word, status in settings.statuses.items() if word not in STATUSES}
        self._statuses = {ValidationFailedError.code: settings.validation_status or 422, **codes}
        self._compiled_kinds: WeakKeyDictionary[type, dict[tuple[Profile | None, Mode], CompiledKind]] = (
            WeakKeyDictionary()
        )
        _check(self)

    def with_types(self, find_type: FindType | None) -> "Mapper":
        """Give a mapper that is the same, but for the problem types where ``TYPE_BASE`` names none."""
        other = copy(self)
        other._find_type, other._compiled_kinds = find_type, WeakKeyDictionary()
        return other

    def translate(self, exc: BaseException, request: Request | None = None) -> Decision | None:
        """Say what *exc* means to the domain, or return None if no rule knows it.

        A group is known if all its leaves are; then the gravest leaf speaks for it. Without *request*
        a failed validation is the app's own bug.
        """
        decision = self.book.decide(exc, request)
        if decision is None:
            return self._find_gravest(exc, request) if isinstance(exc, ExceptionGroup) else None
        if isinstance(decision.error, ValidationFailedError) and not decision.error.violations:
            return Decision(with_violations(decision.error, exc, request), decision.rule)
        return decision

    def translate_http(self, exc: HTTPException, request: Request, *, is_routing: bool) -> Decision:
        """Translate an HTTP error of a request; *is_routing* says that it came from matching the URL."""
        decision = self.translate(exc, request) if self._names_http_errors else None
        if decision is None or decision.rule is HTTP:
            return Decision(from_http(exc, environ=request.environ, is_routing=is_routing), HTTP)
        return decision

    def decide(self, exc: BaseException) -> Decision:
        """Translate *exc*; what no rule knows is an internal error, told to nobody."""
        return self.translate(exc) or Decision(InternalError(text_of(exc)))

    def describe(self, exc: BaseException) -> Fault:
        """Give the fault of *exc* as the default profile shows it, with an id of its own."""
        _check_exception(exc)
        return self._describe(self.decide(exc).error)

    def explain(self, exc: BaseException) -> Explanation:
        """Give the decision about *exc*, rule by rule."""
        _check_exception(exc)
        verdicts = tuple(self.book.verdicts(exc))
        known = verdicts[-1].error if verdicts else None
        if known is None and isinstance(exc, ExceptionGroup):
            gravest = self._find_gravest(exc, None)
            known = None if gravest is None else gravest.error
        error = InternalError(text_of(exc)) if known is None else known
        return Explanation(exc, verdicts, error, known is not None, self._describe(error))

    def fault(self, error: DomainError, kind: Kind, identity: str, text: str | None = None) -> Fault:
        """Describe one occurrence of *error*, in its own words or by *text*."""
        return new_fault(
            kind,
            identity,
            public_text(error, kind) if text is None else text,
            violations_of(error) if error.violations else (),
            {} if error.details is NOTHING else details_of(error),
            None if error.retry_after is None else whole_seconds(error.retry_after),
        )

    def compiled_kind(
        self, error: DomainError, profile: Profile | None, path: str | None = None
    ) -> CompiledKind:
        """Give the kind of *error* below *profile*; made once for each class, unless the instance differs.

        The path counts where the compatibility mode has prefixes.
        """
        mode = self.settings.mode_of(path)
        if not KIND_ATTRIBUTES.isdisjoint(error.__dict__):
            return CompiledKind(self._make_kind(error, profile, mode), None)
        compiled_kinds = self._compiled_kinds.get(type(error))
        if compiled_kinds is None:
            compiled_kinds = self._compiled_kinds[type(error)] = {}
        compiled = compiled_kinds.get((profile, mode))
        if compiled is not None:
            return compiled
        if differs(type(error)):
            return CompiledKind(self._make_kind(error, profile, mode), None)
        compiled = compiled_kinds[profile, mode] = self._compile_kind(error, profile, mode)
        return compiled

    def status_of(self, error: DomainError | type[DomainError]) -> int:
        """Give the status of *error*, or of a class of errors, before any collapsing."""
        if isinstance(error, FrameworkError):
            return error.status
        return self._statuses.get(code_of(error)) or self.settings.statuses[category_of(error)]

    def _describe(self, error: DomainError) -> Fault:
        profile = self.settings.profile
        kind = self.compiled_kind(error, profile).kind
        return self.fault(error, kind, new_id(), word_without_request(profile, error, kind))

    def _compile_kind(self, error: DomainError, profile: Profile | None, mode: Mode) -> CompiledKind:
        kind = self._make_kind(error, profile, mode)
        return CompiledKind(kind, None if profile is None else profile.template(kind))

    def _make_kind(self, error: DomainError, profile: Profile | None, mode: Mode) -> Kind:
        original = self.status_of(error)
        code = code_of(error)
        return Kind(
            category=category_of(error),
            code=code,
            title=title_of(error, original),
            status=_collapse(original, profile, mode),
            original_status=original,
            type=self._choose_type(type(error), code),
            level=self._choose_level(error, code, original),
            retryable=bool(trait_of(error, "retryable")),
        )

    def _choose_type(self, cls: type[DomainError], code: str) -> str:
        if self.settings.type_base is not None:
            return self.settings.type_base + quote(code)
        found = None if self._find_type is None else self._find_type(self, cls, code)
        return found or ABOUT_BLANK

    def _choose_level(self, error: DomainError, code: str, status: int) -> int | None:
        levels = self.settings.log_levels
        if "log_level" not in error.__dict__:
            for word in (code, category_of(error), str(status), f"{status // 100}xx"):
                if word in levels:
                    return levels[word]
        try:
            return level_number(trait_of(error, "log_level"))
        except ValueError:
            return logging.ERROR  # better one record too many than none

    def _find_gravest(self, group: ExceptionGroup[Exception], request: Request | None) -> Decision | None:
        known = []
        for leaf in group.exceptions:
            decision = self.translate(leaf, request)
            if decision is None:
                return None
            known.append(decision)
        return max(
            known, key=lambda decision: self.status_of(decision.error) >= 500
        )  # the first of the gravest


def _collapse(status: int, profile: Profile | None, mode: Mode) -> int:
    if mode is False:
        return status
    collapsed = status if profile is None else profile.collapse.get(status, status)
    return 400 if mode is True and collapsed == 404 else collapsed


def _check_exception(exc: object) -> None:
    if not isinstance(exc, BaseException):
        raise TypeError(f"{exc!r} is no exception; give one that was raised, or an instance")


def _check(mapper: Mapper) -> None:
    mistakes = [*_find_codeless(mapper.book.rules), *_find_ambiguous(mapper)]
    if mistakes:
        raise ConfigError("\n".join(mistakes))


def _find_codeless(rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        cls: Any = rule.on
        if rule is not HTTP and issubclass(cls, HTTPException) and cls.code is None:
            yield f"{rule}: {cls.__name__} has no status, so Flask asks no handler; name a class that has one"


def _find_ambiguous(mapper: Mapper) -> Iterator[str]:
    """A code is a contract: it cannot have two statuses."""
    seen: dict[str, tuple[type[DomainError], int]] = {}
    for outcome in dict.fromkeys(outcome for rule in mapper.book.rules for outcome in rule.outcomes):
        status = mapper.status_of(outcome)
        first, known = seen.setdefault(code_of(outcome), (outcome, status))
        if known != status:
            yield (
                f"The code {code_of(outcome)!r} belongs to {first.__name__} ({known}) "
                f"and to {outcome.__name__} ({status}); give one of them another code"
            )
