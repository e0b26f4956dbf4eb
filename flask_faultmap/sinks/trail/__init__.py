"""Which faults were there? The audit trail: a journal on the local disk, shipped to a database."""

from flask_faultmap.sinks.trail.entries import Bucket, Entry, Filters, Group, Histogram, Link, Page
from flask_faultmap.sinks.trail.extension import AuditTrail
from flask_faultmap.sinks.trail.health import Health
from flask_faultmap.sinks.trail.records import is_kept_by_default

__all__ = [
    "AuditTrail",
    "Bucket",
    "Entry",
    "Filters",
    "Group",
    "Health",
    "Histogram",
    "Link",
    "Page",
    "is_kept_by_default",
]
