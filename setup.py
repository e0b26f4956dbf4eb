"""Make the README's links lead to the repository where it is shown without it, on an index of packages."""

import re
from configparser import ConfigParser
from pathlib import Path

from setuptools import setup

TOP = Path(__file__).parent
LINK = re.compile(r"(?P<image>!?)(?P<text>\[[^]]*\])\((?!https?:|#)(?P<path>[^)\s]+)\)")


def make_links_absolute(text, repository):
    """Give *text* with each link to a file as a whole URL; a picture's is that of its bytes."""

    def replace(found):
        kind = "raw" if found["image"] else "blob"
        return f"{found['image']}{found['text']}({repository}/{kind}/main/{found['path']})"

    return LINK.sub(replace, text)


config = ConfigParser()
config.read(TOP / "setup.cfg")
setup(long_description=make_links_absolute((TOP / "README.md").read_text(), config["metadata"]["url"]))
