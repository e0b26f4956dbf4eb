r"""How does a stack look? Frames of Python, Java, JavaScript, .NET, Go, Ruby, PHP and Rust."""

from flask_faultmap.redaction.replacing import HIDDEN, TRACEBACK, Patterns

FRAME = r'[ |+]++File "[^"\n]*+", line \d[^\n]*+(?:\n|\Z)'
SOURCE = r"(?:cc|cpp|cs|exs?|fs|java|jsx?|kt|mjs|cjs|scala|svelte|swift|tsx?|vb|vue|\w{2,8})"
PLACE = (
    rf"\((?:[^()\n]{{1,200}}?\.{SOURCE}(?:\?[\w-]{{1,40}})?(?::\d{{1,7}}){{1,2}}|node:[^()\s]{{1,200}}"
    r"|native|Native Method|Unknown Source|<anonymous>)\)(?: ~?\[[^\]\n]{1,120}\])?"
)
GO_FILE = r"[^\s:]{1,300}\.(?:go|s):\d{1,7}"

KEY = "PRIVATE(?:[ +]|%20)KEY"
KEYS = ("private key", "private+key", "private%20key")

STACK_PATTERNS: Patterns = (
    # Private keys: whole or without an end, and without a beginning.
    (
        KEYS,
        rf"(?i)-{{4,5}} ?BEGIN[^\n-]{{0,40}}{KEY}[\s\S]*?(?:-{{4,5}} ?END[^-]{{0,60}}-{{4,5}}|\Z)",
        HIDDEN,
    ),
    (KEYS, rf"(?i)\A[\s\S]*?-{{4,5}} ?END[^\n-]{{0,40}}{KEY}[^-]{{0,10}}-{{4,5}}", HIDDEN),
    # PuTTY's.
    (
        ("private-lines:",),
        r"(Private-Lines: \d{1,4}\s)[\s\S]*?(?=Private-MAC|\Z)",
        rf"\1{HIDDEN}\n",
    ),
    # Python's tracebacks, also a group's with its margin of "|": the indented lines go, the last line stays.
    (
        ("traceback (most", 'file "'),
        r"(?m)(?:(?:^[ |+]*+)?(?:Exception Group )?Traceback \(most recent call last\):[ ]*\n(?=[ |+])"
        rf"|^{FRAME})(?:[ |+][^\n]*+(?:\n|\Z))*+",
        f"{TRACEBACK} ",
    ),
    # On one line code and message cannot be told apart: all that follows goes.
    (
        ("traceback (most",),
        r"Traceback \(most recent call last\):(?=(?:\s|\\+[nrt]){0,20}\\*File )[\s\S]*",
        TRACEBACK,
    ),
    # Rust: numbered frames below their title, or without it.
    (
        ("stack backtrace:",),
        r"stack backtrace:[ ]{0,4}(?:\n(?:[ ]++[^\n]*+(?:\n|\Z))++|\s\d{1,3}: [^\n]*+)",
        f"{TRACEBACK} ",
    ),
    (("    at ",), r"(?m)(?:^ {1,8}\d{1,4}: [^\n]{1,300}\n {4,40}at [^\n]*+(?:\n|\Z))+", f"{TRACEBACK} "),
    # Go: a function and, on the next line, its file.
    (
        ("goroutine ",),
        r"goroutine \d{1,9} (?:gp=\S{1,20} m=\S{1,20} (?:mp=\S{1,20} )?)?\[[^\]\n]{1,60}\]:"
        rf"(?:\s{{1,8}}[^\n]{{1,300}}?\s{{1,8}}{GO_FILE}(?: \+0x[\da-f]{{1,8}})?)*+",
        TRACEBACK,
    ),
    (
        (".go:", ".s:"),
        rf"(?m)(?:^[^\s()]{{1,200}}\([^\n]{{0,200}}\)\n\s{{1,8}}{GO_FILE}(?: \+0x[\da-f]{{1,8}})?(?:\n|\Z))+",
        f"{TRACEBACK} ",
    ),
    ((".go:", ".s:"), rf"(?<!\S){GO_FILE} \+0x[\da-f]{{1,8}}", TRACEBACK),
    # PHP: "#0 /srv/a.php(12): f('x')", up to the next number.
    (
        ("#",),
        r"(?:\s{0,8}Stack trace:)?(?:(?:\s{1,8}|\A|\\{1,8}n)#\d{1,4} (?:\{main\}"
        r"|(?:[^\n()]{1,300}\(\d{1,7}\)|\[internal function\]): (?:(?!(?:\s|\\n)#\d)[^\n])*+))+",
        f" {TRACEBACK}",
    ),
    # PHP's own log: "PHP   1. f($x = 'x') /srv/a.php:12".
    (
        (".php:",),
        r"(?m)(?:PHP Stack trace:\s{0,8})?(?:^(?:PHP)? {1,4}\d{1,3}\. [^\n]{1,400}\.php:\d{1,7}(?:\n|\Z))+",
        f"{TRACEBACK} ",
    ),
    # Ruby: "/srv/a.rb:12:in 'f'".
    (
        (":in `", ":in '"),
        r"(?:(?<!\S)(?:\d{1,4}: )?(?:from )?"
        r"(?:[^\s:]{1,300}\.(?:rb|erb|haml|slim|rake|ru|builder)|<internal:[^>\n]{1,60}>|\(eval\)"
        r"|[^\s:]{1,300}/(?:bin|exe)/[\w-]{1,40}):\d{1,7}:in [`'][^'\n]{1,120}'(?::?(?=\s|\Z)\s{0,8}|:))+",
        f"{TRACEBACK} ",
    ),
    # Java and JavaScript: " at a.b.C.d(C.java:12)", " at async f (/srv/a.js:1:2)", " at /srv/a.js:1:2".
    (
        ("at ", "... "),
        rf"(?:(?<!\s)\s++(?:at (?:[\w.$<>/# \[\]@-]{{1,160}}{PLACE}"
        r"|(?:async )?(?:file://|https?://|webpack://|node:|/|[A-Za-z]:\\)[^\s()]{1,300}(?::\d{1,7}){2})"
        r"|\.\.\. \d{1,4} (?:more|common frames omitted)))+",
        f" {TRACEBACK}",
    ),
    # .NET: " at A.B(String c) in /srv/a.cs:line 12".
    (
        ("at ", "--- end of"),
        r"(?:(?<!\s)\s{1,16}at [\w.$<>`\[\],+|]{1,200}\([^()\n]{0,300}\)(?: in [^\n]{1,300}?:line \d{1,7})"
        r"|[^\S\n]{0,4}\n\s{1,16}at [\w.$<>`\[\],+|]{0,200}"
        r"\.[\w.$<>`\[\],+|]{1,80}\([^()\n]{0,300}\)(?=\s*(?:\n|\Z))"
        r"|\s{1,8}--- End of (?:stack trace from previous location(?: where exception was thrown)?"
        r"|inner exception stack trace) ---)+",
        f" {TRACEBACK}",
    ),
    # Firefox and Safari: "f@https://host/a.js:1:2".
    (
        ("@http", "@file", "@webpack"),
        r"(?:(?<!\S)[\w.$<>/*]{0,80}@(?:https?|file|webpack)://[^\s()]{1,300}(?::\d{1,7}){2}\s{0,4})+",
        f"{TRACEBACK} ",
    ),
)
