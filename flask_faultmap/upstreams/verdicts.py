"""What left the block: which failure is it, and what is certain of it?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flask_faultmap.errors import DomainError
from flask_faultmap.upstreams.answers import Answer, answer_of
from flask_faultmap.upstreams.errors import (
    UpstreamAnswerLostError,
    UpstreamBodyError,
    UpstreamError,
    UpstreamResponseError,
    UpstreamTLSError,
    UpstreamUsageError,
)
from flask_faultmap.upstreams.evidence import Evidence, evidence_of, is_of_app, is_shared
from flask_faultmap.upstreams.exchanges import Exchange
from flask_faultmap.upstreams.failures import failure_of
from flask_faultmap.upstreams.frames import OPEN, REQUESTED
from flask_faultmap.upstreams.owners import (
    LIBRARIES,
    SUPPORT,
    frames_of,
    is_standard,
    name_of,
    package_of,
)
from flask_faultmap.upstreams.refining import find_applied, refine
from flask_faultmap.upstreams.strangers import (
    find_answer,
    find_cause,
    find_exchange,
    is_first_try,
    is_stranger,
    packages_of,
)

Groups = tuple[BaseException, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of one failed call.

    Attributes:
        exc: what tells.
        failure: which failure it is.
        applied: as of :class:`UpstreamError`, if no answer says more.
        evidence: what the frames show.
        answer: the service's answer that *exc* holds or hides.
        exchange: the same, where an SDK tells it in a way of its own.
        trusted: the packages of an SDK that tells that it had not tried before.
    """

    exc: BaseException
    failure: type[UpstreamError]
    applied: bool | None
    evidence: Evidence
    answer: Answer | None = None
    exchange: Exchange | None = None
    trusted: frozenset[str] = frozenset()


def verdict_on(exc: BaseException | None, outer: BaseException | None = None) -> Verdict | None:
    """Judge what left the block: *exc*, or the first leaf of a group that a client library raised.

    A group may hold domain errors besides, and nothing else. One of them alone is the border's. The block
    stands in the handler of *outer*; a context that is another failed call is of this block.
    """
    handled = {id(link) for link in _walk_contexts(outer)}
    leaves = [(leaf, above) for leaf, above in _walk_leaves(exc) if not isinstance(leaf, DomainError)]
    verdicts = [_judge(leaf, above, handled) for leaf, above in leaves]
    if leaves and verdicts[0] is not None and is_shared(leaves[0][1]):
        verdicts[0].evidence.was_taken = True
    return verdicts[0] if verdicts and None not in verdicts else None


def _judge(exc: BaseException, above: Groups, handled: set[int]) -> Verdict | None:
    failure, evidence = failure_of(exc), evidence_of(exc, above)
    if failure is None:
        failure = _judge_builtin(exc, evidence, above)
    if failure is not None:
        if _follows_another(evidence, handled):
            evidence.others.add(evidence.own)
        return _judge_library(exc, failure, evidence)
    return _judge_stranger(exc, evidence) if is_stranger(exc, evidence.own) else None


def _follows_another(evidence: Evidence, handled: set[int]) -> bool:
    """Whether another call of the block had failed, in whose handler this one was made."""
    for link in evidence.links:
        before = link.__context__
        if before is None or id(before) in handled or before in evidence.links or not is_of_app(before):
            continue
        verdict = _judge(before, (), handled)
        if verdict is not None and verdict.applied is not False:
            return True
    return False


def _walk_contexts(exc: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        yield exc
        exc = exc.__context__


def _judge_library(exc: BaseException, failure: type[UpstreamError], evidence: Evidence) -> Verdict:
    answer = evidence.hidden
    if failure is UpstreamResponseError:
        answer = answer_of(getattr(exc, "response", None)) or answer_of(exc) or answer
    elif failure is UpstreamBodyError and answer is not None:
        if answer.is_success:
            return Verdict(exc=exc, failure=failure, applied=True, evidence=evidence, answer=answer)
        failure = UpstreamResponseError  # nobody had looked at its status
    else:
        answer, failure = None, refine(failure, evidence)
    applied = find_applied(exc, failure, evidence)
    return Verdict(exc=exc, failure=failure, applied=applied, evidence=evidence, answer=answer)


def _judge_builtin(exc: BaseException, evidence: Evidence, above: Groups) -> type[UpstreamError] | None:
    """Judge a built-in exception: it is a client library's if the last frame that is not Python's is."""
    if not isinstance(exc, ValueError | OverflowError | OSError | RecursionError):
        return None
    frames = [frame for link in (*above, exc) for frame in frames_of(link.__traceback__)]
    last = next((frame for frame in reversed(frames) if not is_standard(frame)), None)
    inner = frames[frames.index(last) :] if last else frames
    is_theirs = last is not None and package_of(last) in LIBRARIES | SUPPORT
    if not is_theirs and all(name_of(frame) not in (OPEN, REQUESTED) for frame in inner):
        return None
    if evidence.hidden is not None:
        return UpstreamBodyError
    if isinstance(exc, OSError):
        return UpstreamTLSError if evidence.is_securing else UpstreamAnswerLostError
    return UpstreamUsageError if evidence.is_called and not isinstance(exc, RecursionError) else None


def _judge_stranger(exc: BaseException, evidence: Evidence) -> Verdict | None:
    """Judge by what *exc* tells; whoever raised it may have tried before."""
    answer, exchange = find_answer(exc), find_exchange(exc)
    told = answer or exchange
    if told is not None:
        is_body = 200 <= (told.status or 0) < 300
        was_taken = exchange.was_taken if exchange and not answer else not is_first_try(answer)
        return Verdict(
            exc=exc,
            failure=UpstreamBodyError if is_body else UpstreamResponseError,
            applied=True if is_body else None,
            evidence=replace(evidence, was_taken=evidence.was_taken or was_taken),
            answer=answer,
            exchange=exchange,
            trusted=frozenset() if was_taken else packages_of(exc),
        )
    found = find_cause(exc)
    if found is None:
        return None
    cause, failure = found
    verdict = _judge_library(cause, failure, evidence_of(cause))
    evidence = replace(verdict.evidence, was_taken=True)
    return replace(verdict, applied=True if verdict.applied else None, evidence=evidence)


def _walk_leaves(exc: BaseException | None) -> Iterator[tuple[BaseException, Groups]]:
    """Give each exception that is no group, with the groups that it was in."""
    waiting: list[tuple[BaseException, Groups]] = [] if exc is None else [(exc, ())]
    while waiting:
        leaf, above = waiting.pop()
        if isinstance(leaf, ExceptionGroup):
            waiting += [(inner, (*above, leaf)) for inner in reversed(leaf.exceptions)]
        else:
            yield leaf, above
