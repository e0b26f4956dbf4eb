"""What is changed in what setuptools builds: the README's links, and what depends on the machine.

Links of the README lead to the repository, since an index of packages shows it without one. Dates, modes
and owners are taken out of sdist and wheel, so that whoever builds them gets the same bytes. The one date in
both is ``SOURCE_DATE_EPOCH``, or else that of the newest release in CHANGES.md.
"""

import gzip
import io
import os
import re
import tarfile
import zipfile
from configparser import ConfigParser
from datetime import UTC, datetime
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.sdist import sdist

TOP = Path(__file__).parent
CODE = r"^```.*?^```$|`[^`\n]+`"
LINK = r"(?P<image>!?)(?P<text>\[[^]]*\])\((?![a-z]+:|#)(?P<path>[^)\s]+)\)"
RELEASE = re.compile(r"^## \S+ - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)


class Sdist(sdist):
    """Makes the sdist as setuptools does, and packs it anew."""

    def run(self):
        """Make it."""
        super().run()
        for path in map(Path, self.get_archive_files()):
            path.write_bytes(repack_tar(path.read_bytes(), read_date()))


class Wheel(bdist_wheel):
    """Makes the wheel as setuptools does, and packs it anew."""

    def run(self):
        """Make it."""
        super().run()
        for command, _, name in self.distribution.dist_files:
            if command == "bdist_wheel":
                path = Path(name)
                path.write_bytes(repack_zip(path.read_bytes(), read_date()))


def read_date():
    """Give the date of the release, in seconds since 1970."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is not None:
        return int(given)
    newest = RELEASE.search((TOP / "CHANGES.md").read_text(encoding="utf-8"))
    return int(datetime.fromisoformat(newest[1]).replace(tzinfo=UTC).timestamp())


def repack_tar(archive, date):
    """Write a compressed tar *archive* anew."""
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as old,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            clean = tarfile.TarInfo(member.name)
            clean.type, clean.size, clean.mtime = member.type, member.size, date
            clean.mode = clean_mode(member.mode)
            new.addfile(clean, old.extractfile(member))
    return gzip.compress(packed.getvalue(), mtime=date)


def repack_zip(archive, date):
    """Write a zip *archive* anew, in its own order; zip has no dates before 1980."""
    packed = io.BytesIO()
    day = datetime.fromtimestamp(max(date, 315_532_800), UTC).timetuple()[:6]
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(packed, "w") as new:
        for member in old.infolist():
            clean = zipfile.ZipInfo(member.filename, day)
            clean.create_system = 3  # Unix, whose modes these are
            clean.external_attr = (0o100000 | clean_mode(member.external_attr >> 16)) << 16
            new.writestr(clean, old.read(member), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def clean_mode(mode):
    """Keep of a mode only whether the owner may execute."""
    return 0o755 if mode & 0o100 else 0o644


def make_links_absolute(text, repository):
    """Give *text* with each link to a file as a whole URL; a picture's is that of its bytes."""

    def replace(found):
        if found["path"] is None:
            return found[0]  # code
        kind = "raw" if found["image"] else "blob"
        return f"{found['image']}{found['text']}({repository}/{kind}/main/{found['path']})"

    return re.sub(f"{CODE}|{LINK}", replace, text, flags=re.MULTILINE | re.DOTALL)


config = ConfigParser()
config.read(TOP / "setup.cfg", encoding="utf-8")
setup(
    long_description=make_links_absolute(
        (TOP / "README.md").read_text(encoding="utf-8"), config["metadata"]["url"]
    ),
    cmdclass={"sdist": Sdist, "bdist_wheel": Wheel},
)
