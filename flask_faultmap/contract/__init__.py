"""What does an app promise its clients? Codes, statuses and members, as one document."""

from flask_faultmap.contract.contract import make_contract, read_contract, write_contract

__all__ = ["make_contract", "read_contract", "write_contract"]
