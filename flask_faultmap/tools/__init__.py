"""What do people ask of an app's map? The commands ``flask faults …``."""

from flask_faultmap.tools.cli import faults

__all__ = ["faults"]
