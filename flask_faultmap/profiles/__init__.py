"""How does a fault look to one sort of client? The second map: from a fault to a body."""

from flask_faultmap.profiles.profile import (
    BUILT_IN,
    FAULT_MESSAGE,
    FIRECRACKER,
    PROBLEM,
    FaultMessageSchema,
    ProblemSchema,
    Profile,
    Reply,
    ViolationSchema,
    add_details,
)

__all__ = [
    "BUILT_IN",
    "FAULT_MESSAGE",
    "FIRECRACKER",
    "PROBLEM",
    "FaultMessageSchema",
    "ProblemSchema",
    "Profile",
    "Reply",
    "ViolationSchema",
    "add_details",
]
