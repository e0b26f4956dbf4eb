"""What the wheel and the sdist hold, and that who builds them again gets the same bytes."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
KINDS = ["build_sdist", "build_wheel"]
HOOK = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Copy what git knows: a build reads whatever lies about."""
    if shutil.which("git") is None or not (TOP / ".git").exists():
        pytest.skip("this is no git clone")
    return copy_to(tmp_path_factory.mktemp("tree"))


def copy_to(place):
    for name in committed():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / name, place / name)
    return place


def committed(*folders):
    names = subprocess.check_output(["git", "ls-files", *folders], cwd=TOP, text=True).splitlines()
    return {name for name in names if (TOP / name).is_file()}


def build(tree, kind, umask=0o022, **environment):
    command = [sys.executable, "-c", HOOK, kind, str(tree / "dist")]
    done = subprocess.run(
        command,
        cwd=tree,
        env={**os.environ, **environment},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return tree / "dist" / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def built(tree):
    return {kind: build(tree, kind) for kind in KINDS}


def test_wheel_holds_the_package_and_nothing_else(built):
    with zipfile.ZipFile(built["build_wheel"]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert names == committed("flask_faultmap")


def test_sdist_holds_what_is_needed_to_run_the_tests(built):
    with tarfile.open(built["build_sdist"]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}

    assert committed() - {".gitignore", ".gitattributes"} - names == set()


@pytest.fixture(scope="module")
def elsewhere(tree, tmp_path_factory):
    """Copy the tree as another machine would have it: other dates, modes and an older build."""
    place = copy_to(tmp_path_factory.mktemp("elsewhere"))
    for path in place.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700 if path.is_dir() or os.access(path, os.X_OK) else 0o600)
    return place


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_whoever_builds_it_elsewhere_gets_the_same_bytes(kind, built, elsewhere):
    again = build(elsewhere, kind, umask=0o077, TZ="Asia/Tokyo", PYTHONHASHSEED="7", LC_ALL="C")

    assert again.name == built[kind].name
    assert again.read_bytes() == built[kind].read_bytes()


@pytest.mark.long
def test_wheel_that_is_built_out_of_the_sdist_is_the_same(built, tmp_path):
    with tarfile.open(built["build_sdist"]) as sdist:
        sdist.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()

    assert build(source, "build_wheel").read_bytes() == built["build_wheel"].read_bytes()


def test_date_that_is_given_is_the_date_of_what_is_built(elsewhere):
    wheel = build(elsewhere, "build_wheel", SOURCE_DATE_EPOCH="1700000000")

    with zipfile.ZipFile(wheel) as opened:
        assert {member.date_time for member in opened.infolist()} == {(2023, 11, 14, 22, 13, 20)}


@pytest.mark.long
def test_command_builds_what_twine_takes_and_prints_its_digests(tree, tmp_path):
    pytest.importorskip("twine")
    command = [sys.executable, str(TOP / ".ci" / "build.py"), str(tmp_path / "dist")]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    made = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "dist").iterdir()}
    assert (done.returncode, done.stdout.count("PASSED")) == (0, 2), done.stdout + done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()[-2:]} == made
    assert len(made) == 2
