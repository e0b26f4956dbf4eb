"""Make the README's links lead to the repository where it is shown without it, on an index of packages."""

import re
from configparser import ConfigParser
from pathlib import Path

from setuptools import setup

TOP = Path(__file__).parent
CODE = r"^```.*?^```$|`[^`\n]+`"
LINK = r"(?P<image>!?)(?P<text>\[[^]]*\])\((?![a-z]+:|#)(?P<path>[^)\s]+)\)"


def make_links_absolute(text, repository):
    """Give *text* with each link to a file as a whole URL; a picture's is that of its bytes."""

    def replace(found):
        if found["path"] is None:
            return found[0]  # code
        kind = "raw" if found["image"] else "blob"
        return f"{found['image']}{found['text']}({repository}/{kind}/main/{found['path']})"

    return re.sub(f"{CODE}|{LINK}", replace, text, flags=re.MULTILINE | re.DOTALL)


config = ConfigParser()
config.read(TOP / "setup.cfg")
setup(long_description=make_links_absolute((TOP / "README.md").read_text(), config["metadata"]["url"]))
