r"""Which names are those of secrets, and what is a value behind one? The grammar of :mod:`.secrets`.

All of it is read without regard to case.
"""

# Whose key is a secret: api_key, AccountKey, signing.key …
OWNERS = (
    "api|app|bot|sas",  # of one length each, as Python looks back by a fixed one
    "auth|hmac",
    "access|client|deploy|master|shared",
    "account|license|private|service|signing|storage|webhook",
    "consumer",
    "encryption",
    "subscription",
)
# Looking back from "key" is cheaper than looking ahead to it from each letter of a text.
KEY = "|".join(rf"(?<=(?:{owners})key)|(?<=(?:{owners})[-_.]key)" for owners in OWNERS)

# Words that make a name that of a secret, wherever in it they stand: DB_PASSWORD, x-api-key, clientSecret …
SECRET = (
    r"(?:passw(?:or)?d|passphrase|passwort|passcode|passkey|pwd|[-_.]pass(?![a-z])|secret(?!ar|iv|ion)"
    r"|(?<![a-z])(?:db|user|my|admin|root|smtp|mail|ftp|redis|pg|mysql|http|proxy|login)pass(?![a-z])"
    r"|token(?!s|iz)|credential|jwt|bearer|cookie|authorization|(?<![a-z])auth(?![a-z])"
    r"|session[-_.]?(?:id|key|token)|sess_?id|connect\.sid|[-_.]session(?=[\"']?\]?=)|c[sx]rf|xsrf|__(?:host|secure)-"
    r"|aspxauth|aspnetcore\.|wordpress_(?:logged_in|sec)|remember_me|webhook[-_]?url"
    rf"|key(?:{KEY}))"
)
# … and the ends of names that only speak of one: token_type, InvalidTokenError, password_required.
ABOUT = (
    r"(?:types?|counts?|limits?|ur[il]s?|endpoints?|length|size|polic(?:y|ies)|expir\w*|names?"
    r"|error|exception|warning|required|invalid|expired|failed|missing|enabled|disabled|method|scheme|age)"
)
SECRET_NAME = rf"(?i)(?=[\s\S]*?{SECRET}|(?:pass|pw|pin|otp|sid|session)\Z)(?![\s\S]*{ABOUT}\Z)"
# "unexpected token: identifier" is a parser's.
PARSED = "".join(
    rf"(?<!{word}[ ])"
    for word in [
        "unexpected",
        "expected",
        "illegal",
        "unrecognized",
        "unrecognised",
        "next",
        "lookahead",
        "of",
        "missing",
    ]
)
# In lower case, one of these is in each name of a secret.
LITERALS = (
    *("pass", "pwd", "pw", "psw", "pin", "otp", "cvv", "sid", "sess", "sig", "secret", "token", "key"),
    *("credential", "jwt", "bearer", "cookie", "auth", "csrf", "cxrf", "xsrf", "__host-", "__secure-"),
    *("aspnetcore", "wordpress", "remember_me", "webhook"),
)
# The names that are one only where a value follows at once: "sid=…", "pass: …" in quotes.
SHORT = (
    r"(?=(?:pass|pw|psw|pin|otp|cvv|sid|session|sess)(?:\\*[\"']|&quot;)|(?:pass|pw|psw|otp|session|sess|[\w-]{1,40}\.sid"
    r"|[\w-]{0,40}(?:sig|signature))=|(?<!\()sid=|(?:pass|pw|psw|pin|otp)[ ]?=>)"
)
START = r"(?<![\w.-])"
SPELT = r"(?:api|access|secret|private) key(?: provided)?"
SECRET_WORD = (
    rf"(?:(?:(?=[\w.-]*?{SECRET})(?![\w.-]*{ABOUT}(?![\w.-]))|{SHORT}){PARSED}[\w.-]++"
    rf"|{PARSED}{SPELT})"
)
NAME = START + SECRET_WORD
# Says how a secret is, and is none: "token: expired", "password: must be long", "(using password: YES)".
STATES = (
    "a absent accepted active after all allowed always an and any are argument arguments at available"
    " bad be been before being between blank bool boolean both by can cannot changed check contains"
    " correct could created deleted denied did disabled does email empty enabled encrypted enter"
    " expected expired expires failed false field flag flags for forbidden found from given had has"
    " hashed have header headers hidden how if in inactive incorrect int invalid is issued it its least"
    " letters long malformed masked matches may maximum minimum mismatch missing must never nil no none"
    " not null number object of off ok on only option optional options or parameter parameters please"
    " present provided received refreshed refused rejected renewed required reset revoked sent set short"
    " should str stored string supplied supported text that the there this to too true type unauthorized"
    " unavailable undefined unknown unset unsupported updated use used valid value verified was weak"
    " were when which will with without wrong yes you your"
    " expects length longer needs passwords requires shorter signature takes"
)
SCHEMES = (
    r"basic|bearer|digest|hawk|jwt|kerberos|ldap|mfa|mtls|negotiate|ntlm|oauth ?[12]?(?:\.0)?|oidc|openid"
    r"|saml2?|sso|totp"
)
STATE = (
    rf"(?:(?:\d\d?|{'|'.join(STATES.split())})[.,;:!?)\]}}\"']{{0,3}}(?:\s|$)"
    rf"|(?:{SCHEMES})(?:[.,;:!?)\]}}\"']{{0,3}}(?:\n|$)|[.,;!?)]{{1,3}}\s|\s(?:\(|is\b|are|and|or|with|for|only|flow|login|auth\w*)\b))"
)
# Where a value without quotes ends, but for whitespace: closing marks, the next key, the end of a string.
END = r"(?:[)\]}\"'`,;.:!?]{1,8}(?:\s|$)|[,;&](?:[\"']|[\w. -]{1,40}=)|[\"'][,}\]]|&quot;)"
# A quote that is escaped once or twice ends at the next one that is escaped as often.
QUOTED = (
    r"""(?:[bBrRuUnN]{0,2}(?:(?<!\\)\\"(?:[^"\\]|\\{2,}+"?|\\(?!"))*+\\?"?"""
    r"""|(?<!\\)\\{3}"(?:[^"\\]|\\{4,}+"?|\\{1,3}(?!["\\]))*+\\{0,3}"?"""
    r"""|\\+"[^"]*+"?|\\+'[^']*+'?|"(?:[^"\\]|\\[\s\S]|"")*+"?|'(?:[^'\\]|\\[\s\S]|'')*+'?|`[^`]*+`?)"""
    r"""|&(?:quot|apos|#0{0,4}3[49]|#x2[27]);[\s\S]*?(?:&(?:quot|apos|#0{0,4}3[49]|#x2[27]);|\Z)"""
    r"""|\\+(?:u00|x)2[27][\s\S]*?(?:\\+(?:u00|x)2[27]|\Z)"""
    r"""|[\u201c\u201e\xab\u2039\u2018\u300c][^\u201c\u201d\xbb\xab\u203a\u2019\u300d\n]*+"""
    r"""[\u201c\u201d\xbb\xab\u203a\u2019\u300d]?)"""
)
BARE = rf"(?:\[redacted\]|\\[ \n]|(?!{END})\S)"  # one character; a shell's blank has a stroke
# What a line break parts does not belong together, as the next line has a name of its own, but where it is
# indented: a folded header, a block.
GAP = r"(?:[^\S\n]{0,4}\n[^\S\n]{1,40}|[^\S\n]{1,40})"
IS = (
    rf"(?:(?:\\*[\"'`]|&quot;)?\]?(?:{GAP})?(?:=>|:=|[!~+?]?={{1,3}}|<>|:(?!:))(?:{GAP}|\n(?=-[ ]))?"
    r"|\\*\";s:\d{1,6}:(?=\\*\"))"  # as PHP serializes it
)
# A secret's name where a value is due ("Cookie: token=x"): taken too, lest its value be left without a name.
NAME_IS = rf"{START}(?=(?:[\w.-]++|{SPELT}){IS}){NAME}{IS}"  # what nearly no word is goes first
NAMED = rf"(?:[\[{{(\"'`\\:]*+{NAME}{IS})"
BLOCK = r"[|>][-+\d]{0,2}(?:\\+[nr]{1,2}\\*n?[ ]{1,40}[^\\\"\n]++)+"  # of YAML, in JSON
ITEMS = rf"-[ ](?!{STATE})[^\n]*+(?:\n[^\S\n]*+-[ ][^\n]*+)*+"  # of YAML
# A tag or an anchor of YAML, a type of PHP.
TYPE = r"(?:[!&][\w!][\w!/.:-]{0,64}[ ]{1,4}|string\(\d{1,6}\)[ ]?){0,2}"
# A place for a value is none: those of SQL, a variable of a shell.
PLACE = (
    r"(?:(?:%s|%\(\w{1,64}\)s|\$\d{1,2}|\$\{[\w.:-]{1,64}\}"
    r"|(?<=[ ])[:@]\w{0,32}(?:pass|pwd|token|secret|key)\w{0,32})(?=[\s,;)\"']|$))"
)


def _nest(opening: str, closing: str, depth: int = 5) -> str:
    """Match what stands in brackets, with brackets in it; a text in quotes is read as one."""
    one = rf"\"(?:[^\"\\]|\\[\s\S])*+\"?|'(?:[^'\\]|\\[\s\S])*+'?|[^\"'{opening}{closing}]"
    nested = rf"{opening}[^{closing}]*+{closing}?"
    for _ in range(depth):
        nested = rf"{opening}(?:{one}|{nested})*+{closing}?"
    return nested


LIST, MAPPING, TUPLE = _nest(r"\[", r"\]"), _nest(r"\{", r"\}"), _nest(r"\(", r"\)")
VALUE = (
    rf"{NAMED}{{0,4}}{TYPE}(?:(?:{QUOTED})++|{BLOCK}|{ITEMS}"
    rf"|(?!{STATE}|{PLACE})(?:(?:{LIST}|{MAPPING}|[\w.]{{0,40}}+(?=[\[(][bBrRuU]?[\"')])(?:{TUPLE}|{LIST})){BARE}*+"
    rf"|{BARE}++))"
)
