"""Why an exception is answered as it is, in lines for people."""

from dataclasses import dataclass

from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Fault
from flask_faultmap.rules.rulebook import Verdict
from flask_faultmap.texts import text_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an exception is answered as it is; ``print`` it.

    Args:
        verdicts: what each rule that was asked said.
        error: what the exception means to the domain.
        is_known: whether a rule decided, or rules about all that a group holds.
        answered_by: in words, which other handlers of the app answer in place of the map.
    """

    exception: BaseException
    verdicts: tuple[Verdict, ...]
    error: DomainError
    is_known: bool
    fault: Fault
    answered_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{type(self.exception).__name__}: {text_of(self.exception)}"]
        lines += [f"  {_mark(verdict)} {verdict.rule}: {verdict.reason}" for verdict in self.verdicts]
        if self.is_known and not any(verdict.error for verdict in self.verdicts):
            lines.append("  + all that the group holds is known: the gravest decides")
        elif not self.is_known:
            lines.append("  - no rule knows it: an unhandled error, which Flask logs")
        fault = self.fault
        lines.append(f"  = {fault.status} {fault.code} ({fault.category}): {fault.text}")
        lines += [f"  ! {told}" for told in self.answered_by]
        return "\n".join(lines)


def _mark(verdict: Verdict) -> str:
    return "-" if verdict.error is None else "+"
