r"""Where does a secret stand? In addresses, behind schemes and behind names."""

import base64
import binascii
import re
from urllib.parse import unquote

from flask_faultmap.redaction.names import (
    ABOUT,
    BARE,
    END,
    GAP,
    IS,
    LITERALS,
    NAME,
    NAME_IS,
    NAMED,
    QUOTED,
    SECRET,
    SECRET_NAME,
    SECRET_WORD,
    START,
    STATE,
    VALUE,
)
from flask_faultmap.redaction.replacing import HIDDEN, Patterns

__all__ = ["ADDRESS_PATTERNS", "CREDENTIAL_PATTERNS", "END"]

PARAMETER = r"[\w-]+=(?:\"[^\"]*+\"?|[^\s,\"]++)"
ABOUT_BEARER = (  # words of sentences about the scheme
    r"(?:(?:tokens?|auth\w*|schemes?|credentials?|challenges?|format|prefix|access|security)\b(?!\w|-\w*\d)"
    r"|\w+=[\"'])"
)
# "//" of an address, also as JSON of PHP, as an escape of JSON and as a value of a query.
SLASHES = r"(?:(?<=//)|(?<=/\\/)|(?<=/\\\\/)|(?<=%2[fF]%2[fF]))"
# Schemes whose addresses have no "@" but behind a password.
STORES = (
    r"(?i:postgres(?:ql)?|postgis|mysqlx?|mariadb|mssql|sqlserver|oracle|rediss?|valkeys?|mongodb|amqps?|kafka"
    r"|nats|mqtts?|ldaps?|smtps?|imaps?|pop3s?|ftps?|sftp|clickhouse|cassandra|cockroachdb|couchdb|neo4j|bolt"
    r"|memcached|snowflake|redshift|db2|informix|teradata|trino|presto|hive|elasticsearch|influxdb|rtsps?"
    r"|socks[45]h?|smb|vnc|sentinel|pyodbc|crate|databricks|vertica|exasol|firebird|sybase|hana|dremio|druid)"
)
PORT = r"(?!\d{1,5}(?![\w~%+=@!$…-]))"
LOGON = r"(?<![\w/.:@$-])([\w$#.]{1,64}/)(?=[^\s/\"'<>@])[^\s\"'<>]{1,128}@(?=[\w/(\[])"


def _hide_logons(match: re.Match[str]) -> str:
    return re.sub(LOGON, rf"\1{HIDDEN}@", match[0])


def _hide_encoded(match: re.Match[str]) -> str:
    name = match[1]
    for _ in range(3):
        name = unquote(name)
    return HIDDEN if re.match(SECRET_NAME, name) else match[0]


def _hide_basic(match: re.Match[str]) -> str:
    word = match[2]
    if not word.endswith("=") and len(word) < 24:
        try:
            if b":" not in base64.b64decode(word, validate=True):
                return match[0]
        except binascii.Error:
            return match[0]
    return match[1] + HIDDEN


AT = ("@",)
ORACLE = ("jdbc:oracle", "sqlplus", "sqlldr", "sqlcl", "expdp", "impdp", "rman", "ora-")
SQL = ("identified", "password", "secret")

