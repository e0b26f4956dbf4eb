"""How often does what fail? A counter for Prometheus (extra ``metrics``: prometheus-client).

::

    FaultMetrics().init_app(app)

``faultmap_faults_total{code, category, status, route, blame}``, in multi-process mode too.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask
from prometheus_client import REGISTRY, CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from flask_faultmap.border.contexts import current_request
from flask_faultmap.contract.entries import can_be_imported
from flask_faultmap.errors import ConfigError, DomainError
from flask_faultmap.faults import Fault, Kind
from flask_faultmap.sinks.connecting import connect
from flask_faultmap.sinks.trail import AuditTrail
from flask_faultmap.sinks.trail.extension import settings_of
from flask_faultmap.sinks.trail.origins import find_blame

LABELS = ("code", "category", "status", "route", "blame")
OF_THE_RAISE = frozenset({"code", "category"})  # what a raise may say for itself, of what is counted
MOST_KEPT = 1024  # series that are found without prometheus-client
MOST_CODES = 1000  # in one process
OTHER = "other"  # a code that no class of the contract has: codes made at run time must not make time series
GAUGES = {
    "waiting": "Faults in the journal that are not in the database yet",
    "waiting_bytes": "Bytes of the journal that are not in the database yet",
    "oldest_wait_seconds": "How long the oldest of them has waited",
    "refused": "Faults that were refused because the journal was full",
}
UNMATCHED = "unmatched"  # no route: an unknown URL, or no request

__all__ = ["FaultMetrics", "TrailCollector"]


class FaultMetrics:
    """Counts the faults of any number of apps.

    Args:
        registry: of prometheus-client; its default one, unless another is given.
    """

    def __init__(self, *, registry: CollectorRegistry = REGISTRY) -> None:
        if not isinstance(registry, CollectorRegistry):
            raise ConfigError(f"registry is {registry!r}; it must be a CollectorRegistry")
        self.registry = registry

    def init_app(self, app: Flask) -> None:
        """Begin to count the faults of *app*.

        Raises:
            ConfigError: *app* is no Flask app, or somebody else has a metric of this name in the registry.
        """
        connect(app, "fault metrics", _Count(_find_counter(self.registry)).count)


class TrailCollector(Collector):
    """Tells of the audit trail of one app on this host: ``registry.register(TrailCollector(app, trail))``.

    Gauges ``faultmap_trail_waiting``, ``…_waiting_bytes``, ``…_oldest_wait_seconds`` and ``…_refused``,
    measured at each scrape from the journal; no database is asked. A registry takes one of them.

    Raises:
        ConfigError: *app* has no audit trail yet.
    """

    def __init__(self, app: Flask, trail: AuditTrail) -> None:
        self._app, self._trail = app, trail
        with app.app_context():
            settings_of()

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name the gauges, so that a registry takes them once."""
        for name, text in GAUGES.items():
            yield GaugeMetricFamily(f"faultmap_trail_{name}", text)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Measure the health of the trail."""
        with self._app.app_context():
            health = self._trail.health()
        values = (health.waiting, health.waiting_bytes, health.oldest_wait, health.refused)
        for (name, text), value in zip(GAUGES.items(), values, strict=True):
            yield GaugeMetricFamily(f"faultmap_trail_{name}", text, value=value)


class _Count:
    """Counts the faults of one app; the series of a kind and a route is looked up once."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        # By the id of the kind, which is held, so that no other gets it.
        self._series: dict[tuple[int, str], tuple[Counter, Kind]] = {}

    def count(self, app: Flask, told: Mapping[str, Any]) -> None:
        """Count the fault that is told."""
        fault: Fault = told["fault"]
        request = current_request()
        rule = None if request is None else request.url_rule
        route = UNMATCHED if rule is None else rule.rule
        known = self._series.get((id(fault.kind), route))
        series = self._find(fault, told["error"], route) if known is None else known[0]
        series.inc()

    def _find(self, fault: Fault, error: DomainError, route: str) -> Counter:
        series = self._counter.labels(
            _choose_code(fault, error),
            str(fault.category),
            str(fault.status),
            route,
            find_blame(fault.category, error),
        )
        if OF_THE_RAISE.isdisjoint(error.__dict__):  # else it has a kind of its own
            if len(self._series) >= MOST_KEPT:
                self._series.clear()
            self._series[id(fault.kind), route] = series, fault.kind
        return series


_counters: WeakKeyDictionary[CollectorRegistry, Counter] = WeakKeyDictionary()


def _find_counter(registry: CollectorRegistry) -> Counter:
    """Give the one counter of *registry*, which takes a name only once."""
    counter = _counters.get(registry)
    if counter is None:
        try:
            counter = Counter("faultmap_faults", "Faults that were answered", LABELS, registry=registry)
        except ValueError as exc:
            told = "The registry has a metric 'faultmap_faults' already; give FaultMetrics another registry"
            raise ConfigError(told) from exc
        _counters[registry] = counter
    return counter


_is_promised: WeakKeyDictionary[type, bool] = WeakKeyDictionary()


def _choose_code(fault: Fault, error: DomainError) -> str:
    """Give the code, if it is that of a class that can be imported: there are only so many of these."""
    cls = type(error)
    known = _is_promised.get(cls)
    if known is None:
        is_room = sum(_is_promised.values()) < MOST_CODES  # a class may be put into a module at run time
        known = _is_promised[cls] = is_room and can_be_imported(cls)
    return fault.code if known and "code" not in vars(error) else OTHER
