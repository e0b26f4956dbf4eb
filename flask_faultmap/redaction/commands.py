"""Where does the line of a command hold a secret? Behind its options."""

from flask_faultmap.redaction.names import GAP, NAME, NAMED, QUOTED, SECRET_WORD, STATE
from flask_faultmap.redaction.replacing import HIDDEN, Patterns

WORD = rf"(?:{QUOTED}|[^\s\"'`-][^\s\"']*+)"
# A word for a value, as a usage has it: [--password PASSWORD].
SAMPLE = r"(?-i:[A-Z_]{2,40})\]"
START_OF = r"(?<![A-Za-z\d])"
USERS = r"(?:curl|https?|wget|xh|skopeo|ab)"

COMMAND_PATTERNS: Patterns = (
    (
        ("-",),
        rf"(?i)((?<![A-Za-z\d_.-])(?=--?[a-z]){SECRET_WORD}(?:[\"'],\s?(?=[\"'])"
        rf"|[^\S\n]{{1,4}}\\\n[^\S\n]*+|{GAP}))"
        rf"{NAMED}{{0,4}}(?!{STATE}|{SAMPLE}){WORD}",
        rf"\1{HIDDEN}",
    ),
    (
        ("mysql", "mariadb", "sshpass"),
        rf"({START_OF}(?:mysql\w{{0,12}}|mariadb\w{{0,12}}|sshpass)\b[^\n]{{0,80}}?\s-p)"
        r"(?!\[redacted\])[^\s\"'-][^\s\"']*+",
        rf"\1{HIDDEN}",
    ),
    (
        ("sshpass", "login", "mongo", "redis-cli", "psql", "ldap"),
        rf"({START_OF}(?:(?:sshpass|(?:docker|podman|helm registry|az|oc) login|mongo\w{{0,8}})\b"
        rf"[^\n]{{0,80}}?\s-p|redis-cli\b[^\n]{{0,80}}?\s-a|ldap\w{{2,8}}\b[^\n]{{0,80}}?\s-w) )"
        rf"(?!\[redacted\]){WORD}",
        rf"\1{HIDDEN}",
    ),
    (
        ("curl", "http", "wget", "xh", "skopeo", "ab "),
        rf"({START_OF}{USERS}\b[^\n]{{0,200}}?\s(?:-u|-U|-a|--user|--proxy-user|--auth|--creds)[ =]?[\"']?"
        r"[\w.@+-]{1,64}:)(?!\[redacted\])[^\s\"']++",
        rf"\1{HIDDEN}",
    ),
    (("pass:",), r"((?<![\w-])-pass(?:in|out)?[ ]pass:)(?!\[redacted\])[^\s\"']++", rf"\1{HIDDEN}"),
    # Words of a file of settings, a name and its value parted by a blank.
    (
        ("login ", "requirepass ", "masterauth "),
        r"((?<![\w.-])(?:login\s{1,4}\S{1,64}\s{1,4}password|requirepass|masterauth)\s{1,4})(?!\[redacted\])\S++",
        rf"\1{HIDDEN}",
    ),
    (
        ("env ", "arg ", "hset ", "config set "),
        rf"((?<![\w.-])(?:ENV|ARG|setenv|(?i:hset)[ ]\S{{1,64}}|(?i:config set))[ ](?i:{NAME})[ ]){WORD}",
        rf"\1{HIDDEN}",
    ),
)