ADDRESS_PATTERNS: Patterns = (
    # A password with "/", "?" or "#" in it: what stands behind the colon is no port.
    (
        AT,
        rf"((?<![A-Za-z\d])(?=\w{{1,24}}+(?:\+\w{{1,24}})?:\\*/){STORES}(?:\+\w{{1,24}})?:(?:\\*/){{2}})(?!\[redacted\]@)[^\s\"'<>@:]{{0,128}}:[^\s\"'<>]{{0,256}}@",
        rf"\1{HIDDEN}@",
    ),
    (AT, rf"{SLASHES}[^\s/?#\"'<>]{{1,512}}@", f"{HIDDEN}@"),
    (
        ("%40",),
        r"(?<=%2[fF]%2[fF])(?!\[redacted\])[^\s/?#\"'<>&%]{0,128}%3[aA][^\s/?#\"'<>&]{1,256}?%40",
        f"{HIDDEN}%40",
    ),
    # The same in other addresses.
    (
        AT,
        rf"{SLASHES}(?!\[redacted\]@)[^\s/?#:@\"'<>\[]{{0,256}}:(?!\d{{1,5}}(?:[/?#\s]|$))[^\s\"'<>]{{0,256}}@",
        f"{HIDDEN}@",
    ),
    (
        AT,
        r"(?<=://)(?!localhost:)[\w%+-]{1,64}:\d{1,5}[/?#](?!@)[^\s\"'<>/@]{1,64}@(?=[\w.-]{1,255}(?:[:/?#\s\"']|$))",
        f"{HIDDEN}@",
    ),
    # A cut within: what stands behind the colon is no port, and no host follows.
    (
        ("://", ":\\/"),
        r"(?<!docker://)(?<!oci://)(?:(?<=://)|(?<=:\\/\\/))([^\s/?#:@\"'<>\[]{0,64}:)"
        rf"{PORT}(?!(?:[{{<$%(*]|(?i:port)\b|\[redacted\]))[^\s\"'<>@,]++(?!@)",
        rf"\1{HIDDEN}",
    ),
    # Query and fragment, of relative URLs too; the name goes with the value, as it tells what is asked there.
    (
        ("=",),
        rf"(?i)(?<=[?&#])(?:(?=[^\s=&?#]{{0,64}}?{SECRET})(?![^\s=&?#]{{0,64}}{ABOUT}=)[^\s=&?#]{{1,128}}+"
        r"|key|code|pass|pw|pin|sid|session|sess|otp|sig|[\w-]{0,32}signature)=[^\s&#\"'`]*+",
        HIDDEN,
    ),
    (
        ("%",),
        r"(?<![^\s?&#;\"'{(,])(?=[^\s=%]{0,128}%[\da-fA-F]{2})([^\s=&?#\"'<>;]{1,200}+)=[^\s&#\"'`]*+",
        _hide_encoded,
    ),
    # In a URL within a URL, whose "=" is encoded too.
    (
        ("3d",),
        rf"(?i)({START}(?=[\w.-]{{0,128}}?{SECRET})(?![\w.-]{{0,128}}{ABOUT}%)[\w.-]{{1,200}}+%(?:25){{0,3}}3d)"
        r"(?:(?!%(?:25){0,3}26)[^\s&#\"'`<>])++",
        rf"\1{HIDDEN}",
    ),
)
CREDENTIAL_PATTERNS: Patterns = (
    # Oracle's user/password@host, which elsewhere is an address.
    (ORACLE, r"\A(?=[\s\S]*?(?:(?i:jdbc:oracle:|sqlplus)|(?<![A-Za-z])ORA-\d))[\s\S]++", _hide_logons),
    (
        ORACLE,
        r"(?i)((?<![A-Za-z\d])jdbc:oracle:\w{1,12}:[\w$#.]{1,64}/)(?!\[redacted\])[^\s\"'<>]{1,128}@",
        rf"\1{HIDDEN}@",
    ),
    (
        ORACLE,
        r"(?i)((?<![A-Za-z\d])(?:sqlplus|sqlldr|sqlcl|expdp|impdp|rman)(?:[^\S\n]{1,4}-\w{1,12}(?:[^\S\n]\d\S{0,8})?){0,4}"
        r"[^\S\n]{1,4}(?:userid=|target[^\S\n=]?=?)?[\"']?[\w$#.]{1,64}/)(?!\[redacted\])[^\s\"'<>@]{1,128}+",
        rf"\1{HIDDEN}",
    ),
    # A DSN without a scheme: user:password@tcp(host)/db. A digest (image:tag@sha256:…) is none.
    (
        AT,
        r"(?<![\w.%+/@:-])([\w.%+-]{1,64}+):(?!\[redacted\]@)[^\s\"'<>]{1,128}@(?=(?:tcp[46]?|udp|unix|pipe)?\()",
        rf"\1:{HIDDEN}@",
    ),
    (
        AT,
        r"(?<![\w.%+/@:-])(?!mailto:)([\w.%+-]{1,64}+):[^\s@/:\"'<>]{1,128}@(?!sha\d)(?=[\w(\[])",
        rf"\1:{HIDDEN}@",
    ),
    # Without a header. Letters alone may be a word: "Bearer authentication", "basic understanding".
    (
        ("bearer",),
        rf"(?<![A-Za-z\d])(Bearer(?:{GAP}|%20)|(?i:bearer)(?:{GAP}|%20)"
        r"(?=\S{0,64}?(?:\d|[_=~+.-]\w|[a-z][A-Z])|\S{24}))"
        rf"(?i:(?!{ABOUT_BEARER}|{STATE})(?:{NAMED}{{1,4}}{BARE}++|{BARE}{{6,}}+))",
        rf"\1{HIDDEN}",
    ),
    (
        ("basic", "negotiate", "ntlm"),
        rf"(?<![A-Za-z\d])((?i:basic|negotiate|ntlm){GAP})([a-zA-Z\d+/]{{8,}}+=*)",
        _hide_basic,
    ),
    # A header has a scheme before its token or its parameters; a cookie header has pairs.
    (
        ("authorization",),
        rf"(?i)((?<![A-Za-z])authorization{IS})(?:(?!{STATE})[\w-]{{1,40}}{GAP}"
        rf"(?:{PARAMETER}(?:\s{{0,4}},\s{{0,40}}{PARAMETER})*+|{VALUE})|{VALUE})",
        rf"\1{HIDDEN}",
    ),
    (
        ("cookie",),
        rf"(?i)((?<![A-Za-z])cookies?{IS})(?:{QUOTED}|"
        rf"[^\s;=,\"']+=[^\s;]*+(?:;(?:{GAP})?[\w.-]++(?:=[^\s;]*+)?(?!:|\s?=>))*+)",
        rf"\1{HIDDEN}",
    ),
    # A block of YAML: the lines that are indented further.
    (
        ("|", ">"),
        r"(?im)^(?=[^\n:]++:[^\S\n]{1,4}[|>])"
        rf"([^\S\n]*+)((?:-[ ])?[\"']?{NAME}[\"']?:[^\S\n]{{1,4}})[|>][-+\d]{{0,2}}"
        r"[^\S\n]*+(?:#[^\n]*+)?\n"
        r"(?:(?:\1[^\S\n]++[^\n]*+|[^\S\n]*+(?=\n))(?:\n|\Z))+",
        rf"\1\2{HIDDEN}\n",
    ),
    (LITERALS, rf"(?i)({NAME_IS}){VALUE}", rf"\1{HIDDEN}"),
    # SQL: IDENTIFIED BY 'x', PASSWORD 'x', PASSWORD('x').
    (
        SQL,
        r"(?i)((?<![A-Za-z\d])(?:identified[^\S\n]{1,4}(?:with[^\S\n]{1,4}\S{1,64}[^\S\n]{1,4})?(?:by|as)[^\S\n]{1,4}(?:password[^\S\n]{1,4})?"
        rf"|(?:password|secret)(?:[^\S\n]{{1,4}}|[^\S\n]{{0,4}}\([^\S\n]{{0,4}})))(?=[nN]?['\"]|\\)(?!['\"](?:[\s,;:.)]|{STATE})|['\"]{NAMED}){QUOTED}",
        rf"\1{HIDDEN}",
    ),
    (
        SQL,
        rf"((?<![A-Za-z\d])IDENTIFIED BY (?:VALUES )?)(?!\[redacted\]|(?i:{STATE}))[^\s\"';]++",
        rf"\1{HIDDEN}",
    ),
    (
        ("mysql", "mariadb", "sshpass"),
        r"((?<![A-Za-z\d])(?:mysql\w{0,12}|mariadb\w{0,12}|sshpass)\b[^\n]{0,80}?\s-p)(?!\[redacted\])[^\s\"'-][^\s\"']*+",
        rf"\1{HIDDEN}",
    ),
    # The values of a row with a secret in it.
    (
        ("insert",),
        rf"(?i)((?<![A-Za-z\d])insert\s{{1,8}}into\s{{1,8}}[^\s()]{{1,128}}\s{{0,8}}"
        rf"\((?=[^()]{{0,400}}?{SECRET})[^()]{{1,800}}+\)\s{{0,8}}values\s{{0,8}})"
        r"(?:\((?:'(?:[^'\\]|\\[\s\S]|'')*+'?|[^()'])*+\)?(?:,\s{0,8})?)+",
        rf"\1{HIDDEN}",
    ),
    # Pairs in a list of headers, options of a command, elements of XML.
    (LITERALS, rf"(?i)([(\[]b?[\"']{NAME}[\"'],\s{{0,4}}){QUOTED}", rf"\1{HIDDEN}"),
    (
        ("--",),
        rf"(?i)((?<![A-Za-z\d_.-])(?=--){SECRET_WORD}(?:[\"'],\s?[\"']|{GAP})){NAMED}{{0,4}}(?!{STATE})[^\s\"'-][^\s\"']*+",
        rf"\1{HIDDEN}",
    ),
    (
        ("<",),
        rf"(?i)(<(?:[\w.-]{{1,40}}:)?{NAME}[^<>]{{0,200}}>)(?:<!\[CDATA\[[\s\S]*?(?:\]\]>|\Z)|[^<]+(?=</|\Z))",
        rf"\1{HIDDEN}",
    ),
)
