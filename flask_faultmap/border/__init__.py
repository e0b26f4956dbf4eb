"""How does a fault leave the app? The Flask side: handlers, answers, records."""

from flask_faultmap.border.boundaries import boundary_of
from flask_faultmap.border.extension import FaultMap
from flask_faultmap.border.records import current_fault
from flask_faultmap.border.reporting import request_id

__all__ = ["FaultMap", "boundary_of", "current_fault", "request_id"]
