"""What a profile says of an error in place of its title: by its ``wording``."""

from string import Formatter

from flask_faultmap.errors import DomainError
from flask_faultmap.faults import Kind
from flask_faultmap.mapping.occurrences import has_own_text
from flask_faultmap.profiles.profile import Profile


def find_wording(profile: Profile, error: DomainError, kind: Kind) -> str | None:
    """Give the template by which *profile* words *error*; None if the error has a text of the app's own."""
    if not profile.wording:
        return None
    template = profile.wording.get(kind.code)
    return None if template is None or has_own_text(error, kind) else template


def word_without_request(profile: Profile, error: DomainError, kind: Kind) -> str | None:
    """Word *error* as *profile* does, if that takes nothing of a request."""
    template = find_wording(profile, error, kind)
    return template.format() if template is not None and is_fixed(template) else None


def is_fixed(template: str) -> bool:
    """Say whether *template* has no placeholder."""
    return all(name is None for _, name, _, _ in Formatter().parse(template))
