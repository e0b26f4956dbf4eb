"""What do Flask's, werkzeug's and the validators' errors mean to the domain?"""

from flask_faultmap.http.statuses import FrameworkError

__all__ = ["FrameworkError"]
