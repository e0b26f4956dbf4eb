"""What is the fault of an exception? Both maps of one app, without a request."""

from flask_faultmap.mapping.explanation import Explanation
from flask_faultmap.mapping.mapper import Mapper
from flask_faultmap.mapping.settings import Settings

__all__ = ["Explanation", "Mapper", "Settings"]
