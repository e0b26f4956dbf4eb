"""Make the pictures of the README: ``python tests/support/pictures.py`` writes them to docs/pictures."""

import logging
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from flask import Flask

from flask_faultmap.sinks.trail.lines import decode_line, encode_line, split_lines

SUPPORT = Path(__file__).parent
sys.path.insert(0, str(SUPPORT))

from browser import chromium  # noqa: E402  # found by the line above
from pages_app import fill, make_app  # noqa: E402
from servers import Server, serving  # noqa: E402
from trail_app import close, journal_of, ship  # noqa: E402

PICTURES = SUPPORT.parents[1] / "docs" / "pictures"
SEEN = {"catalogue": "/problems/stock_down", "console": "/ops/faults/?window=1h"}


def main() -> None:
    """Open each page in Chromium and take its picture."""
    with TemporaryDirectory() as name, pictured(Path(name)) as server, chromium() as browser:
        browser.look(width=900, height=640)
        for picture, path in SEEN.items():
            browser.open(f"http://127.0.0.1:{server.port}{path}")
            browser.take_picture(PICTURES / f"{picture}.png")


def pictured(folder: Path) -> AbstractContextManager[Server]:
    """Serve the shop with faults of the last hour."""
    shop = make_app(folder)
    logging.disable()
    for number in range(1, 160):
        fill(shop, number, number)
    spread(shop)
    ship(shop)
    return serving("waitress", "pages_bare:app", folder)


def spread(shop: Flask) -> None:
    """Let the faults in the journal be of the whole last hour."""
    chance, now = Random(14), time.time_ns() // 1000
    for path in journal_of(shop).glob("*.log"):
        records = [decode_line(line) for _, line in split_lines(path.read_bytes())]
        times = sorted(now - int(3.6e9 * chance.random() ** 1.6) for _ in records)
        lines = [
            encode_line({**record, "time": at}) for record, at in zip(records, times, strict=True) if record
        ]
        path.with_name("1000000000000-spread.log").write_bytes(b"".join(lines))
        close(shop)
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
