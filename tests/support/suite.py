"""How the suite runs: what is long, Hypothesis, and a last line that names what was skipped.

pytest          everything but the tests marked ``long``, properties on 20 examples
pytest --all    these too, properties on 100; with ``CI=true`` a skipped test fails the run
"""

import gc
import os
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

IN_CI = os.environ.get("CI") == "true"

# No deadline, no complaint of slowness: a busy machine is no failure. In CI the examples are always the same.
settings.register_profile(
    "all",
    deadline=None,
    derandomize=IN_CI,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("quick", settings.get_profile("all"), max_examples=20)

NOT_RUN = pytest.StashKey[int]()


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Keep other tests' garbage out of a test that fills the stack: its finalizers would fail there."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="module")
def leaks() -> Iterator[None]:
    """Collect what client libraries leave open when a call fails, before other tests are blamed for it."""
    yield
    gc.collect()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--all``."""
    parser.addoption("--all", action="store_true", help="run the tests marked 'long' too")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and choose how many examples a property is tried on, before any test is read."""
    settings.load_profile("all" if config.getoption("--all") else "quick")
    config.addinivalue_line("markers", "long: takes many seconds, or needs a server; run with --all")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out, unless they are asked for, by ``--all`` or by their own name."""
    asked = [argument for argument in config.invocation_params.args if "::" in argument]
    if config.getoption("--all") or asked:
        return
    long = [item for item in items if item.get_closest_marker("long")]
    config.stash[NOT_RUN] = len(long)
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


def pytest_collection_finish() -> None:
    """Leave what was read out of each later search for garbage: it lives to the end."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make what a test has printed encodable: pytest-xdist ends at a lone surrogate."""
    report = yield
    report.sections = [(title, encodable(text)) for title, text in report.sections]
    return report


def encodable(text: str) -> str:
    """Give *text* with an escape for what UTF-8 cannot say."""
    return text.encode("utf-8", "backslashreplace").decode()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run of all tests in CI that has skipped one: there, what a test needs is installed."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["not_run"] = config.stash.get(NOT_RUN, 0)
    if IN_CI and config.getoption("--all") and skips_of(config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Keep what a worker of pytest-xdist has left out: all of them collect the same tests."""
    node.config.stash[NOT_RUN] = getattr(node, "workeroutput", {}).get("not_run", 0)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Say on the last line what was not run, and why."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput") or config.getoption("collectonly", default=False):
        return
    told = list(not_run(config))
    if told:
        reporter.write_line("Not run: " + "; ".join(told))


def not_run(config: pytest.Config) -> Iterator[str]:
    """Give each reason with the number of tests, the most frequent first."""
    long = config.stash.get(NOT_RUN, 0)
    if long:
        yield f"{long} long tests (python3 dev.py test --all)"
    for reason, count in Counter(skips_of(config)).most_common():
        yield f"{count} skipped ({reason})"


def skips_of(config: pytest.Config) -> list[str]:
    """Give the reason of each skipped test."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    return [reason_of(report.longrepr) for report in reports]


def reason_of(longrepr: object) -> str:
    """Give the words of a skip, which pytest keeps as (file, line, text)."""
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return text.removeprefix("Skipped: ")
