r"""Where does a database tell a secret? In a logon of Oracle, in SQL, and in what it says of a row."""

import re

from flask_faultmap.redaction.names import NAMED, QUOTED, SECRET, SPELT, STATE
from flask_faultmap.redaction.replacing import HIDDEN, Patterns

LOGON = r"(?<![\w/.:@$-])([\w$#.]{1,64}/)(?=[^\s/\"'<>@])[^\s\"'<>]{1,128}@(?=[\w/(\[])"


def _hide_logons(match: re.Match[str]) -> str:
    return re.sub(LOGON, rf"\1{HIDDEN}@", match[0])


ORACLE = ("jdbc:oracle", "sqlplus", "sqlldr", "sqlcl", "expdp", "impdp", "rman", "ora-")
SQL = ("identified", "password", "secret", "api key", "access key")

DOLLARS = r"\$\w{0,16}\$"  # a quotation of PostgreSQL's
# The values of one row, or of some.
ROWS = r"(?:\((?:'(?:[^'\\]|\\[\s\S]|'')*+'?|[^()'])*+\)?(?:,\s{0,8})?)+"
PLACES = r"\((?:\s{0,8}(?:\?|%s|%\(\w{1,64}\)s|[:$@]\w{1,64})\s{0,8},?){1,200}\)"

LOGON_PATTERNS: Patterns = (
    # Oracle's user/password@host, which elsewhere is an address.
    (ORACLE, r"\A(?=[\s\S]*?(?:(?i:jdbc:oracle:|sqlplus)|(?<![A-Za-z])ORA-\d))[\s\S]++", _hide_logons),
    (
        ORACLE,
        r"(?i)((?<![A-Za-z\d])jdbc:oracle:\w{1,12}:[\w$#.]{1,64}/)(?!\[redacted\])[^\s\"'<>]{1,128}@",
        rf"\1{HIDDEN}@",
    ),
    (
        ORACLE,
        r"(?i)((?<![A-Za-z\d])(?:sqlplus|sqlldr|sqlcl|expdp|impdp|rman)"
        r"(?:[^\S\n]{1,4}-\w{1,12}(?:[^\S\n]\d\S{0,8})?){0,4}"
        r"[^\S\n]{1,4}(?:userid=|target[^\S\n=]?=?)?[\"']?[\w$#.]{1,64}/)(?!\[redacted\])[^\s\"'<>@]{1,128}+",
        rf"\1{HIDDEN}",
    ),
)
DATABASE_PATTERNS: Patterns = (
    # SQL: IDENTIFIED BY 'x', PASSWORD 'x', PASSWORD('x').
    (
        SQL,
        r"(?i)((?<![A-Za-z\d])(?:identified[^\S\n]{1,4}(?:with[^\S\n]{1,4}\S{1,64}[^\S\n]{1,4})?"
        r"(?:by|as)[^\S\n]{1,4}(?:password[^\S\n]{1,4})?"
        rf"|(?:password|secret|{SPELT})(?:[^\S\n]{{1,4}}|[^\S\n]{{0,4}}\([^\S\n]{{0,4}})))(?=[nN]?['\"`]|\\|&|{DOLLARS})"
        rf"(?!['\"`](?:[\s,;:.)]|{STATE})|['\"]{NAMED})(?:(?:{QUOTED})++|{DOLLARS}[\s\S]*?(?:{DOLLARS}|\Z))",
        rf"\1{HIDDEN}",
    ),
    (
        SQL,
        rf"((?<![A-Za-z\d])IDENTIFIED BY (?:VALUES )?)(?!\[redacted\]|(?i:{STATE}))[^\s\"';]++",
        rf"\1{HIDDEN}",
    ),
    # The values of a row with a secret in it.
    (
        ("insert", "replace"),
        rf"(?i)((?<![A-Za-z\d])(?:insert|replace)\s{{1,8}}(?:(?:or\s)?(?:ignore|replace)\s)?into\s{{1,8}}"
        rf"[^\s()]{{1,128}}\s{{0,8}}"
        rf"\((?=[^()]{{0,400}}?{SECRET})[^()]{{1,800}}+\)\s{{0,8}}values\s{{0,8}})(?!{PLACES}){ROWS}",
        rf"\1{HIDDEN}",
    ),
    # The names of a row's columns are elsewhere.
    (
        ("[parameters:",),
        r"(\[parameters: )(?=\(|\[\()[\s\S]*?(?:[)\]]\](?=\s|\Z)|\Z)",
        rf"\1{HIDDEN}]",
    ),
    (("failing row contains (",), r"(Failing row contains )\([^\n]*+", rf"\1{HIDDEN}."),
    (
        (")=(",),
        rf"(?i)(Key \((?=[^\n=]{{0,200}}?{SECRET})[^\n=]{{1,400}}\)=)"
        r"\((?:[^\n]{0,300}?\)(?=[ ](?:already|is|conflicts)\b|\n|\Z)|[^\n]*+)",
        rf"\1{HIDDEN}",
    ),
    (
        ("duplicate entry",),
        rf"(?i)(Duplicate entry )'[^\n]{{0,300}}?'(?= for key '[^\n']{{0,200}}?{SECRET})",
        rf"\1{HIDDEN}",
    ),
    (
        ("duplicate key value is (",),
        rf"(?i)(\n|\A)(?=[^\n]{{0,400}}?{SECRET})([^\n]{{0,400}}?duplicate key value is )\([^\n]*+",
        rf"\1\2{HIDDEN}",
    ),
    # SQL that compares or sets, without a sign of its own behind the name.
    (
        (" in (", " like ", " ilike ", ") = ("),
        rf"(?i)((?<![\w.\"-])(?:(?=[\w.\"]{{0,64}}?{SECRET})[\w.\"]{{1,128}}+\s{{1,4}}(?:not\s)?"
        r"(?:in\s{0,4}(?=\([nN]?')|i?like\s{1,4}(?='))"
        rf"|\((?=[^()]{{0,400}}?{SECRET})[^()]{{1,800}}+\)\s=\s(?=\()))(?:{ROWS}|{QUOTED})",
        rf"\1{HIDDEN}",
    ),
    (
        ("pragma",),
        rf"(?i)((?<![A-Za-z\d])pragma\s{{1,4}}(?:hex)?(?:re)?key\s{{0,4}}[=(]\s{{0,4}}){QUOTED}",
        rf"\1{HIDDEN}",
    ),
)
