"""Build the sdist and the wheel of HEAD, twice, in DIST; stop if a byte differs or twine finds something.

Usage: ``python3 dev.py build [DIST]``; DIST is ``dist`` by default.
"""

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

TOP = Path(__file__).resolve().parents[1]
HOOK = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"


def main(folder):
    """Fill *folder* with the two distributions, and print their digests."""
    if git("status", "--porcelain"):
        print("What is not committed is left out: the commit is built.", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        first, second = build(Path(one)), build(Path(other))
        for path, again in zip(first, second, strict=True):
            if path.read_bytes() != again.read_bytes():
                sys.exit(
                    f"{path.name} was built twice and differs; compare {path} and {again} with diffoscope"
                )
        if subprocess.call([sys.executable, "-m", "twine", "check", "--strict", *first]):
            sys.exit("twine has found what it says above")
        for path in first:
            shutil.copy(path, folder)
            print(hashlib.sha256(path.read_bytes()).hexdigest(), folder / path.name)


def build(place):
    """Build HEAD's sdist and, out of that, the wheel, in the empty folder *place*; give both paths."""
    sdist = run("build_sdist", unpack(git("archive", "HEAD"), place / "tree"), place / "sdist")
    wheel = run("build_wheel", next(unpack(sdist.read_bytes(), place / "source").iterdir()), place / "wheel")
    return sdist, wheel


def git(*arguments):
    """Give what git prints."""
    try:
        return subprocess.check_output(["git", *arguments], cwd=TOP)
    except (OSError, subprocess.CalledProcessError) as exc:
        sys.exit(f"A release is built of a commit, in a clone of the repository: {exc}")


def unpack(archive, folder):
    """Unpack a tar *archive*, compressed or not, in *folder*."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def run(hook, tree, folder):
    """Let the build backend of *tree* make one distribution in *folder*."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", HOOK, hook, str(folder)], cwd=tree, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}{hook} failed")
    (made,) = folder.iterdir()
    return made


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist"))
