"""Where does the problem type of an error lead? To its page in the first catalogue of the app."""

from urllib.parse import quote

from flask import Flask

from flask_faultmap.contract.entries import can_reach_client, codes_of
from flask_faultmap.defining import code_text
from flask_faultmap.errors import DomainError
from flask_faultmap.mapping.mapper import FindType, Mapper
from flask_faultmap.pages.descriptions import RESERVED


def root_of(app: Flask, prefix: str) -> str:
    """Give the path below which a catalogue with the URL *prefix* has its pages."""
    root = str(app.config["APPLICATION_ROOT"] or "")
    parts = [part.strip("/") for part in (root, prefix)]
    return "/" + "".join(f"{part}/" for part in parts if part)


def find_types(root: str) -> FindType:
    """Make what gives the address of a code's page below *root*; None where the contract has no such code.

    The address is a relative reference with its full path (RFC 9457, section 3.1.1).
    """
    known: set[str] = set()

    def find(mapper: Mapper, cls: type[DomainError], code: str) -> str | None:
        is_own = code == code_text(cls.code) and can_reach_client(mapper, cls)
        if not is_own and not known:
            known.update(codes_of(mapper))  # once: a code that one raise has set may come from anywhere
        return root + quote(code) if (is_own or code in known) and code not in RESERVED else None

    return find
