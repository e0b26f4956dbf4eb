"""What do Flask's, werkzeug's and the validators' errors mean to the domain?"""

from flask_faultmap.http.statuses import FrameworkError
from flask_faultmap.http.validation import ValidationFailedError

__all__ = ["FrameworkError", "ValidationFailedError"]
