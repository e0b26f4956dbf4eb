"""What the wheel and the sdist hold: the package, and all that is needed to run the tests."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
BUILD = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Copy what git knows: a build reads whatever lies about."""
    if shutil.which("git") is None or not (TOP / ".git").exists():
        pytest.skip("this is no git clone")
    place = tmp_path_factory.mktemp("tree")
    for name in committed():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / name, place / name)
    return place


def committed(*folders):
    names = subprocess.check_output(["git", "ls-files", *folders], cwd=TOP, text=True).splitlines()
    return {name for name in names if (TOP / name).is_file()}


def build(tree, kind):
    command = [sys.executable, "-c", BUILD, kind, str(tree / "dist")]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return tree / "dist" / done.stdout.splitlines()[-1]


def test_wheel_holds_the_package_and_nothing_else(tree):
    with zipfile.ZipFile(build(tree, "build_wheel")) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert names == committed("flask_faultmap")


def test_sdist_holds_what_is_needed_to_run_the_tests(tree):
    with tarfile.open(build(tree, "build_sdist")) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}

    assert committed() - {".gitignore", ".gitattributes"} - names == set()
