"""A driver's failure, rules about it, and the commands ``flask faults`` on an app that has them."""

from enum import Enum

from flask_faultmap import Rule
from flask_faultmap.errors import GoneError, NotFoundError
from flask_faultmap.tools.cli import faults


class Code(Enum):
    EMPTY = 1


class PumpError(Exception):
    code = Code.EMPTY


TYPED = {"where": {"code": Code.EMPTY}}
TABLE = {"table": "code", "to": {Code.EMPTY: GoneError}}


def rule_with(**given):
    return Rule(**{"on": PumpError, "to": NotFoundError, **given})


def run(app, *words):
    return app.test_cli_runner().invoke(faults, words)
