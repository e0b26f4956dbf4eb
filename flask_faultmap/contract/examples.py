"""What an answer looks like, for documents: the fault of a request that nobody has made."""

from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Fault
from flask_faultmap.mapping.mapper import CompiledKind, Mapper
from flask_faultmap.mapping.worded import find_wording
from flask_faultmap.profiles.profile import Profile

EXAMPLE_ID = "4f1d7c0e9a6b4d2f8c3e5a7b9d1f0e2c"
EXAMPLE_REQUEST = {"method": "GET", "path": "/example", "token": "example", "reason": "Expecting value"}


def example_of(mapper: Mapper, error: DomainError, profile: Profile, path: str) -> tuple[CompiledKind, Fault]:
    """Give the kind and the fault of *error* as *profile* words it below *path*."""
    compiled = mapper.compiled_kind(error, profile, path)
    template = find_wording(profile, error, compiled.kind)
    text = None if template is None else template.format(**EXAMPLE_REQUEST)
    return compiled, mapper.fault(error, compiled.kind, EXAMPLE_ID, text)
