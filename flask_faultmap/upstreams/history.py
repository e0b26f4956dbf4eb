"""Which requests were sent before the one that was answered, or failed, and might the service have taken one?

No library keeps its history on its exceptions, and each keeps another part of it on its answers.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from flask_faultmap.upstreams.answers import (
    AiohttpAnswer,
    Answer,
    HttpxAnswer,
    StandardAnswer,
    Urllib3Answer,
    answer_of,
)
from flask_faultmap.upstreams.exchanges import sent
from flask_faultmap.upstreams.frames import DEEPEST, FAILING, OPEN, is_connecting_frame
from flask_faultmap.upstreams.owners import frames_of, is_foreign, name_of, others_among, package_of

Earlier = tuple[str | None, bool]  # the method of the first request, if the library tells; was one taken?


def earlier(answer: Answer) -> Earlier:
    """Give the method of the first request, where the library tells, and whether one before was taken."""
    response = answer.response
    if isinstance(answer, HttpxAnswer):
        answers = response.history
        first = answers[0] if answers else response
        return sent(getattr(first, "_request", None), None)[0], _were_taken(answers)
    if isinstance(answer, Urllib3Answer):
        return None, attempts_taken(response)
    if isinstance(answer, AiohttpAnswer):
        may_repeat = getattr(getattr(response, "_session", None), "_retry_connection", True)
        return earlier_of_aiohttp(response.history, response.method, may_repeat=bool(may_repeat))
    if isinstance(answer, StandardAnswer):
        return None, _were_taken_by_urllib(response)
    return _find_earlier_of_requests(response)


def _find_earlier_of_requests(response: Any) -> Earlier:
    answers = response.history
    asked = getattr(answers[0] if answers else response, "request", None)
    is_pickled = response.raw is None and asked is not None  # and has lost what urllib3 kept
    attempts = any(attempts_taken(each.raw) for each in (*answers, response))
    return sent(asked, None)[0], _were_taken(answers) or is_pickled or attempts


def _were_taken(answers: Sequence[Any]) -> bool:
    return any(not is_refusal(answer.status_code) for answer in answers)


def earlier_of_aiohttp(history: Sequence[Any], method: str | None, *, may_repeat: bool = True) -> Earlier:
    """Give the method of the first request of aiohttp, and whether one before the last was taken.

    aiohttp repeats PUT and DELETE by itself when a connection breaks, and tells nobody.
    """
    is_repeated = may_repeat and method in ("PUT", "DELETE")
    taken = is_repeated or any(not is_refusal(answer.status) for answer in history)
    return (history[0].method if history else method), taken


def _were_taken_by_urllib(response: Any) -> bool:
    """Ask the frames of an HTTPError; an opener's plain response hides everything."""
    if not isinstance(response, BaseException):
        return "url" in vars(response)  # which http.client does not set
    frames = [*frames_of(response.__traceback__)]
    opened, failing = (
        [frame.f_locals for frame in frames if name_of(frame) == name] for name in (OPEN, FAILING)
    )
    answers = [answer_of(arg) for said in failing for arg in said["args"]]
    handlers = [type(handler) for said in opened for handler in said["self"].handlers]
    own = package_of(frames[0]) if frames else ""
    return (
        any(answer is not None and not is_refusal(answer.status) for answer in answers)
        or any(map(is_foreign, handlers))
        or bool(others_among(frames[1:], own))
    )


def attempts_taken(response: object) -> bool:
    """Whether the service may have taken an earlier attempt that urllib3 keeps with *response*."""
    return any(map(was_taken, getattr(getattr(response, "retries", None), "history", None) or ()))


def was_taken(attempt: Any) -> bool:
    """Whether the service may have taken an earlier *attempt* of urllib3: neither refused nor unconnected."""
    if attempt.error is not None:
        return not connects(attempt.error)
    return not is_refusal(attempt.status)


def is_refusal(status: object) -> bool:
    """Whether an answer with *status* says that the request was not taken."""
    return isinstance(status, int) and (400 <= status < 500 or status == 503)


def connects(exc: BaseException) -> bool:
    """Whether *exc*, the error of an earlier try, was raised while its connection was made."""
    return any(
        is_connecting_frame(frame) for link in parts_of(exc) for frame in frames_of(link.__traceback__)
    )


def parts_of(exc: BaseException) -> Iterator[BaseException]:
    """Give *exc* and what it carries, whoever raised it."""
    waiting, seen = [exc], set[int]()
    while waiting and len(seen) < DEEPEST:
        link = waiting.pop(0)
        if id(link) not in seen:
            seen.add(id(link))
            yield link
            carried = (*link.args, getattr(link, "reason", None), link.__cause__)
            waiting += [part for part in carried if isinstance(part, BaseException)]
