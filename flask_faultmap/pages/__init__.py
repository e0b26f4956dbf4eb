"""What do people look at? A catalogue for those who get an error, a console for those who run the app."""

from flask_faultmap.pages.catalog_pages import catalog
from flask_faultmap.pages.console_pages import console

__all__ = ["catalog", "console"]
