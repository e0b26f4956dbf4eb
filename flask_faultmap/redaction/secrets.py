r"""Where does a secret stand? In addresses, behind schemes and behind names."""

import base64
import binascii
import re

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
# "//" of an address, also as JSON of PHP.
SLASHES = r"(?:(?<=//)|(?<=/\\/)|(?<=/\\\\/))"
# Schemes whose addresses have no "@" but behind a password.
STORES = (
    r"(?i:postgres(?:ql)?|postgis|mysqlx?|mariadb|mssql|sqlserver|oracle|rediss?|valkeys?|mongodb|amqps?|kafka"
    r"|nats|mqtts?|ldaps?|smtps?|imaps?|pop3s?|ftps?|sftp|clickhouse|cassandra|cockroachdb|couchdb|neo4j|bolt"
    r"|memcached|snowflake|redshift|db2|informix|teradata|trino|presto|hive|elasticsearch|influxdb|rtsps?"
    r"|socks[45]h?|smb|vnc|sentinel|pyodbc|crate|databricks|vertica|exasol|firebird|sybase|hana|dremio|druid)"
)
# A quote in a password is followed by more of it.
IN_PASSWORD = r"(?:[^\s\"'<>]|[\"'<>](?![\s,:;}\])]))"
PORT = r"(?!\d{1,5}(?![\w~%+=@!$…-]))"


def _hide_basic(match: re.Match[str]) -> str:
    word = match[2]
    if not word.endswith("=") and len(word) < 24:
        try:
            if b":" not in base64.b64decode(word, validate=True):
                return match[0]
        except binascii.Error:
            return match[0]
    return match[1] + HIDDEN


CRUMB = r"(?:\"[^\"]*+\"?|[^\s;]*+)"  # the value of a cookie
DAY = r"[ ]\d{1,2}[ -]\w{3}[ -]\d{2,4}[ ][\d:]{8}[ ](?:GMT|UTC),?"
AT = ("@",)
ADDRESS_PATTERNS: Patterns = (
    # A password with "/", "?" or "#" in it: what stands behind the colon is no port.
    (
        AT,
        rf"((?<![A-Za-z\d])(?=\w{{1,24}}+(?:\+\w{{1,24}})?:\\*/){STORES}(?:\+\w{{1,24}})?:(?:\\*/){{2}})(?!\[redacted\]@)[^\s\"'<>@:]{{0,128}}:{IN_PASSWORD}{{0,256}}@",
        rf"\1{HIDDEN}@",
    ),
    (AT, rf"{SLASHES}[^\s/?#\"'<>]+@", f"{HIDDEN}@"),
    # The same in other addresses.
    (
        AT,
        rf"{SLASHES}(?!\[redacted\]@)[^\s/?#:@\"'<>\[]{{0,256}}:(?!\d{{1,5}}(?:[/?#\s\"'<>]|$)){IN_PASSWORD}{{0,256}}@",
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
        rf"{PORT}(?!(?:[{{<$%(*]|(?i:port)\b|\[redacted\]))[^\s\"'<>@,]++",
        rf"\1{HIDDEN}",
    ),
    # Query and fragment, of relative URLs too; the name goes with the value, as it tells what is asked there.
    (
        ("=",),
        rf"(?i)(?<=[?&#])(?:(?=[^\s=&?#]{{0,64}}?{SECRET})(?![^\s=&?#]{{0,64}}{ABOUT}=)[^\s=&?#]{{1,128}}+"
        r"|key|code|pass|pw|pin|sid|session|sess|otp|sig|hmac|ticket|samlresponse"
        r"|[\w-]{0,32}(?:signature|assertion|verifier))=[^\s&#\"'`]*+",
        HIDDEN,
    ),
)
CREDENTIAL_PATTERNS: Patterns = (
    # A DSN without a scheme: user:password@tcp(host)/db. A digest (image:tag@sha256:…) is none.
    (
        AT,
        r"(?<![\w.%+/@:-])([\w.%+-]{1,64}+):(?!\[redacted\]@)[^\s\"'<>]{1,128}@(?=(?:tcp[46]?|udp|unix|pipe)?\()",
        rf"\1:{HIDDEN}@",
    ),
    (
        AT,
        r"(?<![\w.%+/@:-])(?!mailto:)([\w.%+-]{1,64}+):[^\s@/:\"'<>]{1,128}@(?!sha\d)(?=[\w(\[]|/\w)",
        rf"\1:{HIDDEN}@",
    ),
    # Without a header. Letters alone may be a word: "Bearer authentication", "basic understanding".
    (
        ("bearer",),
        rf"(?<![A-Za-z\d])(Bearer{GAP}|(?i:bearer){GAP}"
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
        rf"[^\s;=,\"']+={CRUMB}(?:;(?:{GAP})?[\w.-]++(?:={CRUMB})?(?!:|\s?=>)"
        rf"|(?<=,)(?:{DAY}|{GAP}[\w.-]++={CRUMB}))*+)",
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
    # In a connection's string, up to the next sign: blanks are the password's.
    (
        (";",),
        rf"(?i)((?:(?<=;)|(?<=;[ ])){NAME}=)(?![\"'{{]|\[redacted\])[^;\"'\n=]{{1,128}}(?=;)",
        rf"\1{HIDDEN}",
    ),
    (LITERALS, rf"(?i)({NAME_IS}){VALUE}", rf"\1{HIDDEN}"),
    # A name and its value as two members; a part of an input that was refused.
    (
        ("value",),
        rf"(?i)({START}(?:name|key|header|field|parameter){IS}(?:\\*[\"'])?{NAME}(?:\\*[\"'])?[,;]?\s{{0,40}}(?:\\*[\"'])?value{IS}){VALUE}",
        rf"\1{HIDDEN}",
    ),
    (
        ("input",),
        rf"(?i)([\"']loc[\"']:[ ]?[\[(](?=[^\])]{{0,200}}?{SECRET})[^\])]{{1,300}}[\])]"
        rf"[^{{}}]{{0,400}}?[\"']input[\"']:[ ]?){VALUE}",
        rf"\1{HIDDEN}",
    ),
    (
        ("input_value=",),
        rf"(?im)(^(?=[^\n]{{0,200}}?{SECRET})[\w.-]{{1,300}}\n[ ]{{1,4}}[^\n]{{0,400}}?input_value=){VALUE}",
        rf"\1{HIDDEN}",
    ),
    # Long and of letters and digits: no word.
    (
        LITERALS,
        rf"(?i)({NAME}[ ](?:was[ ]|is[ ])?[\"'`(\[]?)(?=[\w+=~-]{{0,64}}\d)(?=[\w+=~-]{{0,64}}[a-z])"
        r"[\w+=~-]{20,}+(?![/.]\w)",
        rf"\1{HIDDEN}",
    ),
    # Pairs in a list of headers, options of a command, elements of XML.
    (LITERALS, rf"(?i)([(\[]b?[\"']{NAME}[\"'],\s{{0,4}}){QUOTED}", rf"\1{HIDDEN}"),
    (
        ("<",),
        rf"(?i)(<(?:[\w.-]{{1,40}}:)?{NAME}[^<>]{{0,200}}>)(?:<!\[CDATA\[[\s\S]*?(?:\]\]>|\Z)|[^<]+(?=</|\Z))",
        rf"\1{HIDDEN}",
    ),
)
