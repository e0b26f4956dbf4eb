"""The shop as it is in the current folder, as a module of its own, which a server imports."""

from pathlib import Path

from pages_app import make_app

app = make_app(Path.cwd())
