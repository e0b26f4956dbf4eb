"""A real Chromium without a window: pages are opened, looked at, and judged by axe."""

import base64
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

MISSING = "Chromium, chromedriver, selenium or axe-playwright-python is not installed"
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")


class Browser:
    """One window of Chromium."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self._axe = _axe_source()

    def look(self, *, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Look at pages in a window of that width, in the light or the dark scheme."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def open(self, url: str) -> None:
        """Open a page."""
        self.driver.get(url)

    def run(self, script: str) -> Any:
        """Run a script on the page, as the developer tools do, and give what it returns."""
        return self.driver.execute_script(script)

    def complaints(self) -> list[str]:
        """Give what axe finds on the page: each rule with the elements that break it."""
        self.driver.execute_script(self._axe)
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run().then(found => done(found.violations))"
        )
        return [f"{rule['id']}: {[node['html'][:120] for node in rule['nodes']]}" for rule in found]

    def logged(self) -> list[str]:
        """Give what the page has written to the console since this was asked last."""
        return [
            entry["message"] for entry in self.driver.get_log("browser") if "favicon" not in entry["message"]
        ]

    def take_picture(self, file: Path, *, whole: bool = False) -> None:
        """Write a PNG of what is seen, or of the whole page."""
        file.parent.mkdir(parents=True, exist_ok=True)
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": whole})
        file.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser for a while; a test without one is skipped, and fails where ``CI=true``."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if not all(programs) or find_spec("selenium") is None or find_spec("axe_playwright_python") is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(programs[0])
    for option in OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(programs[1]))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


def _axe_source() -> str:
    spec = find_spec("axe_playwright_python")
    folder = Path(spec.origin or "").parent if spec else Path()
    return (folder / "axe.min.js").read_text()
