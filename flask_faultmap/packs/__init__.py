"""What do the errors of well-known libraries mean? Ready-made rules: ``rules=[*RULES, *SQLALCHEMY]``."""

from flask_faultmap.packs.botocore import BOTOCORE
from flask_faultmap.packs.grpc import GRPC
from flask_faultmap.packs.jwt_extended import JWT_EXTENDED
from flask_faultmap.packs.redis import REDIS
from flask_faultmap.packs.sqlalchemy import SQLALCHEMY

__all__ = ["BOTOCORE", "GRPC", "JWT_EXTENDED", "REDIS", "SQLALCHEMY"]
