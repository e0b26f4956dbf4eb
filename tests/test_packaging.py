"""Packaging: what is promised about installing, releasing and starting stands, and agrees."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest
from setuptools import find_packages

import dev
import flask_faultmap

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text()
CHANGES = (TOP / "CHANGES.md").read_text()
HEADINGS = re.findall(r"^## (.+)$", CHANGES, re.MULTILINE)
KINDS = ["Security", "Removed", "Deprecated", "Added", "Changed", "Fixed"]
EXTRAS = {"tracing": "otel"}  # where the extra has another name than the module
MODULES = {"opentelemetry-api": "opentelemetry"}
SOURCES = sorted((TOP / "flask_faultmap").rglob("*.py"))

PYPROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())

setup = ConfigParser()
setup.read(TOP / "setup.cfg")


def released() -> list[tuple[str, str]]:
    return [(found["version"], found["date"]) for found in map(release_of, HEADINGS) if found]


def release_of(heading: str) -> re.Match[str] | None:
    return re.fullmatch(r"(?P<version>\d+\.\d+\.\d+) - (?P<date>\d{4}-\d{2}-\d{2})", heading)


def git(*arguments: str) -> list[str]:
    if shutil.which("git") is None or not (TOP / ".git").exists():
        pytest.skip("this is no git clone")
    return subprocess.check_output(["git", *arguments], cwd=TOP, text=True).split()


def test_version_is_the_newest_release_or_one_in_development():
    newest = ([version for version, _ in released()] or [""])[0]

    assert flask_faultmap.__version__ == newest or flask_faultmap.__version__.endswith(".dev0")


def test_every_heading_of_the_changelog_is_unreleased_or_a_dated_version():
    others = [heading for heading in HEADINGS if not release_of(heading)]

    assert others in (["Unreleased"], [])
    assert HEADINGS[: len(others)] == others


def test_every_release_tag_has_a_dated_heading_and_no_tag_is_newer():
    tags = {tag.removeprefix("v") for tag in git("tag", "--list", "v*")}

    assert tags <= {version for version, _ in released()}


def test_a_tagged_commit_has_the_version_of_its_tag():
    tags = git("tag", "--points-at", "HEAD", "--list", "v*")

    assert tags in ([], [f"v{flask_faultmap.__version__}"])


def test_kinds_of_change_are_known_and_in_order():
    kinds = [re.findall(r"^### (.+)$", part, re.MULTILINE) for part in CHANGES.split("\n## ")[1:]]

    assert all(part == [kind for kind in KINDS if kind in part] for part in kinds)


def test_every_folder_with_code_is_packaged():
    folders = {str(path.parent.relative_to(TOP)).replace("/", ".") for path in SOURCES}
    include = setup["options.packages.find"]["include"].split()

    assert setup["options"]["packages"] == "find:"
    assert folders == set(find_packages(str(TOP), include=include))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TOP)))
def test_module_needs_only_the_declared_dependencies_to_be_imported(path):
    required = {re.split(r"[>=<\[]", line)[0] for line in setup["options"]["install_requires"].split()}
    tree = ast.parse(path.read_text())
    imported = {name for node in tree.body for name in roots(node)}

    assert imported - set(sys.stdlib_module_names) <= required | {"flask_faultmap"} | optional_of(path)


def roots(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    return {node.module.split(".")[0]} if isinstance(node, ast.ImportFrom) and node.module else set()


def optional_of(path: Path) -> set[str]:
    """Return what the extra requires that has the name of that module, or of its folder."""
    names = (EXTRAS.get(path.stem, path.stem), path.parent.name)
    extras = [setup["options.extras_require"].get(name, "") for name in names]
    packages = {re.split(r"[>=<\[]", line)[0] for extra in extras for line in extra.split()}
    return {MODULES.get(package, package.replace("-", "_")) for package in packages}


def test_oldest_python_is_the_same_wherever_it_is_said():
    oldest = ".".join(map(str, dev.OLDEST_PYTHON))

    assert setup["options"]["python_requires"] == f">={oldest}"
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")
    assert f"Python {oldest}" in README


def test_supported_pythons_are_the_same_wherever_they_are_said():
    pythons = re.findall(r"Python :: (3\.\d+)$", setup["metadata"]["classifiers"], re.MULTILINE)

    assert f"| Python | {', '.join(pythons)} |" in (TOP / "docs/reference/versions.md").read_text()
    assert f"for version in {' '.join(pythons)}; do" in (TOP / ".ci/try_wheel").read_text()


@pytest.mark.parametrize("line", setup["metadata"]["project_urls"].strip().splitlines())
def test_project_url_leads_to_the_repository_and_a_file_that_is_there(line):
    _, _, url = line.partition(" = ")
    repository = setup["metadata"]["url"]

    path = url.removeprefix(repository).removeprefix("/blob/main/")

    assert url.startswith(repository)
    assert path in ("", "/issues") or (TOP / path).is_file()


def test_folders_named_to_pytest_exist():
    named = PYPROJECT["tool"]["pytest"]["ini_options"]["testpaths"]

    missing = [name for name in named if not (TOP / name).exists()]

    assert missing == []


@pytest.mark.parametrize("command", ["tour", "test"])
def test_readme_has_the_command_that_ci_runs(command):
    assert re.search(rf"^python3 dev\.py {command}( |$)", README, re.MULTILINE)
    assert f" readme {command}" in (TOP / ".ci" / "run").read_text()


@pytest.mark.parametrize("extra", sorted({extra for extra, _ in dev.COMMANDS.values() if extra}))
def test_command_asks_for_an_extra_that_exists(extra):
    assert extra in setup["options.extras_require"]


def test_old_python_is_refused_in_a_sentence():
    complaint = dev.refuse((3, 8), "tour")

    assert (
        complaint
        == "This project needs Python 3.11 or newer; this is Python 3.8. Try: python3.11 dev.py tour"
    )


def test_unknown_command_is_refused_with_those_that_exist():
    complaint = dev.refuse((3, 13), "tests")

    assert complaint == (
        "dev.py has no command 'tests'; "
        "it has: tour, test, clients, lint, docs, prove, fuzz, servers, build, applied, hostile, bench."
    )


@pytest.mark.parametrize("command", dev.COMMANDS)
def test_help_names_every_command(command):
    done = subprocess.run(
        [sys.executable, TOP / "dev.py", "--help"], capture_output=True, text=True, timeout=30, check=True
    )

    assert f"python3 dev.py {command} " in done.stdout


def test_a_step_that_fails_shows_what_it_printed():
    failing = [sys.executable, "-c", "print('no such wheel'); raise SystemExit(3)"]

    with pytest.raises(dev.StepError, match=r"no such wheel\n(?s:.*)Installing: failed, see above"):
        dev.step("Installing", failing)


def test_interpreter_of_another_place_is_no_virtual_environment():
    assert not dev.runs(str(TOP / "nowhere" / "python"))
    assert dev.runs(sys.executable)
