"""The filled shop as a module of its own, which a server imports."""

from pages_app import make_filled_app

app = make_filled_app()
