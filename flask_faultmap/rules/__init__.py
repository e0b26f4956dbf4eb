"""What does an exception mean? The first map: from a foreign exception to a domain error."""

from flask_faultmap.rules.rule import Rule

__all__ = ["Rule"]
