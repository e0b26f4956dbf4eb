"""Print ``--ignore=`` for each test module that imports a package which is not installed here."""

import ast
import sys
from importlib.util import find_spec
from pathlib import Path

OURS = {"flask_faultmap", "example_app", "tests", *(path.stem for path in Path("tests/support").glob("*.py"))}


def packages_of(path):
    """Give the packages that a module needs to be imported; what a function imports may be missing."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def missing(path):
    """Name the packages of a test module that are not installed."""
    return sorted({name for name in packages_of(path) if name not in OURS and find_spec(name) is None})


for path in sorted(Path(sys.argv[1]).rglob("test_*.py")):
    if "example" not in path.parts and (lacking := missing(path)):
        print(f"left out: {path} needs {', '.join(lacking)}", file=sys.stderr)
        print(f"--ignore={path}")
