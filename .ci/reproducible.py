"""The build backend: setuptools', and its results packed anew, so that whoever builds gets the same bytes.

What depends on the machine is taken out: dates, modes, owners. The one date in both is ``SOURCE_DATE_EPOCH``,
or else that of the newest release in CHANGES.md.
"""

import gzip
import io
import os
import re
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from setuptools import build_meta

TOP = Path(__file__).resolve().parents[1]
RELEASE = re.compile(r"^## \S+ - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)

get_requires_for_build_sdist = build_meta.get_requires_for_build_sdist
get_requires_for_build_wheel = build_meta.get_requires_for_build_wheel
prepare_metadata_for_build_wheel = build_meta.prepare_metadata_for_build_wheel
get_requires_for_build_editable = build_meta.get_requires_for_build_editable
prepare_metadata_for_build_editable = build_meta.prepare_metadata_for_build_editable
build_editable = build_meta.build_editable


def build_sdist(folder, config_settings=None):
    """Build the sdist in *folder* and give its name."""
    name = build_meta.build_sdist(folder, config_settings)
    path = Path(folder, name)
    path.write_bytes(repack_tar(path.read_bytes(), epoch()))
    return name


def build_wheel(folder, config_settings=None, metadata_directory=None):
    """Build the wheel in *folder* and give its name."""
    name = build_meta.build_wheel(folder, config_settings, metadata_directory)
    path = Path(folder, name)
    path.write_bytes(repack_zip(path.read_bytes(), epoch()))
    return name


def epoch():
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
            clean.mode = mode_of(member.mode)
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
            clean.external_attr = (0o100000 | mode_of(member.external_attr >> 16)) << 16
            new.writestr(clean, old.read(member), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def mode_of(mode):
    """Keep of a mode only whether the owner may execute."""
    return 0o755 if mode & 0o100 else 0o644
