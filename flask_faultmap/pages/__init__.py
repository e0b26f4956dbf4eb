"""What do people look at? A catalogue for those who get an error, a console for those who run the app."""

from flask_faultmap.pages.catalog_pages import catalog

__all__ = ["catalog"]
