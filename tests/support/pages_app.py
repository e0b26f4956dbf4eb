"""A shop with both pages in the current folder, some faults in its trail, shipped and not."""

from pathlib import Path

from flask import Flask
from trail_app import record_line

from flask_faultmap import FaultMap, Rule
from flask_faultmap.errors import FailedPreconditionError, UnavailableError
from flask_faultmap.pages import catalog, console
from flask_faultmap.sinks.trail import AuditTrail

MARKUP = "<img src=x id=planted><script>document.title='planted'</script>\"'&amp;"
MARKUP += "Z" + "\u0320" * 300  # one letter, wider than a phone where a font has no place for its marks
COLUMNS = ["id", "host", "code", "category", "method", "route", "endpoint", "user", "rule", "exception"]
COLUMNS += ["cause", "text", "fingerprint", "blame", "trace_id"]


class StockDownError(UnavailableError):
    """The stock service is `down`.

    It occurs when the warehouse does not answer in time.
    """

    client_action = "Wait a minute, then send the order again with the same `Idempotency-Key`."
    operator_action = "Look at the dashboard of the warehouse; restart `stockd` if it hangs."
    since = "2.0"


class CardRefusedError(FailedPreconditionError):
    """The bank refused the card."""

    audit = True
    deprecated = "Use `payment_refused`."


def make_app(folder: Path) -> Flask:
    """Make the shop with its files below *folder*."""
    shop = Flask("shop", instance_path=str(folder / "instance"))
    shop.config.update(FAULTMAP_TRAIL_SHIP=False, FAULTMAP_SCOPES={"/old": "fault_message"})
    FaultMap(shop, rules=[Rule(on=ConnectionError, to=StockDownError)])
    trail = AuditTrail(user=lambda: "ann")
    trail.init_app(shop)
    shop.register_blueprint(catalog(), url_prefix="/problems")
    shop.register_blueprint(console(trail, authorize=lambda: True), url_prefix="/ops/faults")

    @shop.get("/orders/<int:number>")
    def order(number: int) -> None:
        if number % 3 == 0:
            raise CardRefusedError("card refused", details={"order": number})
        if number % 7 == 0:
            raise ZeroDivisionError("division by zero")
        try:
            raise TimeoutError("10.0.0.5:443 did not answer, password=hunter2")
        except TimeoutError as exc:
            raise ConnectionError("no stock service at postgresql://shop:hunter2@db/stock") from exc

    return shop


def fill(shop: Flask, first: int = 1, last: int = 30) -> None:
    """Let orders fail."""
    client = shop.test_client()
    for number in range(first, last + 1):
        client.get(f"/orders/{number}", headers={"X-Request-ID": f"order-{number:04d}"})


def plant_markup(shop: Flask) -> None:
    """Leave a fault in the journal that has markup in every column."""
    folder = shop.extensions["faultmap.trail"].settings.folder
    folder.mkdir(parents=True, exist_ok=True)
    planted = {
        **dict.fromkeys(COLUMNS, MARKUP),
        "told": {"text": MARKUP, "details": {MARKUP: MARKUP}},
        "stack": [[MARKUP, MARKUP, [MARKUP]], [MARKUP, MARKUP, [MARKUP]]],
        "context": {MARKUP: MARKUP},
        "time": 4_000_000_000_000_000,  # the newest, for a hundred years
    }
    (folder / "1000000000000-planted.log").write_bytes(record_line(**planted))


def make_filled_app() -> Flask:
    """Make the shop in the current folder, for a real server."""
    shop = make_app(Path.cwd())
    fill(shop)
    with shop.app_context():
        AuditTrail().ship()
    fill(shop, 31, 34)
    plant_markup(shop)
    return shop
