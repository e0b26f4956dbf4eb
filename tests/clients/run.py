"""Run all clients' sessions, also of those that CI does not have; the last line names what is skipped."""

import subprocess
import sys
from pathlib import Path

EXTRA = {"smolvm": "tests/clients/smolvm_session.py"}
ALWAYS = [
    "tests/example/test_clients_boxlite.py",
    "tests/example/test_clients_firecracker.py",
    "tests/example/test_threads.py",
]


def main() -> int:
    """Return the status of pytest; a client that cannot be installed does not fail the run."""
    sessions, skipped = [*ALWAYS], []
    for name, session in EXTRA.items():
        install = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-q", name]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            sessions.append(session)
        else:
            reason = (done.stderr.strip() or "pip failed without a word").splitlines()[-1]
            skipped.append(f"{name} cannot be installed ({reason})")
    command = [sys.executable, "-m", "pytest", "-q", *sessions, *sys.argv[1:]]
    status = subprocess.call(command, cwd=Path(__file__).parents[2])
    print("Skipped: " + ("; ".join(skipped) or "no client"))
    return status


if __name__ == "__main__":
    raise SystemExit(main())
