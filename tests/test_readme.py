"""The README without its repository, and its figures against the pages that commands write."""

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
EXPLANATION = TOP / "docs" / "explanation"
NEEDED = ["setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "flask_faultmap/__init__.py"]
BUILD = "from setuptools import build_meta; print(build_meta.prepare_metadata_for_build_wheel('.'))"
COMPARED = ["flask-faultmap", "plain Flask", "by hand", "flask-smorest", "APIFlask"]

config = ConfigParser()
config.read(TOP / "setup.cfg")
REPOSITORY = config["metadata"]["url"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Give the text that an index of packages shows."""
    tree = tmp_path_factory.mktemp("tree")
    for name in NEEDED:
        (tree / name).parent.mkdir(exist_ok=True)
        shutil.copy(TOP / name, tree / name)
    command = [sys.executable, "-c", BUILD]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return (tree / done.stdout.splitlines()[-1] / "METADATA").read_text().partition("\n\n")[2]


def test_text_on_an_index_is_the_readme(shown):
    plain = re.sub(rf"{REPOSITORY}/(blob|raw)/main/", "", shown)

    assert plain.strip() == (TOP / "README.md").read_text().strip()


def test_links_on_an_index_are_whole_and_lead_to_files(shown):
    links = re.findall(r"\]\(([^)]+)\)", shown)
    ours = [link for link in links if link.startswith(REPOSITORY)]

    assert [link for link in links if not link.startswith("https://")] == []
    assert len(ours) > 10
    assert [link for link in ours if not (TOP / re.sub(r".*/(blob|raw)/main/|#.*", "", link)).exists()] == []


def test_pictures_on_an_index_are_bytes_and_no_pages(shown):
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", shown)

    assert [link for link in pictures if "/blob/" in link] == []


def cells(page, start):
    line = next(line for line in page.read_text().splitlines() if line.startswith(start))
    return [re.sub(r"<br>.*", "", cell.strip(" *")) for cell in line.strip("|").split("|")]


def in_readme(start):
    return cells(TOP / "README.md", start)[1:]


def test_hostile_requests_are_those_of_the_page():
    page = EXPLANATION / "hostile-requests.md"
    names = cells(page, "| request |")
    counts = dict(zip(names, cells(page, "| **of 28** |"), strict=True))

    assert in_readme("| [28 hostile requests]") == [counts[name] for name in COMPARED]


def test_times_for_a_domain_error_are_those_of_the_page():
    page = EXPLANATION / "peers.md"

    assert in_readme("| [time for a domain error]") == [cells(page, f"| {name} ")[2] for name in COMPARED]
