"""The engine: runs the script in a message, and fails with whatever text its parts fail with."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

from example_app.threads.refusals import Refusal

DIVIDE = "import sys; print(float(sys.argv[1]) / float(sys.argv[2]))"
TOOL_SECONDS = 5.0
TOOL_FAILED = "Orchestrator error: effect execution error"


class ThreadFailedError(RuntimeError):
    """A thread died; what is known of it is the raw text of the part that failed.

    Args:
        raw: tracebacks, bodies of upstream answers, anything.
        stage: ``tool`` when a tool failed: its text is full of what the user wrote.
        refusal: what the provider's answer means, if it gave one.
        retry_after: seconds, if the provider gave any.
    """

    def __init__(
        self,
        raw: str,
        *,
        stage: str = "engine",
        refusal: Refusal | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(raw)
        self.stage = stage
        self.refusal = refusal
        self.retry_after = retry_after


class Engine:
    """An agent without a mind: the last message is its script, one step a line.

    ``divide A B`` runs a tool, ``ask TEXT`` asks the model's provider, ``again`` starts over, and any
    other line is repeated.

    Args:
        ask: sends a prompt to the provider.
        max_steps: how many steps a thread may take.
        max_tokens: how many words the whole conversation may have.
    """

    def __init__(self, ask: Callable[[str], str], *, max_steps: int = 16, max_tokens: int = 1_000) -> None:
        self._ask = ask
        self._max_steps = max_steps
        self._max_tokens = max_tokens

    def run(self, messages: Sequence[str]) -> str:
        """Run the script in the last of *messages* and return the answer.

        Raises:
            ThreadFailedError: a part failed, or a limit was reached.
        """
        return "\n".join(self.steps(messages))

    def steps(self, messages: Sequence[str]) -> Iterator[str]:
        """Run the script in the last of *messages* and give the answer line by line.

        Raises:
            ThreadFailedError: a part failed, or a limit was reached; the lines before it were given.
        """
        used = count_tokens(messages)
        if used > self._max_tokens:
            raise ThreadFailedError(
                f"Context length exceeded: {used} tokens used, {self._max_tokens} allowed"
            )
        lines = messages[-1].splitlines()
        at = taken = 0
        while at < len(lines):
            if taken == self._max_steps:
                raise ThreadFailedError(f"Reached maximum iterations ({taken})")
            taken += 1
            if lines[at].strip() == "again":
                at = 0
                continue
            yield self._do(lines[at])
            at += 1

    def _do(self, line: str) -> str:
        command, _, rest = line.strip().partition(" ")
        if command == "divide":
            return _divide(rest.split())
        if command == "ask":
            return self._ask(rest)
        return line


def count_tokens(texts: Sequence[str]) -> int:
    """Count the words of *texts*, which are our tokens."""
    return sum(len(text.split()) for text in texts)


def _divide(numbers: Sequence[str]) -> str:
    command = [sys.executable, "-I", "-c", DIVIDE, *numbers]
    try:
        tool = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_SECONDS, check=True)
    except subprocess.CalledProcessError as exc:
        raise ThreadFailedError(f"{TOOL_FAILED}: {exc.stderr}", stage="tool") from exc
    except (OSError, ValueError, subprocess.TimeoutExpired) as exc:
        raise ThreadFailedError(f"{TOOL_FAILED}: {exc!r}", stage="tool") from exc
    return tool.stdout.strip()
