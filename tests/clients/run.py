"""Run all clients' sessions, also of those that CI does not have; the last line names what is skipped."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

EXTRA = {"smolvm": "tests/clients/smolvm_session.py"}
ALWAYS = [
    "tests/example/test_clients_boxlite.py",
    "tests/example/test_clients_firecracker.py",
    "tests/example/test_threads.py",
]
# The release of Backend.AI whose clients are taken, and the only Python that it runs under.
BACKENDAI = ("backend.ai-manager==26.9.6", "backend.ai-client==26.9.6")
BACKENDAI_PYTHON = "python3.13"


class NotToBeHadError(Exception):
    """A client cannot be installed; the text says why."""


def install(python: str, *packages: str) -> None:
    """Install *packages* for *python*."""
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "-q", *packages]
    run(command)


def run(command: list[str]) -> None:
    """Run one step of an installation."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotToBeHadError((done.stderr.strip() or f"{command[0]} failed without a word").splitlines()[-1])


def find_python() -> str:
    """Find the Python of Backend.AI's clients: on the path, or among pyenv's, whose shims may not run."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(BACKENDAI_PYTHON), *map(str, sorted(versions.glob(f"*/bin/{BACKENDAI_PYTHON}")))]
    for python in filter(None, found):
        if subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
            return python
    raise NotToBeHadError(f"it needs {BACKENDAI_PYTHON}, which is not here")


def python_of_backendai() -> str:
    """Give a Python that has Backend.AI's clients; ``BACKENDAI_PYTHON`` names one that is there."""
    if "BACKENDAI_PYTHON" in os.environ:
        return os.environ["BACKENDAI_PYTHON"]
    python = find_python()
    venv = Path(sys.prefix) / "backendai"
    own = str(venv / "bin" / "python")
    if not Path(own).exists():
        run([python, "-m", "venv", str(venv)])
    install(own, *BACKENDAI)
    return own


def main() -> int:
    """Return the status of pytest; a client that cannot be installed does not fail the run."""
    sessions, skipped, environment = [*ALWAYS], [], dict(os.environ)
    for name, session in EXTRA.items():
        try:
            install(sys.executable, name)
            sessions.append(session)
        except NotToBeHadError as exc:
            skipped.append(f"{name} cannot be installed ({exc})")
    try:
        environment["BACKENDAI_PYTHON"] = python_of_backendai()
        sessions.append("tests/clients/backendai_session.py")
    except NotToBeHadError as exc:
        skipped.append(f"backend.ai-client cannot be installed ({exc})")
    command = [sys.executable, "-m", "pytest", "-q", *sessions, *sys.argv[1:]]
    status = subprocess.call(command, cwd=Path(__file__).parents[2], env=environment)
    print("Skipped: " + ("; ".join(skipped) or "no client"))
    return status


if __name__ == "__main__":
    raise SystemExit(main())
