"""The architecture page names what there is: every file, every name in it, every wing."""

import importlib
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
PACKAGE = TOP / "flask_faultmap"
PAGE = (TOP / "docs" / "explanation" / "architecture.md").read_text()
FILES = sorted(set(re.findall(r"`((?!tests/)[\w/]+\.py)`", PAGE)))
NAMES = sorted(set(re.findall(r"`([\w/]+)\.py`: `(\w+)`", PAGE)))
WINGS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


@pytest.mark.parametrize("file", FILES)
def test_file_of_the_page_is_there(file):
    assert (PACKAGE / file).is_file()


@pytest.mark.parametrize(("module", "name"), NAMES, ids=lambda part: part)
def test_name_of_the_page_is_in_its_module(module, name):
    assert hasattr(importlib.import_module(f"flask_faultmap.{module.replace('/', '.')}"), name)


@pytest.mark.parametrize("wing", WINGS)
def test_every_wing_is_on_the_page(wing):
    assert re.search(rf"\b{wing}\b", PAGE)
