"""Which paths are a file's? Those below a root of file systems, and those with an extension."""

import re

from flask_faultmap.redaction.replacing import PATH, Patterns
from flask_faultmap.redaction.secrets import END

ROOTS = frozenset(
    [
        "Applications",
        "Library",
        "System",
        "Users",
        "Volumes",
        "app",
        "bin",
        "boot",
        "builds",
        "cygdrive",
        "data",
        "dev",
        "etc",
        "github",
        "home",
        "lib",
        "lib32",
        "lib64",
        "mnt",
        "nix",
        "opt",
        "private",
        "proc",
        "root",
        "run",
        "rustc",
        "sbin",
        "snap",
        "srv",
        "sys",
        "tmp",
        "usr",
        "vagrant",
        "var",
        "workspace",
        "workspaces",
    ]
)
EXTENSION = r"\.[A-Za-z]\w{0,7}[/\\]*$"
RUN = rf"(?:\\[ ]|(?!{END})[^\s\"'`<>|:;,=])"  # one character of a path without quotes


def _hide_path(match: re.Match[str]) -> str:
    path = match["path"]
    if "\\" in path:
        path = re.sub(r"(?<!\\)\\+/", "/", path)  # as PHP writes it in JSON
    segments = [segment for segment in path.split("/") if segment]
    below_root = len(segments) > 1 and segments[0] in ROOTS
    if match["method"] is None and (below_root or ("." in path and re.search(EXTENSION, path))):
        return PATH
    return match[0]


PATH_PATTERNS: Patterns = (
    (
        (":/", ":\\"),
        rf"(?i)(?<![\w+.-])(?:file:(?:\\*/){{2}}|[a-z][\w+.-]{{1,20}}+:(?:\\*/){{3}}){RUN}*+",
        PATH,
    ),
    # In quotes a path may have blanks.
    (
        ("'", '"', "`"),
        r"([\"'`])(?:(?:[A-Za-z]:[\\/]|\\\\)[^\"'`\n]*"
        rf"|/(?:{'|'.join(sorted(ROOTS))})/[^\"'`\n ]* [^\"'`\n]*"
        r"|/[^\s/\"'`]+/[^\"'`\n ]* [^\"'`\n]*\.\w{1,5})\1",
        rf"\1{PATH}\1",
    ),
    # Windows: every segment but the last may have blanks.
    (
        (":/", ":\\"),
        rf"(?<![A-Za-z\d_/\\.-])[A-Za-z]:(?=\\+[^\s\\]|/)(?:\\+(?:[^\\/:*?\"'<>|\n]{{1,64}}+\\+)*+|/(?!/)){RUN}*+",
        PATH,
    ),
    (("\\",), rf"(?<!\\)\\{{2,}}+(?!(?:u00|x)[\da-fA-F]{{2}})[\w.?$-]++\\+{RUN}++", PATH),
    (
        ("/",),
        r"(?P<method>(?<![A-Za-z])(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\s{1,4}[\"'`]?)?"
        rf"(?<![A-Za-z\d_\u00c0-\u024f/\\.~#])(?!(?<=:)(?:\\*/){{2}})(?P<path>\\{{0,4}}/{RUN}++)",
        _hide_path,
    ),
)
