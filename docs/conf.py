"""How Sphinx builds the documentation: ``python3 dev.py docs``."""

import re
from http import HTTPStatus
from pathlib import Path

from flask_faultmap import __version__

project = "flask-faultmap"
author = "the flask-faultmap authors"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"flask-faultmap {version}"
pygments_dark_style = "github-dark"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
html_show_copyright = False
html_domain_indices = False
html_static_path = ["static"]
html_css_files = ["narrow.css"]

GLOSSARY = Path(__file__).with_name("reference") / "glossary.md"
SEARCHED = re.compile(r"^\| (?P<words>[^|]+) \| [^|]+ \| \[\]\((?P<page>[^)]+)\.md\) \|$", re.MULTILINE)
FRAMEWORK_ERRORS = GLOSSARY.with_name("framework-errors.md")
STATUS = re.compile(r"^\| `\w+` \| (\d{3}) \| `\w+` \|$", re.MULTILINE)
# Users get these, and make none.
MADE_BY_THE_PACKAGE = (
    "Canary",
    "CapturedFault",
    "Fault",
    "UpstreamBlock",
    "UpstreamCall",
    "AsyncUpstreamCall",
)


def setup(app):
    """Connect what is below to Sphinx's events."""
    app.connect("source-read", add_index_entries)
    app.connect("autodoc-process-signature", simplify_signature)
    app.connect("object-description-transform", drop_arguments, priority=900)


def add_index_entries(app, name, source):
    """Index a page under the words that the glossary says people search for.

    The search shows such a page first, and finds numbers (``404``) by it, which it passes over in texts.
    """
    app.env.note_dependency(str(GLOSSARY), docname=name)
    words = [f"!{word}" for word in searched_words().get(name, ())]
    if words:
        entries = "\n\n```{index} " + ", ".join(words) + "\n```\n"
        source[0] = re.sub(
            r"^# .*$", lambda title: title[0] + entries, source[0], count=1, flags=re.MULTILINE
        )


def searched_words():
    """Give the words of the glossary's last table, and the statuses, by page."""
    found = {}
    for row in SEARCHED.finditer(GLOSSARY.read_text()):
        page = (GLOSSARY.parent / row["page"]).resolve().relative_to(GLOSSARY.parents[1]).as_posix()
        found.setdefault(page, []).extend(row["words"].replace("`", "").split(", "))
    for status in STATUS.findall(FRAMEWORK_ERRORS.read_text()):
        found["reference/framework-errors"] += [status, HTTPStatus(int(status)).phrase]
    return found


def simplify_signature(app, what, name, obj, options, signature, returns):
    """Show no constructor of what only the package makes, and no default that is private."""
    if what == "class" and name.rpartition(".")[2] in MADE_BY_THE_PACKAGE:
        return "", returns
    if signature is None:
        return None
    return signature.replace("<factory>", "{}").replace("=UNCHANGED", "=…"), returns


def drop_arguments(app, domain, kind, content):
    """Take away the arguments of a constructor that is not shown."""
    names = [signature.get("fullname") for signature in content.parent[:-1]]
    if kind == "class" and names[0] in MADE_BY_THE_PACKAGE:
        for part in [part for part in content if part.tagname == "field_list"]:
            content.remove(part)
