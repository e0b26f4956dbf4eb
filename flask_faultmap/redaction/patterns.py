r"""What must go out of a foreign text, and what takes its place: the tables of :mod:`.redaction`.

An entry is a pattern and a replacement. They are tried in order, each over the whole text.

Each takes linear time, whatever the text: it never starts again inside what an earlier try of it has read.
That is held by a lookbehind, by taking all that was read (possessive ``++``), or by a bound; a pattern with
none of them lets 64 KiB of one character stop a worker (CWE-1333).
"""

import re
from collections.abc import Callable, Sequence

HIDDEN = "[redacted]"
PATH = "[path]"
TRACEBACK = "[traceback]"

Replacement = str | Callable[[re.Match[str]], str]
Patterns = Sequence[tuple[re.Pattern[str], Replacement]]


def _any(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# A page of HTML, such as a proxy's error page: its words are wanted.
PAGE = _any(r"<(?:!doctype html|html)\b")
PAGE_PATTERNS: Patterns = (
    (_any(r"<(script|style)\b[\s\S]*?(?:</\1\b[^<>]*>?|\Z)"), " "),
    (_any(r"<!--[\s\S]*?(?:-->|\Z)"), " "),
    (_any(r"</?[a-z!][^<>]*+>?"), " "),
)

CONTROL_PATTERNS: Patterns = (
    # ANSI: colours and cursor (CSI), titles and links (OSC), the codes of two characters.
    (
        re.compile(r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?|\x1b\][^\x07\x1b\r\n]*+(?:\x07|\x1b\\)|\x1b[ -~]?"),
        "",
    ),
    (re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]"), "\n"),
    (re.compile(r"\t"), " "),
    (re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f]"), ""),
    # What makes a reader see another order, or hides a letter from the patterns below.
    (re.compile(r"[\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"), ""),
    (re.compile(r"[\ud800-\udfff]"), "\ufffd"),  # lone surrogates, which cannot be encoded
)

FRAME = r'[ |+]++File "[^"\n]*+", line \d[^\n]*+(?:\n|\Z)'
BLOCK_PATTERNS: Patterns = (
    # Private keys: whole or without an end, and without a beginning.
    (re.compile(r"-{4,5} ?BEGIN[^\n-]{0,40}PRIVATE KEY[\s\S]*?(?:-{4,5} ?END[^-]{0,60}-{4,5}|\Z)"), HIDDEN),
    (re.compile(r"\A[\s\S]*?-{4,5} ?END[^\n-]{0,40}PRIVATE KEY[^-]{0,10}-{4,5}"), HIDDEN),
    # Python's tracebacks, also a group's with its margin of "|": the indented lines go, the last line stays.
    (
        re.compile(
            r"(?:(?:^[ |+]*+)?(?:Exception Group )?Traceback \(most recent call last\):[ ]*\n(?=[ |+])"
            rf"|^{FRAME})(?:[ |+][^\n]*+(?:\n|\Z))*+",
            re.MULTILINE,
        ),
        f"{TRACEBACK} ",
    ),
    # On one line code and message cannot be told apart: all that follows goes.
    (re.compile(r"Traceback \(most recent call last\):(?=(?:\s|\\+[nrt]){0,20}\\*File )[\s\S]*"), TRACEBACK),
    # Frames of Java and JavaScript: " at a.b.C.d(C.java:12)".
    (
        re.compile(
            r"(?:(?<!\s)\s++at [\w.$<>/ ]{1,120}\((?:[^()\s]{1,200}\.\w{1,8}(?::\d+){1,2}|node:[^()\s]{1,200}"
            r"|native|Native Method|Unknown Source|<anonymous>)\))+"
        ),
        f" {TRACEBACK}",
    ),
)

# Words that make a name that of a secret, wherever in it they stand: DB_PASSWORD, x-api-key, clientSecret …
SECRET = (
    r"(?:passw(?:or)?d|passphrase|pwd|[-_]pass(?![a-z])|secret(?!ar|iv|ion)|token(?!s|iz)|credential|jwt"
    r"|bearer|cookie|authorization|(?<![a-z])auth(?![a-z])|session[-_.]?(?:id|key)"
    r"|(?:api|access|account|auth|client|encryption|master|private|secret|shared|signing|subscription)"
    r"[-_.]?key)"
)
# … and the ends of names that only speak of one: token_type, InvalidTokenError, password_required.
ABOUT = (
    r"(?:types?|counts?|limits?|ur[il]s?|endpoints?|length|size|polic(?:y|ies)|expir\w*|names?"
    r"|error|exception|warning|required|invalid|expired|failed|missing)"
)
SECRET_NAME = _any(rf"(?=[\s\S]*?{SECRET}|pass\Z)(?![\s\S]*{ABOUT}\Z)")
NAME = (
    rf"(?<![\w.-])(?:(?:(?=[\w.-]*?{SECRET})(?![\w.-]*{ABOUT}(?![\w.-]))|(?=pass(?:=|\\*[\"'])|(?:sig|signature)=))[\w.-]++"
    r"|(?:api|access|secret|private) key(?: provided)?)"
)
# Says how a secret is, and is none: "token: expired", "password: must be long", "(using password: YES)".
STATE = (
    r"(?:is|was|are|has|have|must|may|can|cannot|could|should|will|does|did|not|no|yes|an?|the|this|that|its?"
    r"|your|for|in|on|of|to|or|and|with|null|none|nil|true|false|undefined|empty|missing|required|invalid"
    r"|expired|revoked|unknown|malformed|incorrect|wrong|denied|failed|rejected|unauthorized|valid|ok|too"
    r"|options?|flags?|arguments?|parameters?|headers?)[.,;:!?)\]}\"']{0,3}(?:\s|$)"
)
# Where a value without quotes ends, but for whitespace: closing marks, the next key, the end of a string.
END = r"(?:[)\]}\"'`,;.:!?]{1,8}(?:\s|$)|[,;&](?:[\"']|[\w. -]{1,40}=)|[\"'][,}\]])"
QUOTED = r"""[bBrRuU]{0,2}(?:\\+"[^"]*+"?|\\+'[^']*+'?|"(?:[^"\\]|\\[\s\S])*+"?|'(?:[^'\\]|\\[\s\S])*+'?)"""
BARE = rf"(?:\[redacted\]|(?!{END})\S)"  # one character
GAP = r"[^\S\n]{1,4}"  # what a line break parts does not belong together: the next line has a name of its own
IS = rf"(?:\\*[\"'])?\]?(?:{GAP})?(?:=>|:=|={{1,3}}|:(?!:))(?:{GAP})?"
# A secret's name where a value is due ("Cookie: token=x"): taken too, lest its value be left without a name.
NAMED = rf"(?:[\[{{(\"'\\:]*+{NAME}{IS})"
VALUE = rf"{NAMED}{{0,4}}(?:{QUOTED}|(?!{STATE})(?:(?:\[[^\]]*+\]?|\{{[^}}]*+\}}?){BARE}*+|{BARE}++))"
PARAMETER = r"[\w-]+=(?:\"[^\"]*+\"?|[^\s,\"]++)"
ABOUT_BEARER = (  # words of sentences about the scheme
    r"(?:(?:tokens?|auth\w*|schemes?|credentials?|challenges?|format|prefix|access|security)\b(?!\w|-\w*\d)"
    r"|\w+=[\"'])"
)

ADDRESS_PATTERNS: Patterns = (
    (re.compile(r"(?<=//)[^\s/?#\"'<>]+@"), f"{HIDDEN}@"),
    # A password with "/", "?" or "#" in it: what stands behind the colon is no port.
    (
        re.compile(r"(?<=//)[^\s/?#:@\"'<>\[]{0,256}:(?!\d{1,5}(?:[/?#\s]|$))[^\s\"'<>]{0,256}@"),
        f"{HIDDEN}@",
    ),
    # Query and fragment, of relative URLs too; the name goes with the value, as it tells what is asked there.
    (
        _any(
            rf"(?<=[?&#])(?:(?=[^\s=&?#]{{0,64}}?{SECRET})(?![^\s=&?#]{{0,64}}{ABOUT}=)[^\s=&?#]{{1,128}}+"
            r"|key|code|pass|sid|session|otp|sig|[\w-]{0,32}signature)=[^\s&#\"'`]*+"
        ),
        HIDDEN,
    ),
)
CREDENTIAL_PATTERNS: Patterns = (
    # A DSN without a scheme: user:password@tcp(host)/db. A digest (image:tag@sha256:…) is none.
    (
        re.compile(r"(?<![\w.%+/@:-])(?!mailto:)([\w.%+-]{1,64}+):[^\s@/:\"'<>]{1,128}@(?!sha\d)(?=[\w(\[])"),
        rf"\1:{HIDDEN}@",
    ),
    # Without a header. Letters alone may be a word: "Bearer authentication", "basic understanding".
    (
        re.compile(
            rf"\b(Bearer(?:{GAP}|%20)|(?i:bearer)(?:{GAP}|%20)"
            r"(?=\S{0,64}?(?:\d|[_=~+.-]\w|[a-z][A-Z])|\S{24}))"
            rf"(?i:(?!{ABOUT_BEARER}|{STATE})(?:{NAMED}{{1,4}}{BARE}++|{BARE}{{6,}}+))"
        ),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(
            rf"\b((?i:basic|negotiate|ntlm){GAP})"
            r"(?=[a-zA-Z\d+/]{0,64}?(?:\d|[a-z][A-Z]|=))[a-zA-Z\d+/]{8,}+=*"
        ),
        rf"\1{HIDDEN}",
    ),
    # A header has a scheme before its token or its parameters; a cookie header has pairs.
    (
        _any(
            rf"((?<![A-Za-z])authorization{IS})(?:(?!{STATE})[\w-]{{1,40}}{GAP}"
            rf"(?:{PARAMETER}(?:\s{{0,4}},\s{{0,4}}{PARAMETER})*+|{VALUE})|{VALUE})"
        ),
        rf"\1{HIDDEN}",
    ),
    (
        _any(
            rf"((?<![A-Za-z])cookies?{IS})(?:{QUOTED}|"
            rf"[^\s;=,\"']+=[^\s;]*+(?:;(?:{GAP})?[\w.-]++(?:=[^\s;]*+)?(?!:|\s?=>))*+)"
        ),
        rf"\1{HIDDEN}",
    ),
    (_any(rf"({NAME}{IS}){VALUE}"), rf"\1{HIDDEN}"),
    # Pairs in a list of headers, options of a command, elements of XML.
    (_any(rf"(\(b?[\"']{NAME}[\"'],\s{{0,4}}){QUOTED}"), rf"\1{HIDDEN}"),
    (
        _any(rf"((?=--){NAME}(?:[\"'],\s?[\"']|{GAP})){NAMED}{{0,4}}(?!{STATE})[^\s\"'-][^\s\"']*+"),
        rf"\1{HIDDEN}",
    ),
    (_any(rf"(<(?:[\w.-]{{1,40}}:)?{NAME}[^<>]{{0,200}}>)[^<]+(?=</|\Z)"), rf"\1{HIDDEN}"),
)
TOKENS = (
    re.compile(
        r"(?<![A-Za-z0-9])(?:eyJ[\w-]{10,}+(?:\.[\w-]++){0,4}"  # JSON Web Tokens
        r"|gh[pousr]_[A-Za-z0-9]{16,}+|github_pat_\w{16,}+|glpat-[\w-]{16,}+"
        r"|sk-(?=[\w-]{0,64}\d)[\w-]{16,}+|(?:sk|pk|rk)_(?:live|test)_\w{8,}+|whsec_\w{8,}+"  # OpenAI, …
        r"|(?:AKIA|ASIA)[A-Z0-9]{12,}+|AIza[\w-]{30,}+|ya29\.[\w-]{10,}+"  # AWS, Google
        r"|xox[a-z]-[\w-]{8,}+|xapp-[\w-]{16,}+|\d{8,10}:AA[\w-]{30,}+"  # Slack, Telegram
        r"|npm_\w{30,}+|pypi-Ag[\w-]{16,}+|hf_[A-Za-z0-9]{20,}+|dop_v1_\w{16,}+|hvs\.[\w-]{20,}+"
        # Prefixes and lengths as gitleaks' rules have them; the expressions are ours.
        r"|gl(?:dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-[\w-]{16,}+|GOCSPX-[\w-]{20,}+"  # GitLab, Google
        r"|shp(?:at|ca|pa|ss)_[a-fA-F\d]{24,}+|lin_(?:api|oauth)_\w{24,}+|dapi[a-f\d]{32}+(?:-\d)?"
        r"|NR(?:AK|JS|RA|II)-[\w-]{16,}+|gl(?:c|sa)_[\w+/=]{24,}+|dckr_(?:pat|oat)_[\w-]{20,}+"  # Grafana, …
        r"|tskey-[\w-]{16,}+|gsk_\w{24,}+|xai-\w{24,}+|do[or]_v1_\w{16,}+|hv[br]\.[\w-]{20,}+"
        r"|rubygems_\w{24,}+|PMAK-[\w-]{24,}+|figd_[\w-]{20,}+|ntn_\w{24,}+|r8_\w{24,}+|sntry[su]_[\w+/=-]{24,}+"
        r"|key-[a-f\d]{32}+|dp\.pt\.\w{24,}+|pul-[a-f\d]{32,}+|EAA[A-Za-z\d]{24,}+|sq0(?:atp|csp|idp)-[\w-]{20,}+"
        r"|SG\.[\w-]{16,64}\.[\w-]{16,}+|AGE-SECRET-KEY-1\w{16,}+)"
    ),
    HIDDEN,
)


def _hide_path(match: re.Match[str]) -> str:
    path = match["path"]
    if match["method"] is not None:
        return match[0]
    segments = [segment for segment in path.split("/") if segment]
    if EXTENSION.search(path) or (len(segments) > 1 and not ROUTE.match(path)):
        return PATH
    return path


ROUTE = re.compile(r"/+(?:api|v\d[\w.]*)/")
EXTENSION = re.compile(r"\.[A-Za-z]\w{0,7}[/\\]*$")
RUN = rf"(?:\\[ ]|(?!{END})[^\s\"'`<>|:;,=])"  # one character of a path without quotes
PATH_PATTERNS: Patterns = (
    (_any(rf"(?<![\w+.-])(?:file://|[a-z][\w+.-]{{1,20}}+:///){RUN}*+"), PATH),
    # In quotes a path may have blanks.
    (
        re.compile(r"([\"'`])(?:(?:[A-Za-z]:[\\/]|\\\\)[^\"'`\n]*|/[^\s/\"'`]+/[^\"'`\n ]* [^\"'`\n]*)\1"),
        rf"\1{PATH}\1",
    ),
    # Windows: every segment but the last may have blanks.
    (
        re.compile(rf"(?<![\w/\\.-])[A-Za-z]:(?:\\+(?:[^\\/:*?\"'<>|\n]{{1,64}}+\\+)*+|/(?!/)){RUN}*+"),
        PATH,
    ),
    (re.compile(rf"(?<!\\)\\{{2,}}+[\w.?$-]++\\+{RUN}++"), PATH),
    (
        re.compile(
            r"(?P<method>\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\s{1,4}[\"'`]?)?"
            rf"(?<![\w/.~#])(?!(?<=:)//)(?P<path>/{RUN}++)"
        ),
        _hide_path,
    ),
)

FLATTEN = (re.compile(r"\n\s*+"), " ")
PATTERNS: Patterns = (
    *CONTROL_PATTERNS,
    *BLOCK_PATTERNS,
    *ADDRESS_PATTERNS,
    *CREDENTIAL_PATTERNS,
    TOKENS,
    *PATH_PATTERNS,
    FLATTEN,
)
URL_PATTERNS: Patterns = (*CONTROL_PATTERNS, *ADDRESS_PATTERNS, TOKENS, FLATTEN)
