"""How does a fault look to one sort of client? The second map: from a fault to a body."""

from flask_faultmap.faults import Kind
from flask_faultmap.profiles.profile import BUILT_IN, FAULT_MESSAGE, FIRECRACKER, PROBLEM, Profile, Reply
from flask_faultmap.profiles.schemas import (
    Envelope,
    FaultMessageSchema,
    OfKind,
    ProblemSchema,
    ViolationSchema,
    add_details,
)

__all__ = [
    "BUILT_IN",
    "FAULT_MESSAGE",
    "FIRECRACKER",
    "PROBLEM",
    "Envelope",
    "FaultMessageSchema",
    "Kind",
    "OfKind",
    "ProblemSchema",
    "Profile",
    "Reply",
    "ViolationSchema",
    "add_details",
]
